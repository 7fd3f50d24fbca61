"""soc.spool.spool"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from soc.model import Sample, SpoolError
from soc.model.ids import ulid_time_ms
from soc.spool.header import read_header
from soc.spool.segment import SegmentBuilder
from soc.spool.spool import RESERVE_BYTES, Spool
from tests.support.disk import fill


def some_rows(count: int = 1) -> SegmentBuilder:
    builder = SegmentBuilder()
    for number in range(count):
        builder.add_sample(
            "d", Sample("up", float(number), {"n": os.urandom(16).hex()}, 1_700_000_000.0), 60.0
        )
    return builder


def test_sealed_segments_wait_in_order_and_move_to_done(tmp_path: Path) -> None:
    """waiting() lists by sealing time; done() keeps the file aside."""
    spool = Spool(tmp_path)
    later = spool.seal(some_rows(), writer="w", created=20.0, sealed=21.0)
    earlier = spool.seal(some_rows(), writer="w", created=10.0, sealed=11.0)
    assert [path.stem for path in spool.waiting()] == [earlier.segment, later.segment]
    spool.done(spool.waiting()[0])
    assert [path.stem for path in spool.waiting()] == [later.segment]
    assert read_header(spool.done_directory / f"{earlier.segment}.parquet") == earlier


def test_unfinished_segments_never_wait_and_are_discarded(tmp_path: Path) -> None:
    """What a killed writer left in open/ is not a segment."""
    spool = Spool(tmp_path)
    (tmp_path / "open" / "x.parquet").write_bytes(b"half")
    assert spool.waiting() == []
    spool.discard_unsealed()
    assert list((tmp_path / "open").iterdir()) == []


def test_quarantine_keeps_the_file_and_says_why(tmp_path: Path) -> None:
    """An unreadable segment lies aside with its reason."""
    spool = Spool(tmp_path)
    path = tmp_path / "bad.parquet"
    path.write_bytes(b"x")
    spool.quarantine(path, "not a readable segment")
    assert spool.waiting() == []
    assert (spool.quarantine_directory / "bad.parquet").read_bytes() == b"x"
    assert "not a readable" in (spool.quarantine_directory / "bad.parquet.reason").read_text()


def test_full_spool_is_reported_before_anything_is_promised(tmp_path: Path) -> None:
    """At the size limit check_room raises with the figures and what to do."""
    spool = Spool(tmp_path, limit_bytes=RESERVE_BYTES + 1000)
    spool.check_room()
    spool.seal(some_rows(500), writer="w", created=1.0, sealed=1.0)
    with pytest.raises(SpoolError, match=r"is full: \d+ of \d+ bytes used"):
        spool.check_room()
    assert len(spool.waiting()) == 1


def test_done_segments_make_room_oldest_first(tmp_path: Path) -> None:
    """Ingested segments are given up for new ones, waiting ones never."""
    spool = Spool(tmp_path, limit_bytes=RESERVE_BYTES + 60_000)
    for second in range(3):
        spool.seal(some_rows(500), writer="w", created=second, sealed=second)
    first, second_path, third = spool.waiting()
    spool.done(first)
    spool.done(second_path)
    assert spool.check_room()[0] == first.name
    assert not (spool.done_directory / first.name).exists()
    assert third.exists()


def test_done_segments_alone_never_fill_the_spool(tmp_path: Path) -> None:
    """What can be given up goes before it counts as almost full; what waits counts."""
    spool = Spool(tmp_path, limit_bytes=6 * RESERVE_BYTES)
    for number in range(11):
        (spool.done_directory / f"{number:02}.parquet").write_bytes(b"x" * (RESERVE_BYTES // 2))
    assert not spool.usage().almost_full
    assert spool.check_room() == ["00.parquet", "01.parquet"]
    assert spool.check_room() == []
    for path in spool.done_directory.iterdir():
        path.rename(spool.directory / path.name)
    (spool.directory / "11.parquet").write_bytes(b"x" * (RESERVE_BYTES // 2))
    assert spool.check_room() == []
    assert spool.usage().almost_full


def test_reserve_that_was_cut_short_is_filled_again(tmp_path: Path) -> None:
    """A kill in the middle of making the reserve leaves no spool without one."""
    spool = Spool(tmp_path)
    (tmp_path / "reserve").touch()
    spool.check_room()
    assert (tmp_path / "reserve").stat().st_size == RESERVE_BYTES


def test_segments_sort_as_sealed_though_the_clock_steps_back(tmp_path: Path) -> None:
    """A segment named `after` another sorts behind it; its header tells the time as it was."""
    spool = Spool(tmp_path)
    first = spool.seal(some_rows(), writer="w", created=7200.0, sealed=7200.0)
    second = spool.seal(some_rows(), writer="w", created=3600.0, sealed=3600.0, after=first.segment)
    assert second.segment > first.segment
    assert (second.sealed, ulid_time_ms(second.segment)) == (3600.0, 7_200_001)
    third = spool.seal(some_rows(), writer="w", created=9000.0, sealed=9000.0, after=second.segment)
    assert ulid_time_ms(third.segment) == 9_000_000


def test_disk_that_fills_up_uses_the_reserve_once_then_reports(small_disk: Path) -> None:
    """The last segment takes the reserve; then the disk is reported full, sealed ones stay whole."""
    spool = Spool(small_disk / "spool")
    spool.check_room()
    filler = small_disk / "filler"
    fill(filler)
    header = spool.seal(some_rows(2000), writer="w", created=1.0, sealed=1.0)
    assert read_header(spool.waiting()[0]) == header
    fill(filler)
    with pytest.raises(SpoolError, match="not stored"):
        spool.seal(some_rows(2000), writer="w", created=2.0, sealed=2.0)
    with pytest.raises(SpoolError, match="full"):
        spool.check_room()
    assert [read_header(path).segment for path in spool.waiting()] == [header.segment]
    filler.unlink()
    spool.check_room()
    assert spool.seal(some_rows(), writer="w", created=3.0, sealed=3.0).rows == 1
