"""soc.intake.receive.counters"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from soc.intake.receive.counters import (
    DISK,
    SPOOL_FULL,
    STATUS_FILE,
    Counters,
    Stored,
    read_status,
    status_document,
    write_status,
)


def test_the_status_is_read_as_it_was_written(tmp_path: Path) -> None:
    """What could not be taken and what could not be stored are one count, by reason."""
    counters = Counters(received=Counter(udp=5), dropped=Counter({SPOOL_FULL: 2}), truncated=1)
    stored = Stored(4, 1, 0, "", Counter({DISK: 3}))
    document = status_document(counters, stored, ["udp 127.0.0.1:514"], 0.0, 60.5)
    write_status(tmp_path, document)
    assert read_status(tmp_path) == document
    assert document["dropped"] == {SPOOL_FULL: 2, DISK: 3}
    assert (document["started"], document["time"]) == ("1970-01-01T00:00:00Z", "1970-01-01T00:01:00Z")


def test_no_status_is_none(tmp_path: Path) -> None:
    """Where no receiver ever ran, and where the file is not one."""
    assert read_status(tmp_path) is None
    for text in ("", "[1]", "{"):
        (tmp_path / STATUS_FILE).write_text(text)
        assert read_status(tmp_path) is None


def test_a_full_disk_keeps_the_last_status(tmp_path: Path) -> None:
    """The status is not worth ending for."""
    write_status(tmp_path / "missing", {"pid": 1})
    assert not (tmp_path / "missing").exists()
