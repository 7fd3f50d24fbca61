"""soc.spool.raw_writer"""

from __future__ import annotations

from pathlib import Path

import pytest

from soc.spool.raw import encode_frame, read_raw
from soc.spool.raw_writer import Durable, RawWriter, recover, sealed_segments
from tests.support.disk import fill

SEED = 7


def encoded(first: int, last: int, size: int = 20) -> bytes:
    return b"".join(encode_frame(SEED, n, n, 0, b"192.0.2.7", b"x" * size) for n in range(first, last + 1))


def append(writer: RawWriter, first: int, last: int) -> None:
    writer.append(first, last, encoded(first, last), 1_700_000_000.0, 50.0)


def writer_in(directory: Path) -> RawWriter:
    return RawWriter(directory, writer="receive@test", seed=SEED)


def open_file(directory: Path) -> Path:
    (path,) = directory.glob("*.open")
    return path


def test_frames_are_durable_once_synced(tmp_path: Path) -> None:
    """`sync` says which range is durable, once; `seal` covers what came after it."""
    writer = writer_in(tmp_path)
    assert writer.sync() is None
    append(writer, 1, 3)
    durable = writer.sync()
    assert durable == Durable(open_file(tmp_path).stem, 1, 3)
    assert writer.sync() is None
    append(writer, 4, 5)
    sealed = writer.seal()
    assert sealed == (tmp_path / f"{durable.segment}.raw", Durable(durable.segment, 1, 5))
    assert [frame.number for frame in read_raw(sealed[0]).frames] == [1, 2, 3, 4, 5]
    assert writer.seal() is None


def test_only_sealed_segments_are_seen(tmp_path: Path) -> None:
    """A segment that is being written is nobody's yet; the next one begins with the next number."""
    writer = writer_in(tmp_path)
    append(writer, 1, 2)
    assert sealed_segments(tmp_path) == []
    writer.seal()
    append(writer, 3, 3)
    writer.seal()
    assert sorted(read_raw(path).header.first for path in sealed_segments(tmp_path)) == [1, 3]


def test_files_are_their_owners(tmp_path: Path) -> None:
    """Nobody else reads what was received."""
    writer = writer_in(tmp_path)
    append(writer, 1, 1)
    assert open_file(tmp_path).stat().st_mode & 0o777 == 0o600
    writer.seal()


def test_recover_seals_the_valid_prefix(tmp_path: Path) -> None:
    """Of a file a killed writer left, wherever it was cut, the whole frames are sealed and nothing else."""
    last = encoded(3, 3)
    for kept in range(len(last)):
        writer = writer_in(tmp_path)
        append(writer, 1, 2)
        writer.abandon()
        with open_file(tmp_path).open("ab") as file:
            file.write(last[:kept])
        (path,) = recover(tmp_path).sealed
        content = read_raw(path)
        assert [frame.number for frame in content.frames] == [1, 2]
        assert content.damages == []
        path.unlink()


def test_recover_keeps_what_follows_a_damaged_place(tmp_path: Path) -> None:
    """Frames behind a flipped bit may have been acknowledged: they stay for the reader."""
    writer = writer_in(tmp_path)
    append(writer, 1, 3)
    writer.abandon()
    path = open_file(tmp_path)
    data = bytearray(path.read_bytes())
    data[-len(encoded(2, 3)) + 12] ^= 1
    path.write_bytes(data)
    (sealed,) = recover(tmp_path).sealed
    assert [frame.number for frame in read_raw(sealed).frames] == [1, 3]


@pytest.mark.parametrize("whole", [0, 2])
def test_recover_keeps_a_damaged_end(tmp_path: Path, whole: int) -> None:
    """A flipped bit in the last frame, which may have been acknowledged, is told, wherever it is."""
    size = len(encoded(whole + 1, whole + 1))
    for at in range(size):
        writer = writer_in(tmp_path)
        append(writer, 1, whole + 1)
        writer.abandon()
        path = open_file(tmp_path)
        data = bytearray(path.read_bytes())
        data[at - size] ^= 1
        path.write_bytes(data)
        found = recover(tmp_path)
        kept = found.sealed if whole else [path for path, _ in found.unreadable]
        assert [kept.read_bytes() for kept in kept] == [data]
        kept[0].unlink()


def test_recover_drops_empty_files_and_names_unreadable_ones(tmp_path: Path) -> None:
    """A file without a frame is gone; one that is no raw segment is left for the caller to set aside."""
    (tmp_path / "a.open").write_bytes(b"")
    (tmp_path / "b.open").write_bytes(b"something else")
    writer = writer_in(tmp_path)
    append(writer, 1, 1)
    writer.abandon()
    path = next(path for path in tmp_path.glob("*.open") if len(path.stem) > 1)
    path.write_bytes(path.read_bytes()[: -len(encoded(1, 1)) + 3])
    found = recover(tmp_path)
    assert found.sealed == []
    assert [(path.name, "not a raw segment" in reason) for path, reason in found.unreadable] == [
        ("b.open", True)
    ]
    assert [path.name for path in tmp_path.glob("*.open")] == ["b.open"]


def test_abandon_counts_what_was_not_durable(tmp_path: Path) -> None:
    """Frames since the last sync are the ones nobody may count on."""
    writer = writer_in(tmp_path)
    append(writer, 1, 4)
    writer.sync()
    append(writer, 5, 7)
    assert writer.abandon() == 3
    assert writer.abandon() == 0


def test_a_full_disk_leaves_whole_frames_only(small_disk: Path) -> None:
    """Frames that did not fit are not in the file by half, and writing goes on when there is room."""
    writer = writer_in(small_disk)
    append(writer, 1, 1)
    fill(small_disk / "filling")
    with pytest.raises(OSError, match="No space"):
        writer.append(2, 2000, encoded(2, 2000, 100), 1_700_000_000.0, 50.0)
    (small_disk / "filling").unlink()
    append(writer, 2, 3)
    sealed = writer.seal()
    assert sealed
    content = read_raw(sealed[0])
    assert [frame.number for frame in content.frames] == [1, 2, 3]
    assert content.damages == []


def test_a_segment_that_cannot_begin_leaves_nothing(small_disk: Path) -> None:
    """Without room for the first frames there is no file."""
    fill(small_disk / "filling")
    writer = writer_in(small_disk)
    with pytest.raises(OSError, match="No space"):
        append(writer, 1, 100)
    assert list(small_disk.glob("*.open")) == []
    assert writer.begun is None
