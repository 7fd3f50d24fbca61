"""soc.intake.decoders.journal; entries written from systemd.journal-fields(7)"""

from __future__ import annotations

import json
from datetime import UTC

import pytest

from soc.intake.decoders.journal import decode

_ENTRY = {
    "__REALTIME_TIMESTAMP": "1735819198250000",
    "PRIORITY": "4",
    "SYSLOG_IDENTIFIER": "sshd",
    "_HOSTNAME": "web-01",
    "_PID": "77",
    "MESSAGE": "hello",
}


def test_entry() -> None:
    """Time, priority, program and origin come from the entry's fields."""
    frame = decode(json.dumps(_ENTRY), 0.0, UTC)
    assert frame is not None
    assert (frame.time, frame.severity, frame.program, frame.text) == (1735819198.25, 4, "sshd", "hello")
    assert frame.fields == {"hostname": "web-01", "pid": "77"}


def test_bytes_are_decoded_with_replacement() -> None:
    """The journal prints text that is not UTF-8 as numbers."""
    frame = decode(json.dumps({**_ENTRY, "MESSAGE": [104, 105, 255]}), 0.0, UTC)
    assert frame is not None
    assert frame.text == "hi\ufffd"


def test_odd_fields_are_absent() -> None:
    """Fields of another shape than documented are left out."""
    frame = decode(
        json.dumps({"MESSAGE": {}, "PRIORITY": 9, "__REALTIME_TIMESTAMP": "x", "_PID": [1]}), 0.0, UTC
    )
    assert frame is not None
    assert (frame.time, frame.severity, frame.program, frame.text) == (None, None, "", "")


@pytest.mark.parametrize("line", ["", "x", "[]", '{"A": 1}', "[" * 100_000])
def test_other_lines_are_not_entries(line: str) -> None:
    """What is not a JSON object with a message is refused."""
    assert decode(line, 0.0, UTC) is None
