"""soc.intake.raw: raw segments refined in this process."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest

from soc.detection import RuleSet
from soc.intake.raw import refine_waiting
from soc.intake.refine import Refiner
from soc.model import Device, SpoolError
from soc.model.ids import digest
from soc.spool.header import read_header
from soc.spool.raw import TRUNCATED, encode_frame
from soc.spool.raw_writer import RawWriter
from soc.spool.segment import read_frame
from soc.spool.spool import Spool

SEED = 3
NOW = 1_735_819_200.0
WEB = Device("web-01", "hosting", addresses=("192.0.2.10",))
REFINER = Refiner({"web-01": WEB}, RuleSet())


def write(spool: Spool, *payloads: bytes, flags: int = 0, source: bytes = b"192.0.2.10") -> Path:
    """A sealed raw segment of these messages, numbered from 1."""
    writer = RawWriter(spool.raw_directory, writer="receive@test", seed=SEED, site="branch")
    frames = (
        encode_frame(SEED, number, int(NOW * 1e6) + number, flags, source, payload)
        for number, payload in enumerate(payloads, start=1)
    )
    writer.append(1, len(payloads), b"".join(frames), NOW - 1, 0.0)
    sealed = writer.seal()
    assert sealed
    return sealed[0]


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    return Spool(tmp_path)


def events(path: Path) -> list[dict[str, object]]:
    return read_frame(path).filter(record="event").to_dicts()


def test_a_raw_segment_becomes_a_refined_one(spool: Spool) -> None:
    """Each frame is an event known by (segment, number); the header tells who received it."""
    raw = write(spool, b"<38>Jan  2 12:00:00 web-01 app[1]: one", b"<38>Jan  2 12:00:00 web-01 app[1]: two")
    done = refine_waiting(spool.directory, REFINER, lambda: NOW)
    assert (done.segments, done.events, done.damaged) == (1, 2, 0)
    (path,) = spool.waiting()
    header = read_header(path)
    assert (header.writer, header.site, header.created, header.sealed) == (
        "receive@test", "branch", NOW - 1, NOW,
    )  # fmt: skip
    found = events(path)
    assert [event["id"] for event in found] == [digest("raw", raw.stem, str(number)) for number in (1, 2)]
    assert [(event["message"], event["device"], event["source_address"]) for event in found] == [
        ("one", "web-01", "192.0.2.10"),
        ("two", "web-01", "192.0.2.10"),
    ]
    assert not raw.exists()
    assert (spool.raw_done_directory / raw.name).exists()


def test_refining_again_gives_the_same_segment(spool: Spool) -> None:
    """A refiner killed before it could set the raw segment aside changes nothing by its second try."""
    raw = write(spool, b"<38>Jan  2 12:00:00 web-01 app[1]: one")
    refine_waiting(spool.directory, REFINER, lambda: NOW)
    (first,) = spool.waiting()
    ids = [event["id"] for event in events(first)]
    (spool.raw_done_directory / raw.name).rename(raw)
    refine_waiting(spool.directory, REFINER, lambda: NOW + 60)
    (second,) = spool.waiting()
    assert second == first
    assert [event["id"] for event in events(second)] == ids


def test_a_segment_another_process_refines_is_left_to_it(spool: Spool) -> None:
    """Two refiners never work on one segment at once."""
    raw = write(spool, b"x")
    with raw.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert refine_waiting(spool.directory, REFINER, lambda: NOW).segments == 0
    assert refine_waiting(spool.directory, REFINER, lambda: NOW).segments == 1


def test_damage_costs_what_is_damaged_and_is_told(spool: Spool) -> None:
    """Whole frames are refined, the loss is an event, the file is set aside with the reason."""
    raw = write(spool, *(b"<38>Jan  2 12:00:00 web-01 app[1]: %d" % number for number in range(5)))
    data = bytearray(raw.read_bytes())
    data[data.index(b"app[1]: 2")] ^= 1
    raw.write_bytes(data)
    done = refine_waiting(spool.directory, REFINER, lambda: NOW)
    assert (done.events, done.damaged) == (4, 1)
    (path,) = spool.waiting()
    found = events(path)
    assert [event["message"] for event in found[:-1]] == ["0", "1", "3", "4"]
    told = found[-1]
    assert (told["product"], told["category"], told["service"]) == ("soc", "spool", "quarantine")
    assert "1 messages lost" in str(told["message"])
    assert "1 messages lost" in (spool.quarantine_directory / f"{raw.name}.reason").read_text()
    assert (spool.quarantine_directory / raw.name).exists()


def test_an_unreadable_segment_is_told_and_stops_no_other(spool: Spool) -> None:
    """What is no raw segment goes to quarantine; the next one is refined."""
    (spool.raw_directory / "00000000000000000000000000.raw").write_bytes(b"not ours")
    write(spool, b"<38>Jan  2 12:00:00 web-01 app[1]: good")
    done = refine_waiting(spool.directory, REFINER, lambda: NOW)
    assert (done.segments, done.events, done.damaged) == (2, 1, 1)
    messages = [event["message"] for path in spool.waiting() for event in events(path)]
    assert len(messages) == 2
    assert "good" in messages


def test_a_segment_that_cannot_be_refined_is_told_and_stops_no_other(spool: Spool) -> None:
    """A fault of ours in one segment is not met again and again."""

    class Faulty(Refiner):
        def refine_received(self, lines):  # type: ignore[no-untyped-def]
            raise ZeroDivisionError("by zero")

    raw = write(spool, b"x")
    done = refine_waiting(spool.directory, Faulty({}, RuleSet()), lambda: NOW)
    assert done.damaged == 1
    (path,) = spool.waiting()
    assert "ZeroDivisionError: by zero" in str(events(path)[0]["message"])
    assert (spool.quarantine_directory / raw.name).exists()


def test_without_room_raw_segments_wait(spool: Spool) -> None:
    """A refined segment that cannot be sealed leaves its raw one where it is."""
    raw = write(spool, b"x")
    (spool.directory / "refining").mkdir(exist_ok=True)
    (spool.directory / "refining").rmdir()
    (spool.directory / "refining").write_bytes(b"in the way")
    with pytest.raises(SpoolError):
        refine_waiting(spool.directory, REFINER, lambda: NOW)
    assert raw.exists()


def test_cut_messages_are_marked(spool: Spool) -> None:
    """By the receiver, or because an event holds less than a frame."""
    write(spool, b"short", flags=TRUNCATED)
    write(spool, b"x" * 10_000)
    write(spool, b"short")
    refine_waiting(spool.directory, REFINER, lambda: NOW)
    fields = [
        {pair["key"]: pair["value"] for pair in event["fields"]}  # type: ignore[attr-defined]
        for path in spool.waiting()
        for event in events(path)
    ]
    assert sorted(field.get("truncated", "false") for field in fields) == ["false", "true", "true"]


def test_stops_between_segments_when_asked(spool: Spool) -> None:
    """What is left waits for the next refiner."""
    write(spool, b"a")
    assert refine_waiting(spool.directory, REFINER, lambda: NOW, lambda: True).segments == 0
    assert refine_waiting(spool.directory, REFINER, lambda: NOW).segments == 1
