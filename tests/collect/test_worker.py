"""soc.collect.worker over table-driven transports and a real spool."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from soc.collect import Row, Sample, SnmpScalars, collector
from soc.collect import worker as module
from soc.collect.environment import ALMOST_FULL, Environment
from soc.collect.outstanding import Outstanding
from soc.collect.port import Answer, Execution, Job, Transport
from soc.collect.state import CollectState
from soc.collect.worker import Share, Worker
from soc.inventory import load_inventory
from soc.spool.header import read_header
from soc.spool.segment import read_frame
from soc.spool.spool import Spool, Usage
from tests.support.devices import INVENTORY, write_inventory

UPTIME = SnmpScalars(uptime="1.3.6.1.2.1.1.3.0")


@collector(fetch=UPTIME, every="reachability", reachability=True)
def uptime(row: Row) -> Iterator[Sample]:
    """Uptime (SNMPv2-MIB, RFC 3418)."""
    yield Sample("uptime_seconds", row.uptime / 100)


class Network:
    """SNMP devices that answer at once, but for those in `slow`, which answer when `release` is set."""

    def __init__(self) -> None:
        self.slow: set[str] = set()
        self.release = threading.Event()
        self.asked: list[str] = []
        self.object_id = ""
        self.refusing: set[str] = set()

    def transports(self) -> dict[str, Transport]:
        return {"snmp": _Snmp(self)}


class _Snmp:
    def __init__(self, network: Network) -> None:
        self._network = network

    def run(self, jobs: Iterable[Job], on_answer: Callable[[Answer], None], deadline: float) -> None:
        for job in jobs:
            self._network.asked.append(job.device.name)
            if job.device.name in self._network.slow:
                self._network.release.wait(30)
            answer = Answer(job, time.time(), answered=True, credential=job.credentials[0].name)
            answer.values = dict.fromkeys(job.fetches, Row("", {"uptime": 100}))
            answer.hints["object_id"] = self._network.object_id
            answer.executions = [Execution("uptime", len(self._network.asked), "soc", "192.0.2.1", 0, 1)]
            if job.device.name in self._network.refusing:
                answer.credential, answer.refused_credentials = "", (job.credentials[0].name,)
            on_answer(answer)


class Site:
    """A data directory, a clock that only tests move, and the devices sw-1 and sw-2."""

    def __init__(self, directory: Path) -> None:
        self.now = 1_700_000_000.0
        self.elapsed = 0.0
        self.network = Network()
        self.run_on: list[str] = []  # devices of the executions that `polled` came across
        self.spool = Spool(directory / "spool")
        self.state = CollectState(directory / "collect.sqlite")
        self._inventory = load_inventory(write_inventory(directory, INVENTORY))
        self.environment = Environment(
            self._inventory, [uptime], self.network.transports(), self.state, self.spool,
            Outstanding(directory / "outstanding", "collect"), lambda logs: ([], []), lambda: self.now,
            time.monotonic,
        )  # fmt: skip

    def worker(self, share: Share | None = None) -> Worker:
        return Worker(self.environment, self.network.transports, share or Share())

    def polled(self) -> list[str]:
        """Devices with a poll row in the segments that wait, which are done then."""
        frames = [read_frame(path) for path in self.spool.waiting()]
        for path in self.spool.waiting():
            self.spool.done(path)
        if not frames:
            return []
        found = pl.concat(frames)
        rows = found.filter((pl.col("record") == "poll") & (pl.col("collector") == "snmp"))
        self.run_on += found.filter(pl.col("category") == "execution")["device"].to_list()
        return sorted(rows["device"].to_list())


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("SOC_TEST_COMMUNITY", "public")
    monkeypatch.setattr(module, "TICK_SECONDS", 0.2)
    site = Site(tmp_path)
    yield site
    site.network.release.set()
    site.state.close()


def test_each_device_is_polled_when_it_is_due(site: Site) -> None:
    """At once, and again an interval later; in between nothing is asked or sealed."""
    worker = site.worker()
    summary, _ = worker.tick()
    assert (summary.devices, summary.ok, summary.segments) == (2, 2, 1)
    assert site.polled() == ["sw-1", "sw-2"]
    assert worker.tick()[0].devices == 0
    assert site.polled() == []


def test_slow_device_holds_up_nobody(site: Site) -> None:
    """The others are sealed and asked again by another instance; the slow one is taken in when it answers."""
    site.network.slow = {"sw-1"}
    worker = site.worker()
    worker.tick()
    assert site.polled() == []  # both were in one run, behind the slow one
    site.network.slow = set()
    site.network.release.set()
    worker.tick()
    assert site.polled() == ["sw-1", "sw-2"]


def test_answered_but_unsealed_is_sealed_at_the_end(site: Site) -> None:
    """What is under way when a worker ends is asked again by the next one; nothing is half done."""
    site.network.slow = {"sw-2"}
    worker = site.worker()
    worker.tick()
    worker.finish()
    assert site.polled() == ["sw-1"]
    site.network.release.set()
    assert site.worker().tick()[0].devices == 1
    assert site.network.asked == ["sw-1", "sw-2", "sw-2"]


def test_shares_are_disjoint_and_complete() -> None:
    """Every device belongs to exactly one of several workers, each with a writer's name of its own."""
    shares = [Share(index, 3) for index in (1, 2, 3)]
    names = [f"device-{number}" for number in range(300)]
    assert all(sum(share.holds(name) for share in shares) == 1 for name in names)
    assert all(60 < sum(share.holds(name) for name in names) < 140 for share in shares)
    assert [share.writer for share in shares] == ["collect-1", "collect-2", "collect-3"]
    assert set(shares[0].other_writers) == {"collect-2", "collect-3"}
    assert Share().writer == "collect"


def test_workers_polls_only_its_share(site: Site) -> None:
    """Two workers on one state poll each device once."""
    for index in (1, 2):
        site.worker(Share(index, 2)).tick()
    assert sorted(site.network.asked) == ["sw-1", "sw-2"]
    assert site.polled() == ["sw-1", "sw-2"]


def test_full_spool_asks_nothing_until_there_is_room(site: Site) -> None:
    """What cannot be stored is not asked, and the reason stands in every summary."""
    worker = site.worker()
    site.spool.limit_bytes = 1
    summary, _ = worker.tick()
    assert (summary.devices, site.network.asked) == (0, [])
    assert "is full" in summary.problems[0]
    assert "is full" in worker.tick()[0].problems[0]
    worker = site.worker()
    site.spool.limit_bytes = 1 << 30
    assert worker.tick()[0].ok == 2


def test_spool_that_fills_is_a_problem(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over 80 % is told while there still is room, as a cycle does."""
    monkeypatch.setattr(Usage, "almost_full", True)
    summary, _ = site.worker().tick()
    assert summary.problems == [ALMOST_FULL]
    assert summary.ok == 2


def test_what_cannot_be_sealed_is_collected_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker forgets what it could not make durable and polls it once there is room."""
    monkeypatch.setattr(module, "_ROOM_EVERY_SECONDS", 0.0)
    worker = site.worker()
    write, site.spool._write = site.spool._write, _no_space  # type: ignore[method-assign]
    assert "not stored" in worker.tick()[0].problems[0]
    site.spool._write = write  # type: ignore[method-assign]
    assert worker.tick()[0].ok == 2
    assert site.polled() == ["sw-1", "sw-2"]
    assert site.network.asked == ["sw-1", "sw-2"] * 2


def test_what_was_done_to_hosts_is_told_though_nothing_else_counts(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Executions and refusals of a batch that could not be sealed are, with the next one."""
    monkeypatch.setattr(module, "_ROOM_EVERY_SECONDS", 0.0)
    site.network.refusing = {"sw-1"}
    worker = site.worker()
    write, site.spool._write = site.spool._write, _no_space  # type: ignore[method-assign]
    worker.tick()
    assert site.state.refusals() == {}
    site.spool._write = write  # type: ignore[method-assign]
    worker.tick()
    site.polled()
    assert sorted(site.run_on) == ["sw-1", "sw-1", "sw-2", "sw-2"]
    assert [refusal.count for refusal in site.state.refusals().values()] == [2]


def test_what_is_run_for_an_inventory_before_is_told(site: Site) -> None:
    """A command under way while the inventory changes is told when it ends, and its host asked again."""
    site.network.slow = {"sw-2"}
    worker = site.worker()
    worker.tick()
    worker.finish()
    worker.take_over(site.environment, site.network.transports)
    site.network.release.set()
    until = time.monotonic() + 60
    while len(site.run_on) < 3 and time.monotonic() < until:
        worker.tick()
        site.polled()
    assert sorted(site.run_on) == ["sw-1", "sw-2", "sw-2"]
    assert site.network.asked == ["sw-1", "sw-2", "sw-2"]


def _no_space(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_clock_set_back_stops_no_polling(site: Site) -> None:
    """Due times that lie a day ahead after the clock was set back do not wait for that day."""
    worker = site.worker()
    worker.tick()
    site.now -= 86_400
    assert worker.tick()[0].devices == 2


def test_cursors_of_a_killed_worker_are_taken_over(site: Site) -> None:
    """Segments sealed but not noted are noted by the next worker of that name, not by another."""
    site.worker(Share(1, 2)).tick()
    site.worker(Share(2, 2)).tick()
    sealed = {read_header(path).writer: path.stem for path in site.spool.waiting()}
    with site.state.transaction():
        for writer in sealed:
            site.state.save_cursors([], writer, "")
    site.worker(Share(1, 2))
    assert site.state.last_segments() == dict.fromkeys(sealed, "") | {
        "collect-1": sealed.get("collect-1", "")
    }


def test_series_of_a_replaced_device_end_at_once(site: Site) -> None:
    """What only the agent before had is marked stale when another sysObjectID is read, though not due."""
    probes = SnmpScalars(uptime="1.3.6.1.4.1.99999.1.0").where("1.3.6.1.4.1.99999")

    @collector(fetch=probes, every="configuration", name="probes")
    def own(row: Row) -> Iterator[Sample]:
        """Temperature (EXAMPLE-MIB)."""
        yield Sample("temperature_celsius", row.uptime)

    def found() -> list[object]:
        paths = site.spool.waiting()
        rows = pl.concat(map(read_frame, paths)).filter(
            (pl.col("device") == "sw-1") & (pl.col("metric") == "temperature_celsius")
        )
        for path in paths:
            site.spool.done(path)
        return rows["value"].to_list()

    site.environment = replace(site.environment, collectors=[uptime, own])
    site.network.object_id = "1.3.6.1.4.1.99999.7"
    worker = site.worker()
    worker.tick()
    worker.tick()
    assert found() == [100]
    site.network.object_id = "1.3.6.1.4.1.9.1"
    site.now += 60
    site.elapsed += 60
    worker.tick()
    assert found() == [None]
    assert ("sw-1", "probes") not in site.state.tasks()
