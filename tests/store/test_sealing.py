"""Sealing: old rows become Parquet files, and nothing that is asked gets another answer."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from soc.model import Event, Match, Sample
from soc.model.filters import parse_filter
from soc.promql import compile
from soc.spool.lock import acquire
from soc.spool.segment import SegmentBuilder
from soc.spool.spool import Spool
from soc.store import Store, open_store
from soc.store.filters import Asker
from soc.store.matches import Touch
from tests.store.conftest import Stage

ROOT = Path(__file__).resolve().parents[2]
DAY = 86_400.0
START = 20_000 * DAY  # a midnight
NOW = START + 5 * DAY
QUESTIONS = (
    'a{x="1"} or b offset 1d', "sum by (device) (a)", "rate(b[6h])", "count({device='d1'})",
    "max_over_time(a[2d:12h])",
)  # fmt: skip


def sample(metric: str, value: float | None, time: float, **labels: str) -> Sample:
    return Sample(metric, value, labels, time)


def event(id: str, time: float, **more: str) -> Event:
    return Event(id, time, time, device="d1", product="linux", message=f"message {id}", fields=more)


def seal_all(store: Store, now: float = NOW) -> list[str]:
    """Seal what is due; returns the files' names."""
    names = []
    for seal in (
        lambda: store.sealing.seal_events(now, 10**9),
        lambda: store.sealing.seal_matches(now),
        lambda: store.sealing.seal_samples(now),
    ):
        while files := seal():
            names += [file.name for file in files]
    return names


def answers(store: Store) -> list[object]:
    """Everything that is asked of samples, events and matches."""
    found: list[object] = []
    for text in QUESTIONS:
        expression = compile(text)
        found += [expression.instant(store.query, NOW - ago) for ago in (0.0, 3 * DAY)]
        found.append(expression.range(store.query, START, NOW, DAY))
    for text in ("device:d1", "odd:yes", "-odd:yes", '"message 1"'):
        for since in (START, NOW - DAY):
            found.append(store.events.select(parse_filter(text), Asker(NOW), since, NOW, 50))
    ids = [event.id for event in found[-1]] if isinstance(found[-1], list) else []
    found.append(store.events.by_ids(ids))
    found.append(store.device_list.samples("d1", START, 100))
    found.append(store.matches.combinations(["r1", "r2"], START, NOW))
    found.append(store.matches.with_fields([Touch("r1", {"user": "u0"}, 0, 0)], START, NOW))
    found += [store.status.sizes(), store.series.oldest()]
    return found


TIMES = st.integers(0, int(5 * DAY / 300)).map(lambda number: START + number * 300.0)


@settings(max_examples=3, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    samples=st.lists(
        st.tuples(
            st.sampled_from(("a", "b")), st.sampled_from(("d1", "d2")), st.sampled_from(("1", "2")), TIMES,
            st.none() | st.integers(-9, 999).map(float),
        ),
        max_size=25,
    ),
    events=st.lists(st.tuples(st.integers(0, 40), TIMES, st.booleans()), max_size=15),
    limit=st.sampled_from((2, 1000)),
)  # fmt: skip
def test_same_answers(
    tmp_path_factory: pytest.TempPathFactory,
    samples: list[tuple[str, str, str, float, float | None]],
    events: list[tuple[int, float, bool]],
    limit: int,
) -> None:
    """PromQL and events answer alike before and after, however the rows are cut into files."""
    directory = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch, open_store(directory, spool_directory=directory) as store:
        patch.setattr("soc.store.sealing.seal.MAXIMUM_SAMPLES", limit)
        patch.setattr("soc.store.sealing.seal.MAXIMUM_EVENTS", limit)
        store.series.add(
            (device, sample(metric, value, time, x=x), 300) for metric, device, x, time, value in samples
        )
        store.events.add_own(
            [event(f"{number}", time, **({"odd": "yes"} if odd else {})) for number, time, odd in events],
            None,
        )
        store.matches.add(
            [
                Match(f"{number}", f"r{number % 3}", "v", time, time, "d1", {}, {"user": f"u{number % 2}"})
                for number, time, _ in events
            ],
            staged=False,
        )
        before = answers(store)
        names = seal_all(store)
        assert answers(store) == before
        due = [time for *_, time, _ in samples if time < START + 4 * DAY]
        assert any(name.startswith("samples/") for name in names) == bool(due)
        with store.reader() as reader:
            assert answers(reader) == before


def filled(store: Store, days: int = 4) -> None:
    """A sample each hour and an event each six hours, for some days."""
    store.series.add(
        ("d1", sample("a", float(hour), START + hour * 3600.0, x="1"), 3600) for hour in range(24 * days)
    )
    store.events.add_own([event(f"e{n}", START + n * 21_600.0) for n in range(4 * days)], None)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with four days, all of them sealed but for the last events."""
    directory = tmp_path_factory.mktemp("template")
    with open_store(directory, spool_directory=directory / "spool") as store:
        filled(store)
        seal_all(store)
    return directory


@pytest.fixture
def sealed(template: Path, tmp_path: Path) -> Iterator[Store]:
    """A copy of that store."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    with open_store(tmp_path, spool_directory=tmp_path / "spool") as store:
        yield store


def test_hot_for_two_days_at_most(store: Store) -> None:
    """Whole days of samples and hours of events leave; nothing of the last 47 hours does."""
    filled(store, 6)
    now = START + 5 * DAY + 3600
    names = seal_all(store, now)
    assert {name.split("/")[1] for name in names if name.startswith("samples/")} == {
        f"day=2024-10-{4 + day:02}" for day in range(4)
    }
    [(oldest_sample, oldest_event)] = store.query(
        "SELECT (SELECT epoch(min(time)) FROM hot_sample), (SELECT epoch(min(time)) FROM hot_event)"
    )
    assert now - 48 * 3600 < oldest_sample <= now - 23 * 3600
    assert now - 48 * 3600 < oldest_event <= now - 40 * 3600


def test_own_events_wait_to_be_matched(store: Store) -> None:
    """An old event of ours that no transaction has matched yet stays."""
    store.events.add_own([event("late", START)], 8)
    assert store.sealing.seal_events(NOW, 7) == []
    [file] = store.sealing.seal_events(NOW, 8)
    assert file.rows == 1


def test_debug_messages_have_a_class_of_their_own(store: Store) -> None:
    """Unless a rule matched them: then they are evidence."""
    debug = [event(id, START, level="debug") for id in ("chat", "told")]
    store.events.add_own([*debug, event("plain", START)], None)
    store.matches.add([Match("told", "r", "v", START, START, "d1", {}, {})], staged=False)
    files = {}
    while sealed := store.sealing.seal_events(NOW, 0):
        files[sealed[0].retention_class] = sealed[0].rows
    assert files == {"debug": 1, "default": 2}


def test_executions_have_a_class_of_their_own(store: Store) -> None:
    """There are thousands a host a day; nobody else's event is one."""
    ours = Event("ran", START, START, device="d1", product="soc", category="execution")
    theirs = Event("other", START, START, device="d1", product="linux", category="execution")
    store.events.add_own([ours, theirs], None)
    files = {}
    while sealed := store.sealing.seal_events(NOW, 0):
        files[sealed[0].retention_class] = sealed[0].rows
    assert files == {"execution": 1, "default": 1}


def test_late_rows_come_once(sealed: Store, spool: Spool) -> None:
    """What comes again for a sealed day is known; what is new goes into a further file of that day."""
    builder = SegmentBuilder()
    for hour in (3, 4):  # the second half is new
        builder.add_sample("d1", sample("a", 0.0, START + hour * 3600.0, x="1"), 3600)
        builder.add_sample("d1", sample("a", 7.0, START + hour * 3600.0 + 5, x="1"), 3600)
    builder.add_event(event("e9", START + 9 * 21_600.0))
    builder.add_event(event("late", START + 9 * 21_600.0))
    builder.add_match(Match("e9", "r", "v", START, START, "d1", {}, {}))
    assert Stage(sealed, spool)(builder) == {}
    assert sealed.series.add_staged() == 2
    assert sealed.events.add_staged(1) == 1
    assert sealed.matches.add((), staged=True) == 1
    names = seal_all(sealed)
    assert len([name for name in names if name.startswith("samples/day=2024-10-04/")]) == 1
    assert sealed.series.add_staged() == 0
    assert sealed.events.add_staged(2) == 0
    assert sealed.matches.add((), staged=True) == 0
    assert sealed.query("SELECT count(*), count(DISTINCT time) FROM sample") == [(98, 98)]
    assert sealed.query("SELECT count(*), count(DISTINCT id) FROM event") == [(17, 17)]


def test_recent_questions_open_no_file(store: Store, tmp_path: Path) -> None:
    """With every sealed file gone, what looks at the last day only is answered as before."""
    filled(store, 5)
    seal_all(store)
    store.series.add([("d1", sample("a", 5.0, NOW - 60, x="1"), 3600)])
    for path in (tmp_path / "sealed").rglob("*.parquet"):
        path.unlink()
    assert compile("a").instant(store.query, NOW)[0][1] == 5.0
    assert len(store.events.select([], Asker(NOW), NOW - DAY, NOW, 1000)) == 4
    assert store.sealed.damaged == {}


@pytest.mark.parametrize("damage", ["missing", "truncated", "flipped"])
def test_damaged_file_is_named(sealed: Store, tmp_path: Path, damage: str) -> None:
    """The other files answer; the damaged one is named, and told of once."""
    [name] = [file.name for file in sealed.sealed.manifest.reaching("sample", START, START + DAY - 1)]
    path = tmp_path / "sealed" / name
    content = bytearray(path.read_bytes())
    if damage == "missing":
        path.unlink()
    elif damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    else:
        content[len(content) // 3] ^= 0xFF
        path.write_bytes(content)
        assert list(sealed.sealed.verify()) == [name]
    assert sealed.query("SELECT count(*) FROM sample") == [(72,)]
    assert list(sealed.sealed.damaged) == [name]
    assert [found for found, _ in sealed.sealed.note_damage()] == [name]
    assert sealed.sealed.note_damage() == []
    path.write_bytes(content if damage != "flipped" else _unflipped(content))
    assert sealed.sealed.note_damage() == []
    assert sealed.query("SELECT count(*) FROM sample") == [(96,)]


def _unflipped(content: bytearray) -> bytes:
    content[len(content) // 3] ^= 0xFF
    return bytes(content)


def test_damage_while_rows_are_stored(sealed: Store, spool: Spool, tmp_path: Path) -> None:
    """A late row for a day whose file is damaged is stored all the same."""
    [file] = sealed.sealed.manifest.reaching("sample", START, START + DAY - 1)
    path = tmp_path / "sealed" / file.name
    path.write_bytes(b"\0" * file.bytes)
    builder = SegmentBuilder()
    builder.add_sample("d1", sample("a", 1.0, START + 5, x="1"), 3600)
    Stage(sealed, spool)(builder)
    with sealed.transaction():
        assert sealed.series.add_staged() == 1
    assert list(sealed.sealed.damaged) == [file.name]


def test_unfinished_file_is_removed(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped before the swap, wherever: the rows stay, the file goes, the next run seals them."""
    filled(store)
    before = store.query("SELECT * FROM sample ORDER BY time")

    def stop(*_: object) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr("soc.store.sealing.manifest.Manifest.complete", stop)
    with pytest.raises(RuntimeError, match="killed"):
        store.sealing.seal_samples(NOW)
    monkeypatch.undo()
    assert len(list((tmp_path / "sealed").rglob("*.parquet"))) == 1
    assert store.query("SELECT * FROM sample ORDER BY time") == before
    assert store.sealing.recover() == 2
    assert list((tmp_path / "sealed").rglob("*.parquet")) == []
    seal_all(store)
    assert store.query("SELECT * FROM sample ORDER BY time") == before


READER = """
import sys
import polars as pl
root = sys.argv[1]
samples = pl.read_parquet(root + "/samples/**/*.parquet")
series = pl.read_parquet(root + "/series/**/*.parquet").unique("series")
joined = samples.join(series, on="series")
print(len(joined), joined["value"].sum(), joined["metric"].unique().to_list(), joined["labels"][0])
print(pl.read_parquet(root + "/events/**/*.parquet")["id"].n_unique())
"""


def test_other_processes_read_sealed_files(sealed: Store, tmp_path: Path) -> None:
    """Plain Parquet: another process reads it while the store is open and its lock is held."""
    with acquire(tmp_path / "store.lock", 0, "soc serve"):
        command = [sys.executable, "-c", READER, str(tmp_path / "sealed")]
        read = subprocess.run(command, capture_output=True, text=True, check=True)
    samples, events = read.stdout.splitlines()
    assert samples == f'96 {sum(range(96)):.1f} [\'a\'] {{"x":"1"}}'
    assert int(events) == 13


def test_series_hash_is_portable(store: Store) -> None:
    """Another program computes the same: digits of the SHA-256 of metric, device and whole identity."""
    store.series.add([("gerät", sample("a", 1, START, x="é"), 60)])
    [(found, labels)] = store.query("SELECT hash, labels_json FROM series")
    identity = f"1:a{len('gerät'.encode())}:gerät{labels}"
    parts = (("a", 8), ("gerät", 8), (identity, 16))
    expected = "".join(sha256(text.encode()).hexdigest()[:length] for text, length in parts)
    assert found.hex == expected


@pytest.mark.parametrize("kills", [5, pytest.param(20, marks=pytest.mark.soak)])
def test_killed_while_sealing(tmp_path: Path, kills: int) -> None:
    """kill -9 at random moments: every row is there once, in the database or in one file."""
    moments = random.Random(11)
    with open_store(tmp_path, spool_directory=tmp_path / "spool") as store:
        filled(store, 9)
    for _ in range(kills):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.store.sealing_child", str(tmp_path), str(NOW + 7 * DAY)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        time.sleep(moments.uniform(0, 0.4))
        child.send_signal(signal.SIGKILL)
        child.wait()
        with open_store(tmp_path, spool_directory=tmp_path / "spool") as store:
            assert store.query("SELECT count(*), sum(value) FROM sample") == [(216, float(sum(range(216))))]
            assert store.query("SELECT count(*), count(DISTINCT id) FROM event") == [(36, 36)]
    with open_store(tmp_path, spool_directory=tmp_path / "spool") as store:
        store.sealing.recover()
        seal_all(store, NOW + 7 * DAY)
        assert store.query("SELECT count(*), sum(value) FROM sample") == [(216, float(sum(range(216))))]
        assert store.query("SELECT count(*), count(DISTINCT id) FROM event") == [(36, 36)]
        assert store.query("SELECT count(*) FROM hot_event") == [(0,)]
        assert store.sealed.verify() == {}
        known = {file.name for file in store.sealed.manifest.in_state("sealed")}
        sealed = tmp_path / "sealed"
        assert {str(path.relative_to(sealed)) for path in sealed.rglob("*.parquet")} == known
