"""Retention and legal holds: what goes when, and what stays."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from soc.inventory import Retention
from soc.model import ConfigurationError, Event, Sample, StoreError
from soc.model.alerts import Actor
from soc.spool.spool import Spool
from soc.store import Store, open_store
from soc.store.sealing.holds import Holds

DAY = 86_400.0
START = 20_000 * DAY
NOW = START + 10 * DAY
HOUR = 3600.0
MIA = Actor(1000, "mia", "cli")
KEEP = Retention(samples=5.5 * DAY, events={"default": 7.5 * DAY, "debug": 3.5 * DAY}, raw=2 * DAY)


@pytest.fixture
def holds(tmp_path: Path) -> Holds:
    return Holds(tmp_path / "sealed")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with eight days of a sample of each of two devices and two events a day, sealed."""
    directory = tmp_path_factory.mktemp("template")
    days = [START + day * DAY for day in range(8)]
    with open_store(directory, spool_directory=directory / "spool") as store:
        store.series.add(
            (device, Sample("up", 1.0, {}, time), 60)
            for time in days
            for device in (("d1", "d2") if time < START + 4 * DAY else ("d2",))
        )
        store.events.add_own(
            [
                Event(f"{level}{time}", time, time, device="d1", fields={"level": level})
                for time in days
                for level in ("debug", "info")
            ],
            None,
        )
        while store.sealing.seal_samples(NOW) or store.sealing.seal_events(NOW, 0):
            pass
    return directory


@pytest.fixture
def sealed(template: Path, tmp_path: Path) -> Iterator[Store]:
    """A copy of that store."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    with open_store(tmp_path, spool_directory=tmp_path / "spool") as store:
        yield store


def days(store: Store, kind: str) -> list[int]:
    """Which days' files of the kind count in answers."""
    files = [file for file in store.sealed.manifest.in_state("sealed") if file.kind == kind]
    return [int((file.min_time - START) // DAY) for file in files]


def go(store: Store, now: float = NOW) -> None:
    """Expire what is due and, an hour later, unlink it."""
    store.expiry.expire(KEEP, now)
    store.expiry.unlink(now + HOUR)


def present(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*.parquet")}


def test_what_goes_when(sealed: Store, tmp_path: Path) -> None:
    """Samples after 5.5 days, events after 7.5, debug messages after 3.5; the dictionary with its samples."""
    go(sealed)
    assert days(sealed, "sample") == [5, 6, 7]
    assert days(sealed, "series") == [5, 6, 7]
    by_class = {
        name: [int((file.min_time - START) // DAY) for file in sealed.sealed.manifest.in_state("sealed")
               if file.retention_class == name]
        for name in ("default", "debug")
    }  # fmt: skip
    assert by_class == {"default": [3, 4, 5, 6, 7], "debug": [7]}
    assert present(tmp_path / "sealed") == {file.name for file in sealed.sealed.manifest.in_state("sealed")}


def test_expired_is_out_of_answers_before_it_is_unlinked(sealed: Store, tmp_path: Path) -> None:
    """Whoever was just given a file can still read it for an hour."""
    before = present(tmp_path / "sealed")
    assert sealed.expiry.expire(KEEP, NOW)
    assert sealed.query("SELECT count(*) FROM sample") == [(3,)]
    assert sealed.expiry.unlink(NOW + HOUR - 1) == []
    assert present(tmp_path / "sealed") == before
    assert sealed.expiry.unlink(NOW + HOUR)
    assert present(tmp_path / "sealed") < before


def test_unlinked_by_the_manifest_only(sealed: Store, tmp_path: Path) -> None:
    """A file that nobody sealed stays, however old it looks."""
    strange = tmp_path / "sealed" / "samples" / "day=2001-01-01" / "mine.parquet"
    strange.parent.mkdir()
    strange.touch()
    go(sealed)
    assert strange.exists()


def test_series_of_which_nothing_is_left_are_forgotten(sealed: Store) -> None:
    """d1 had samples in the first four days only."""
    go(sealed)
    assert sealed.query("SELECT device FROM series") == [("d2",)]
    assert sealed.query("SELECT count(*) FROM sample JOIN series USING (series_id)") == [(3,)]


@pytest.mark.parametrize(
    ("device", "begin", "end", "samples"),
    [
        ("", None, None, [0, 1, 2, 3, 4, 5, 6, 7]),
        ("", START + DAY, START + 2 * DAY, [1, 2, 5, 6, 7]),
        ("", None, START, [0, 5, 6, 7]),
        ("", START + 4 * DAY, None, [4, 5, 6, 7]),
        ("d1", None, None, [0, 1, 2, 3, 5, 6, 7]),
        ("d2", START + 3 * DAY + 1, None, [4, 5, 6, 7]),
        ("nobody", None, None, [5, 6, 7]),
    ],
)
def test_what_a_hold_keeps(
    sealed: Store, holds: Holds, device: str, begin: float | None, end: float | None, samples: Sequence[int]
) -> None:
    """Files that overlap its time and say anything of its device; all others go."""
    holds.add("case", MIA, NOW, device=device, begin=begin, end=end)
    go(sealed)
    assert days(sealed, "sample") == samples


def test_hold_between_expiry_and_unlinking(sealed: Store, holds: Holds) -> None:
    """A hold in the last hour still keeps everything, and brings it back into answers."""
    sealed.expiry.expire(KEEP, NOW)
    holds.add("case", MIA, NOW)
    assert sealed.expiry.unlink(NOW + 2 * HOUR) == []
    sealed.expiry.expire(KEEP, NOW + 2 * HOUR)
    assert days(sealed, "sample") == list(range(8))


def test_ended_hold_lets_go(sealed: Store, holds: Holds) -> None:
    """What is past its time goes once no hold covers it."""
    one, other = (holds.add("case", MIA, NOW) for _ in range(2))
    holds.finish(one.id, "settled", MIA, NOW)
    go(sealed)
    assert len(days(sealed, "sample")) == 8
    holds.finish(other.id, "settled", MIA, NOW)
    go(sealed)
    assert days(sealed, "sample") == [5, 6, 7]


def test_what_is_kept(sealed: Store, holds: Holds) -> None:
    """Sizes by rule, what goes next and what a hold keeps past its time."""
    holds.add("case", MIA, NOW, begin=START, end=START + DAY)
    sealed.expiry.expire(KEEP, NOW)
    kept = {one.name: one for one in sealed.expiry.kept(KEEP, NOW)}
    assert set(kept) == {"samples", "raw", "events/default", "events/debug"}
    samples = kept["samples"]
    assert (samples.rows, samples.oldest, samples.newest) == (12, START, START + 7 * DAY)
    assert samples.next_time == START + 10.5 * DAY
    assert samples.next_file.startswith(("samples/", "series/"))
    assert (samples.held_files, samples.expired_files, samples.holds) == (4, 6, {"H-1"})
    assert kept["events/debug"].expired_files == 5
    assert kept["raw"].files == 0


def test_holds_are_only_appended(holds: Holds, tmp_path: Path) -> None:
    """Who did what when stays readable, each line bound to the one before."""
    hold = holds.add("case", MIA, 100.0, device="d1", begin=10.0)
    first = (tmp_path / "sealed" / "holds.jsonl").read_bytes()
    holds.finish(hold.id, "settled", Actor(7, "sam", "cli"), 200.0)
    content = (tmp_path / "sealed" / "holds.jsonl").read_bytes()
    assert content.startswith(first)
    [found] = holds.all()
    assert (found.added, found.added_by, found.added_by_uid) == (100.0, "mia", 1000)
    assert (found.ended, found.ended_by, found.ended_reason) == (200.0, "sam", "settled")
    with pytest.raises(ConfigurationError, match="ended by sam"):
        holds.finish(hold.id, "again", MIA, 300.0)


def test_line_cut_off_was_never_placed(holds: Holds, tmp_path: Path) -> None:
    """What a kill left of a line goes with the next one."""
    holds.add("one", MIA, 1.0)
    path = tmp_path / "sealed" / "holds.jsonl"
    path.write_bytes(path.read_bytes() + b'{"action": "add", "id"')
    assert [hold.reason for hold in holds.all()] == ["one"]
    holds.add("two", MIA, 2.0)
    assert [hold.reason for hold in holds.all()] == ["one", "two"]


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"action": "add"},
        {"action": "burn", "id": "H-1"},
        {"action": "end", "id": "H-9"},
        {"action": "end", "id": ["H-1"]},
        {"action": "end", "id": "H-1", "odd": 1},
        {"action": "end", "id": "H-1", "ended": "yesterday"},
        {"action": "add", "id": "H-2", "reason": 7, "device": "", "begin": None, "end": None, "added": 1.0,
         "added_by": "mia", "added_by_uid": None},
    ],
)  # fmt: skip
def test_a_line_that_is_no_hold_is_named(holds: Holds, tmp_path: Path, record: dict[str, object]) -> None:
    """It follows the line before and yet says nothing of a hold: an error that names it."""
    holds.add("case 1", MIA, NOW)
    path = tmp_path / "sealed/holds.jsonl"
    previous = hashlib.sha256(path.read_bytes().rstrip(b"\n")).hexdigest()
    with path.open("a") as file:
        file.write(json.dumps({**record, "previous": previous}) + "\n")
    with pytest.raises(StoreError, match=r"holds\.jsonl:2: neither places nor ends a hold"):
        holds.all()


@pytest.mark.parametrize("tamper", ["reason", "drop", "garbage"])
def test_tampered_holds_keep_everything(sealed: Store, holds: Holds, tmp_path: Path, tamper: str) -> None:
    """Nothing expires and nothing is unlinked while the list is not what was written."""
    for reason in ("one", "two", "three"):
        holds.add(reason, MIA, NOW)
    path = tmp_path / "sealed" / "holds.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1:2] = {"reason": [lines[1].replace(b"two", b"not")], "drop": [], "garbage": [b"\xff\n"]}[tamper]
    path.write_bytes(b"".join(lines))
    for act in (lambda: sealed.expiry.expire(KEEP, NOW), lambda: sealed.expiry.unlink(NOW + 2 * HOUR)):
        with pytest.raises(StoreError, match=r"holds\.jsonl:[23]"):
            act()
    assert len(days(sealed, "sample")) == 8


def raw(spool: Spool, name: str, time: float, content: bytes = b"frame" * 100) -> Path:
    path = spool.raw_done_directory / f"{name}.raw"
    path.write_bytes(content)
    os.utime(path, (time, time))
    return path


def test_raw_segments_are_packed_by_hour(store: Store, spool: Spool, tmp_path: Path) -> None:
    """A passed hour becomes one archive; the running hour stays in the spool."""
    paths = [raw(spool, f"{n}", START + n * 1500.0, b"frame %d" % n * 50) for n in range(4)]
    [pack] = store.raw_sealing.seal(spool.raw_done_directory, START + HOUR)
    assert store.raw_sealing.seal(spool.raw_done_directory, START + HOUR) == []
    assert [path.exists() for path in paths] == [False, False, False, True]
    assert (pack.kind, pack.rows) == ("raw", 3)
    with zipfile.ZipFile(tmp_path / "sealed" / pack.name) as archive:
        assert archive.namelist() == ["0.raw", "1.raw", "2.raw"]
        assert archive.read("1.raw") == b"frame 1" * 50
    assert pack.bytes < 3 * 350


def test_a_full_pack_does_not_wait(store: Store, spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a flood the spool is relieved within the hour."""
    monkeypatch.setattr("soc.store.sealing.raw.MAXIMUM_BYTES", 1000)
    for n in range(3):
        raw(spool, f"{n}", START + n)
    [pack] = store.raw_sealing.seal(spool.raw_done_directory, START + 10)
    assert pack.rows == 2
    assert store.raw_sealing.seal(spool.raw_done_directory, START + 10) == []


def test_killed_between_pack_and_unlinking(store: Store, spool: Spool) -> None:
    """Segments that are packed already are not packed twice."""
    path = raw(spool, "1", START)
    content = path.read_bytes()
    store.raw_sealing.seal(spool.raw_done_directory, NOW)
    path.write_bytes(content)
    store.raw_sealing.finish(spool.raw_done_directory)
    assert not path.exists()
    store.expiry.expire(KEEP, NOW)
    assert [file.kind for file in store.expiry.unlink(NOW + HOUR)] == ["raw"]


def test_hold_line_is_json(holds: Holds, tmp_path: Path) -> None:
    """Another program can read the records."""
    holds.add("a\nb", MIA, 1.0)
    [line] = (tmp_path / "sealed" / "holds.jsonl").read_text().splitlines()
    assert json.loads(line)["reason"] == "a\nb"
