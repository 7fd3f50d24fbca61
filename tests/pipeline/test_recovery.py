"""A store that lost transactions does them again: the same rows, alerts and acknowledgements."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from soc.model import Poll, StoreError
from soc.pipeline.actions import apply_action
from soc.spool.journal import journal_files, verify_journal
from soc.store import Store
from tests.support.contents import contents
from tests.support.estate import START, Estate
from tests.support.morning import ALL, MIA, live, make

ROOT = Path(__file__).resolve().parents[2]


def told(estate: Estate) -> dict[str, list[Any]]:
    with estate.store() as store:
        return contents(store)


def recover(estate: Estate, now: float, **options: bool) -> int:
    with estate.store() as store:
        pipeline = estate.pipeline(store)
        pipeline.recover(now, **options)
        return pipeline.summary.redone


STAGES = (3, 7, 10)


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The morning's directory, with a copy of the store as it was at some of its minutes."""
    directory = tmp_path_factory.mktemp("morning")
    estate = make(directory)
    for first, last in pairwise((0, *STAGES)):
        live(estate, first, last)
        shutil.copy(directory / "soc.duckdb", directory / f"stage-{last}")
    return directory


@pytest.fixture
def estate(morning: Path, tmp_path: Path) -> Estate:
    shutil.copytree(morning, tmp_path / "estate")
    return make(tmp_path / "estate")


def test_the_morning_is_eventful(estate: Estate) -> None:
    """What the other tests compare holds alerts in every state, and matches on what people did."""
    with estate.store() as store:
        alerts = store.alerts.select(ALL)
        titles = sorted(alert.rule_title for alert in alerts)
        assert titles.count("Login") >= 3
        assert "Somebody acted" in titles
        assert {alert.workflow for alert in alerts} == {"open", "acknowledged", "closed"}
        assert {alert.condition for alert in alerts} == {"firing", "resolved"}
        assert store.pending() == []


def test_deleted_store_is_made_again(estate: Estate) -> None:
    """From journal and spool alone: every table as it was, numbers of alerts and acknowledgements too; an
    own event says how much was lost."""
    before = told(estate)
    head = list(verify_journal(estate.directory / "journal"))[-1]
    (estate.directory / "soc.duckdb").unlink()
    redone = recover(estate, START + 900)
    assert redone > 20
    assert told(estate) == before
    assert list(verify_journal(estate.directory / "journal"))[-1] == head
    with estate.store() as store:
        [(message,)] = store.query("SELECT message FROM event WHERE service = 'recovery'")
    assert f"its last {redone} transactions" in message


@pytest.mark.parametrize("stage", STAGES[:-1])
def test_older_store_catches_up(estate: Estate, stage: int) -> None:
    """A copy of the store from before, whatever happened since."""
    before = told(estate)
    shutil.copy(estate.directory / f"stage-{stage}", estate.directory / "soc.duckdb")
    recover(estate, START + 900)
    assert told(estate) == before


def test_life_goes_on_alike(tmp_path: Path, estate: Estate) -> None:
    """After a rebuild the following minutes make what they would have made."""
    other = Estate(tmp_path / "other", estate.devices, estate.groups, estate.rules)
    shutil.copytree(estate.directory, other.directory, dirs_exist_ok=True)
    (other.directory / "soc.duckdb").unlink()
    for one in (estate, other):
        live(one, first=10, last=12)
    mine, theirs = told(estate), told(other)
    for table in (
        "alert",
        "alert_current",
        "alert_transition",
        "alert_evidence",
        "device_state",
        "rule_state",
    ):
        assert mine[table] == theirs[table], table


def test_acknowledgements_without_segments(estate: Estate) -> None:
    """Where the segments are gone, alerts and what people did come from the journal; rows do not."""
    with estate.store() as store:
        before = {alert.id: alert for alert in store.alerts.select(ALL)}
        history = {id: [(step.id, step.actor) for step in store.alerts.history(id)] for id in before}
    (estate.directory / "soc.duckdb").unlink()
    for path in estate.spool.done_directory.iterdir():
        path.unlink()
    recover(estate, START + 900)
    with estate.store() as store:
        after = {alert.id: alert for alert in store.alerts.select(ALL)}
        assert after.keys() == before.keys()
        for id, alert in after.items():
            same = ("number", "workflow", "owner", "disposition", "version", "supplier", "site", "closed")
            assert all(getattr(alert, name) == getattr(before[id], name) for name in same)
            assert [(step.id, step.actor) for step in store.alerts.history(id)] == history[id]
        [(message,)] = store.query("SELECT message FROM event WHERE service = 'recovery'")
        assert "10 of their segments are gone" in message


def test_lost_redo_entries_are_refused(estate: Estate) -> None:
    """A gap that the journal cannot fill needs somebody's decision; accepted, the alerts come back."""
    with estate.store() as store:
        before = sorted((alert.id, alert.workflow, alert.owner) for alert in store.alerts.select(ALL))
    (estate.directory / "soc.duckdb").unlink()
    for path in journal_files(estate.directory / "journal/redo"):
        path.unlink()
    # What happened to alerts is all that is known; the transaction before the first alert is not.
    with pytest.raises(StoreError, match="soc store restore"):
        recover(estate, START + 900)
    recover(estate, START + 900, accept_gap=True)
    with estate.store() as store:
        after = sorted((alert.id, alert.workflow, alert.owner) for alert in store.alerts.select(ALL))
    assert after == before


def test_other_rules_change_nothing_of_the_past(estate: Estate, tmp_path: Path) -> None:
    """Alerts of rules that are no longer loaded come back as the journal has them."""
    with estate.store() as store:
        before = {alert.id: alert.workflow for alert in store.alerts.select(ALL)}
    (estate.directory / "soc.duckdb").unlink()
    bare = Estate(estate.directory, estate.devices)
    recover(bare, START + 900)
    with estate.store() as store:
        assert {alert.id: alert.workflow for alert in store.alerts.select(ALL)} == before


CHILD = """
import os, signal, sys
from pathlib import Path
from soc.store.record import Record
from tests.support import morning as life
directory, when, moment = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
estate = life.make(directory)
write = Record.write
count = 0
def write_and_die(self, number, entry, steps):
    global count
    count += 1
    if when == "before" and count == moment:
        os.kill(os.getpid(), signal.SIGKILL)
    write(self, number, entry, steps)
    if when == "after" and count == moment:
        os.kill(os.getpid(), signal.SIGKILL)
Record.write = write_and_die
life.live(estate)
"""


def killed(directory: Path, when: str, moment: int) -> None:
    child = subprocess.run([sys.executable, "-c", CHILD, str(directory), when, str(moment)], cwd=ROOT)
    assert child.returncode == -signal.SIGKILL


def numbered(estate: Estate) -> dict[int, str]:
    """Which kind each transaction of the morning is."""
    kinds: dict[int, str] = {}
    for path in journal_files(estate.directory / "journal/redo"):
        from soc.spool.journal import read_file

        kinds |= {frame.document["transaction"]: frame.document["kind"] for frame in read_file(path)}
    return kinds


@pytest.mark.parametrize("kind", ["action", "work", "prepare"])
def test_killed_between_journal_and_commit(tmp_path: Path, estate: Estate, kind: str) -> None:
    """What was noted and not committed happens when the store is opened next: an acknowledgement is kept."""
    moment = next(number for number, found in numbered(estate).items() if found == kind and number > 5)
    killed(tmp_path / "killed", "after", moment)
    again = make(tmp_path / "killed")
    with again.store() as store:
        assert store.number == moment - 1
        assert [pending.number for pending in store.pending()] == [moment]
        transitions = {step.transition.id for pending in store.pending() for step in pending.steps}
    assert recover(again, START + 900) == 1
    with again.store() as store, estate.store() as whole:
        assert store.pending() == []
        held = {id for (id,) in store.query("SELECT id FROM alert_transition")}
        assert transitions <= held
        assert held <= {id for (id,) in whole.query("SELECT id FROM alert_transition")}
        if kind == "action":
            [(name, count)] = store.query(
                "SELECT actor_name, count(*) FROM alert_transition WHERE actor_uid IS NOT NULL GROUP BY ALL"
            )
            assert (name, count) == ("mia", 1)


def test_killed_before_the_journal(tmp_path: Path, estate: Estate) -> None:
    """What was not noted did not happen: nothing is pending, the segment waits."""
    moment = next(number for number, found in numbered(estate).items() if found == "work" and number > 5)
    killed(tmp_path / "killed", "before", moment)
    again = make(tmp_path / "killed")
    with again.store() as store:
        assert store.pending() == []
        assert store.number == moment - 1


def test_rolled_back_transaction_is_withdrawn(estate: Estate) -> None:
    """A transaction that fails after it was noted is told to be void, and its number is used again."""
    with estate.store() as store:
        number = store.number
        [alert, *_] = store.alerts.select(ALL)

        def fail(*_: object) -> None:
            raise StoreError("refused")

        commit = store._database.execute
        store._database.execute = lambda sql, *more: (  # type: ignore[method-assign]
            fail() if sql == "COMMIT" else commit(sql, *more)
        )
        before = contents(store)
        with pytest.raises(StoreError, match="refused"):
            note(store, alert.label, START + 1000)
        store._database.execute = commit  # type: ignore[method-assign]
        assert contents(store) == before
        note(store, alert.label, START + 1001)
        assert store.number == number + 1
    with estate.store() as store:
        assert store.pending() == []
    after = told(estate)
    (estate.directory / "soc.duckdb").unlink()
    recover(estate, START + 2000)
    assert told(estate) == after


def note(store: Store, label: str, now: float) -> None:
    from soc.alerting import note as noted

    alert = store.alerts.find(label)
    assert alert is not None
    apply_action(store, alert, lambda found: noted(found, MIA, now, f"note-{now}", "a remark"), now)


@pytest.fixture(scope="module")
def cut_short(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[Any]]]:
    """A store killed with all its transactions in the write-ahead log only, and what it comes to hold."""
    directory = tmp_path_factory.mktemp("log") / "estate"
    killed(directory, "after", 21)
    assert (directory / "soc.duckdb.wal").stat().st_size > 10_000
    shutil.copytree(directory, directory.with_name("whole"))
    whole = make(directory.with_name("whole"))
    recover(whole, START + 900)
    return directory, told(whole)


@pytest.mark.parametrize("ratio", [0.3, 0.95])
def test_truncated_log(cut_short: tuple[Path, dict[str, list[Any]]], tmp_path: Path, ratio: float) -> None:
    """DuckDB opens a truncated write-ahead log as if nothing were missing; the journal knows better."""
    directory, whole = cut_short
    shutil.copytree(directory, tmp_path / "estate")
    log = tmp_path / "estate/soc.duckdb.wal"
    content = log.read_bytes()
    log.write_bytes(content[: int(len(content) * ratio)])
    estate = make(tmp_path / "estate")
    assert recover(estate, START + 900) > 1
    assert told(estate) == whole


def test_flipped_bit_in_log(cut_short: tuple[Path, dict[str, list[Any]]], tmp_path: Path) -> None:
    """A write-ahead log that does not read is set aside, told of, and what stood in it done again."""
    directory, whole = cut_short
    shutil.copytree(directory, tmp_path / "estate")
    log = tmp_path / "estate/soc.duckdb.wal"
    content = bytearray(log.read_bytes())
    # In a value: a length that is flipped looks like a log cut short.
    content[content.index(b"web-1", len(content) // 2)] ^= 4
    log.write_bytes(content)
    estate = make(tmp_path / "estate")
    assert recover(estate, START + 900) > 1
    assert told(estate) == whole
    assert (estate.directory / "soc.duckdb.damaged-wal-1").read_bytes() == bytes(content)
    with estate.store() as store:
        [(message,)] = store.query("SELECT message FROM event WHERE service = 'recovery'")
    assert "write-ahead log was damaged" in message


def test_segment_that_the_store_refuses_now(estate: Estate) -> None:
    """A damaged segment stops no rebuild: it is set aside, alerts come from the journal."""
    with estate.store() as store:
        before = {alert.id: alert.workflow for alert in store.alerts.select(ALL)}
    (estate.directory / "soc.duckdb").unlink()
    bad = sorted(estate.spool.done_directory.glob("*.parquet"))[3]
    bad.write_bytes(b"damaged")
    recover(estate, START + 900)
    with estate.store() as store:
        assert {alert.id: alert.workflow for alert in store.alerts.select(ALL)} == before
        assert store.query("SELECT count(*) FROM segment") == [(9,)]
    assert (estate.spool.quarantine_directory / bad.name).exists()


def test_poll_of_unknown_device_is_harmless(estate: Estate) -> None:
    """A device that has left the inventory since does not stop a rebuild."""
    builder = estate.poll(START + 901, {"web-1": True})
    builder.add_poll(Poll("gone", "snmp", START + 901, True, True, interval_seconds=60))
    estate.seal(builder, START + 905)
    estate.run(START + 910)
    (estate.directory / "soc.duckdb").unlink()
    assert (
        recover(Estate(estate.directory, estate.devices[:1], estate.groups, estate.rules), START + 920) > 20
    )
