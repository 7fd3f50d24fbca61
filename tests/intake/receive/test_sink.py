"""soc.intake.receive.sink: steps taken by a clock in the test's hand, on real files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from soc.intake.receive.counters import STOPPED
from soc.intake.receive.sink import SEAL_BYTES, Chunk, Sink, set_aside_unreadable
from soc.spool.raw import MAXIMUM_PAYLOAD_BYTES, encode_frame, read_raw
from soc.spool.raw_writer import Durable, RawWriter, sealed_segments
from soc.spool.segment import read_frame
from soc.spool.spool import RESERVE_BYTES, Spool
from tests.support.disk import fill

SEED = 5


def chunk(first: int, last: int, size: int = 20) -> Chunk:
    frames = (
        encode_frame(SEED, number, 1, 0, b"192.0.2.7", b"x" * size) for number in range(first, last + 1)
    )
    return Chunk(first, last, b"".join(frames))


@dataclass
class Desk:
    """A sink whose time stands still until it is told otherwise."""

    directory: Path
    limit_bytes: int = 1 << 30
    time: float = 100.0
    durable: list[Durable] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.spool = Spool(self.directory, self.limit_bytes)
        self.sink = Sink(
            self.spool,
            RawWriter(self.spool.raw_directory, writer="receive@test", seed=SEED),
            now=lambda: 1_700_000_000 + self.time,
            monotonic=lambda: self.time,
            report=self.durable.append,
            tell=self.told.append,
        )

    def step(self, seconds: float = 0.0, stopping: bool = False) -> None:
        self.time += seconds
        self.sink.step(stopping)

    def stored(self) -> list[int]:
        raw = self.spool.raw_directory
        return sorted(frame.number for path in sealed_segments(raw) for frame in read_raw(path).frames)


def test_frames_are_reported_durable_at_most_each_200_ms(tmp_path: Path) -> None:
    """What comes between two syncs is covered by the second."""
    desk = Desk(tmp_path)
    desk.sink.offer(chunk(1, 2))
    desk.step()
    assert [(item.first, item.last) for item in desk.durable] == [(1, 2)]
    desk.sink.offer(chunk(3, 3))
    desk.step(0.125)
    assert len(desk.durable) == 1
    desk.step(0.125)
    assert [(item.first, item.last) for item in desk.durable[1:]] == [(1, 3)]


def test_a_segment_is_sealed_after_a_second(tmp_path: Path) -> None:
    """With nothing more coming, too."""
    desk = Desk(tmp_path)
    desk.sink.offer(chunk(1, 2))
    desk.step()
    desk.step(0.875)
    assert desk.stored() == []
    desk.step(0.125)
    assert desk.stored() == [1, 2]
    assert desk.sink.stored().segments == 1


def test_a_segment_is_sealed_at_its_size(tmp_path: Path) -> None:
    """Many frames at once make several segments, in order, none lost."""
    desk = Desk(tmp_path)
    per_chunk = SEAL_BYTES // MAXIMUM_PAYLOAD_BYTES // 2
    for first in range(1, 6 * per_chunk + 1, per_chunk):
        desk.sink.offer(chunk(first, first + per_chunk - 1, MAXIMUM_PAYLOAD_BYTES))
    desk.step()
    assert len(sealed_segments(desk.spool.raw_directory)) == 3
    desk.step(stopping=True)
    assert desk.stored() == list(range(1, 6 * per_chunk + 1))
    assert desk.durable[-1].last == 6 * per_chunk


def test_a_full_spool_holds_frames_until_there_is_room(tmp_path: Path) -> None:
    """What was taken before is kept in memory, said once, and stored when room is there."""
    desk = Desk(tmp_path, limit_bytes=RESERVE_BYTES + 1000)
    (tmp_path / "old.parquet").write_bytes(b"x" * 2000)
    desk.sink.offer(chunk(1, 2))
    desk.step()
    desk.step(5)
    assert not desk.sink.accepting
    assert "full" in desk.sink.blocked
    assert desk.sink.stored().waiting == 2
    assert len(desk.told) == 1
    (tmp_path / "old.parquet").unlink()
    desk.step(5)
    assert desk.sink.accepting
    assert [item.last for item in desk.durable] == [2]
    assert desk.told[1:] == ["messages are stored again"]


def gaps(spool: Spool) -> list[dict[str, str]]:
    """What the waiting segments say of done ones that went."""
    rows = [row for path in spool.waiting() for row in read_frame(path).to_dicts()]
    assert {(row["product"], row["category"], row["service"]) for row in rows} <= {("soc", "spool", "done")}
    return [{pair["key"]: pair["value"] for pair in row["fields"]} for row in rows]


def test_done_segments_that_make_room_are_told_of_once(tmp_path: Path) -> None:
    """A store could not be rebuilt from them: one event names the first and the last."""
    desk = Desk(tmp_path, limit_bytes=6 * RESERVE_BYTES)
    for number in range(11):
        (desk.spool.done_directory / f"{number:02}.parquet").write_bytes(b"x" * (RESERVE_BYTES // 2))
    desk.sink.offer(chunk(1, 1))
    desk.step()
    assert gaps(desk.spool) == [{"first": "00.parquet", "last": "01.parquet", "segments": "2"}]
    desk.step(5)
    desk.sink.offer(chunk(2, 2))
    desk.step(5, stopping=True)
    assert len(gaps(desk.spool)) == 1
    assert desk.stored() == [1, 2]


def test_a_gap_that_cannot_be_told_yet_is_told_later(tmp_path: Path) -> None:
    """Where done segments went and there is still no room, the event follows when there is."""
    desk = Desk(tmp_path, limit_bytes=2 * RESERVE_BYTES)
    (desk.spool.done_directory / "01.parquet").write_bytes(b"x" * RESERVE_BYTES)
    waiting = desk.spool.raw_directory / "waiting.raw"
    waiting.write_bytes(b"x" * (RESERVE_BYTES + 1))
    desk.sink.offer(chunk(1, 1))
    desk.step()
    assert desk.sink.blocked
    assert gaps(desk.spool) == []
    waiting.unlink()
    desk.step(1)
    assert gaps(desk.spool) == [{"first": "01.parquet", "last": "01.parquet", "segments": "1"}]
    assert desk.sink.accepting


def test_what_cannot_be_told_is_known_all_the_same(tmp_path: Path) -> None:
    """The state is set before anybody is told of it."""
    desk = Desk(tmp_path, limit_bytes=RESERVE_BYTES + 1000)
    (tmp_path / "old.parquet").write_bytes(b"x" * 2000)
    blocked: list[bool] = []
    desk.sink._tell = lambda text: blocked.append(not desk.sink.accepting)
    desk.sink.offer(chunk(1, 2))
    desk.step()
    assert blocked == [True]


def test_a_full_disk_is_met_with_the_reserve_and_then_held(small_disk: Path) -> None:
    """The reserve takes what was received; with that gone nothing is acknowledged that is not there."""
    desk = Desk(small_disk / "spool")
    desk.sink.offer(chunk(1, 1))
    desk.step()
    fill(small_disk / "filling")
    size = MAXIMUM_PAYLOAD_BYTES
    for first in range(2, 102, 2):
        desk.sink.offer(chunk(first, first + 1, size))
    desk.step(0.2)
    assert "No space left" in desk.sink.blocked
    kept = desk.durable[-1].last
    assert 1 < kept < 101
    assert desk.stored() == list(range(1, kept + 1))
    (small_disk / "filling").unlink()
    for path in sealed_segments(desk.spool.raw_directory):
        path.unlink()
    desk.step(1)
    assert desk.sink.accepting
    desk.step(stopping=True)
    assert desk.stored() == list(range(kept + 1, 102))


def test_ending_without_room_says_what_is_lost(tmp_path: Path) -> None:
    """Messages that could not be stored are counted, and told."""
    desk = Desk(tmp_path, limit_bytes=RESERVE_BYTES - 1)
    desk.sink.offer(chunk(1, 7))
    desk.step(stopping=True)
    assert desk.sink.lost == {STOPPED: 7}
    assert "7 received messages" in desk.told[-1]


def test_the_thread_writes_until_it_is_stopped(tmp_path: Path) -> None:
    """Everything offered before `stop` is sealed when it returns."""
    desk = Desk(tmp_path)
    desk.sink.start()
    for number in range(1, 200):
        desk.sink.offer(chunk(number, number))
    assert desk.sink.stop(30)
    assert desk.stored() == list(range(1, 200))
    assert desk.durable[-1].last == 199


def test_what_an_earlier_writer_left_is_sealed_or_set_aside(tmp_path: Path) -> None:
    """Unreadable files go to quarantine with the reason."""
    spool = Spool(tmp_path)
    (spool.raw_directory / "junk.open").write_bytes(b"something else")
    assert set_aside_unreadable(spool) == 0
    assert (spool.quarantine_directory / "junk.open.reason").read_text() == "junk.open: not a raw segment\n"
