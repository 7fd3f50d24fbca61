"""soc.collect.cycle, batch and run: a cycle over table-driven transports."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from soc.collect import (
    Collector,
    CommandOutput,
    Fact,
    LogRecord,
    Partial,
    Row,
    Sample,
    SnmpScalars,
    SnmpTable,
    SshCommand,
    collector,
)
from soc.collect.cycle import run_cycle
from soc.collect.environment import Environment, Summary
from soc.collect.logs import gap
from soc.collect.memory import Memory
from soc.collect.outstanding import Outstanding, as_sent
from soc.collect.port import Answer, Execution, Failure, Job
from soc.collect.state import CollectState
from soc.inventory import load_inventory
from soc.model import Cursor, Event, SpoolError
from soc.spool.header import read_header
from soc.spool.segment import SegmentBuilder, read_frame
from soc.spool.spool import RESERVE_BYTES, Spool
from tests.support.command import soc
from tests.support.devices import INVENTORY, TableTransport, write_inventory

UPTIME = SnmpScalars(uptime="1.3.6.1.2.1.1.3.0")
TABLE = SnmpTable("1.3.6.1.2.1.2.2.1", state=8)
LOG = SshCommand("log", "read cursor; cat log", stream="auth")


@collector(fetch=UPTIME, every="reachability", reachability=True)
def uptime(row: Row) -> Iterator[Sample]:
    """Uptime (SNMPv2-MIB, RFC 3418)."""
    yield Sample("uptime_seconds", row.uptime / 100)


@collector(fetch=TABLE, every="interfaces")
def states(rows: list[Row]) -> Iterator[Sample]:
    """Interface states (IF-MIB, RFC 2863)."""
    for row in rows:
        yield Sample("interface_up", float(row.state == 1), {"interface": row.index})


@collector(fetch=LOG, every="reachability")
def log(output: CommandOutput) -> Iterator[LogRecord]:
    """Lines."""
    for number, line in enumerate(output.stdout.splitlines()):
        yield LogRecord("auth", str(number), line)
    if "lost" in output.stdout:
        yield gap("auth", "7", "the file is gone")


def refine(logs: Iterable[tuple[object, LogRecord, float]]) -> tuple[list[Event], list[object]]:
    events = [
        Event(f"{record.stream}-{record.cursor}", 0.0, at, message=record.message) for _, record, at in logs
    ]
    return events, []


class Site:
    """A data directory, a clock, and transports that answer from a table."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SOC_TEST_COMMUNITY", "public")
        self.directory = directory
        self.now = 1_700_000_000.0
        self.values: dict[str, dict[object, object]] = {}
        self.failures: dict[str, Failure] = {}
        self.refused: dict[str, tuple[str, ...]] = {}
        self.refused_on_jumps: dict[str, tuple[tuple[str, str], ...]] = {}
        self.accepted_on_jumps: dict[str, tuple[tuple[str, str], ...]] = {}
        self.hints: dict[str, object] = {}
        self.anew = False
        self.hinted: dict[str, Mapping[str, object]] = {}  # with which the device was asked last
        self.sent: dict[str, list[Execution]] = {}
        self.executions: dict[str, list[Execution]] = {}
        self.snmp = TableTransport(self._answer)
        self.ssh = TableTransport(self._answer)
        self.collectors: list[Collector] = [uptime, states, log]
        self.spool = Spool(directory / "spool")
        self.inventory_text = INVENTORY

    def _answer(self, job: Job) -> Answer:
        name = job.device.name
        failure = self.failures.get(name)
        self.hinted[name] = job.hints
        if job.sending is not None and name in self.sent:
            job.sending.note(self.sent[name])
        answer = Answer(job, self.now, answered=failure is None or failure.reason == "authentication")
        answer.failure = failure
        answer.refused_credentials = self.refused.get(name, ())
        answer.refused_on_jumps = self.refused_on_jumps.get(name, ())
        answer.accepted_on_jumps = self.accepted_on_jumps.get(name, ())
        if any(isinstance(fetch, SshCommand) for fetch in job.fetches):
            answer.executions = self.executions.get(name, [])
        if failure is None:
            answer.hints = dict(self.hints)
            answer.anew = self.anew
            answer.credential = job.credentials[0].name
            answer.values = {f: v for f, v in self.values.get(name, {}).items() if f in job.fetches}  # type: ignore[misc]
            for fetch in job.fetches:
                if fetch not in answer.values and fetch is not LOG:
                    answer.values[fetch] = [] if fetch is TABLE else Row("", {"uptime": 100})
        return answer

    def cycle(self, **options: object) -> Summary:
        inventory = load_inventory(write_inventory(self.directory, self.inventory_text))
        state = CollectState(self.directory / "collect.sqlite")
        environment = Environment(
            inventory, self.collectors, {"snmp": self.snmp, "ssh": self.ssh}, state, self.spool,
            Outstanding(self.directory / "outstanding", "collect"), refine,  # type: ignore[arg-type]
            lambda: self.now, lambda: 0.0,
        )  # fmt: skip
        try:
            return run_cycle(environment, deadline_seconds=10.0, **options)  # type: ignore[arg-type]
        finally:
            state.close()

    def rows(self, record: str) -> list[dict[str, object]]:
        """Rows of all waiting segments; they are then done."""
        frames = [read_frame(path) for path in self.spool.waiting()]
        for path in self.spool.waiting():
            self.spool.done(path)
        return pl.concat(frames).filter(pl.col("record") == record).to_dicts() if frames else []


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(tmp_path, monkeypatch)


def test_a_device_that_began_anew_is_asked_for_everything(site: Site) -> None:
    """It may be another: what is read seldom, and what it did not have before, is due at once."""

    @collector(every="configuration", fetch=SnmpScalars(serial="1.3.6.1.4.1.99999.1.0"))
    def serial(row: Row) -> Iterator[Sample]:
        yield Sample("device_info", 1, {"serial": str(row.uptime)})

    def polled() -> set[object]:
        site.cycle()
        site.now += 60
        return {row["collector"] for row in site.rows("poll") if row["device"] == "sw-1"}

    site.collectors = [uptime, states, serial]
    assert polled() == {"snmp", "uptime", "serial"}
    assert polled() == {"snmp", "uptime"}
    site.values["sw-1"] = {TABLE: [Row("1", {"state": 1})]}
    site.anew = True
    assert polled() == {"snmp", "uptime"}
    site.anew = False
    assert polled() == {"snmp", "uptime", "serial", "states"}
    assert polled() == {"snmp", "uptime"}


@pytest.mark.parametrize(("uptime_seconds", "asked_again"), [(100, True), (10_000, False)])
def test_what_a_starting_device_lacks_is_asked_for_soon(
    site: Site, uptime_seconds: int, asked_again: bool
) -> None:
    """Its agent may answer before its tables are there: that is no absence for a day."""
    site.hints = {"booted": site.now - uptime_seconds}
    site.cycle()
    site.values["sw-1"] = {TABLE: [Row("1", {"state": 1})]}
    site.now += 301
    site.rows("poll")
    site.cycle()
    polled = {row["collector"] for row in site.rows("poll") if row["device"] == "sw-1"}
    assert ("states" in polled) == asked_again


def test_hints_come_back_with_the_next_job(site: Site) -> None:
    """What a transport wants remembered of a device, merged with what it left before."""
    site.hints = {"endpoint": "192.0.2.1:161", "rows": {"1.3.6.1.2.1.2.2.1": 4}}
    site.cycle()
    site.hints = {"endpoint": ""}
    site.now += 60
    site.cycle()
    assert site.hinted["sw-1"] == {"endpoint": "192.0.2.1:161", "rows": {"1.3.6.1.2.1.2.2.1": 4}}
    site.now += 60
    site.cycle()
    assert site.hinted["sw-1"] == {"endpoint": "", "rows": {"1.3.6.1.2.1.2.2.1": 4}}


def values(rows: list[dict[str, object]]) -> dict[tuple[object, ...], object]:
    return {(row["device"], row["metric"], row["labels"]): row["value"] for row in rows}


def test_what_devices_say_is_sealed_with_up_and_duration(site: Site) -> None:
    """One segment holds the samples, `up` per transport and collector, and the poll rows."""
    site.values["sw-1"] = {TABLE: [Row("7", {"state": 1})]}
    summary = site.cycle()
    assert (summary.devices, summary.ok, summary.failed, summary.segments) == (3, 3, 0, 1)
    (path,) = site.spool.waiting()
    assert read_header(path).rows == read_frame(path).height
    found = values(site.rows("sample"))
    assert found["sw-1", "uptime_seconds", "{}"] == 1.0
    assert found["sw-1", "interface_up", '{"interface":"7"}'] == 1.0
    assert found["sw-1", "up", '{"collector":"snmp"}'] == 1.0
    assert found["sw-1", "up", '{"collector":"states"}'] == 1.0
    assert ("sw-2", "up", '{"collector":"states"}') not in found


def test_dead_device_is_data(site: Site) -> None:
    """A device that stops answering gives up 0, staleness markers, poll rows with the reason, one event."""
    site.values["sw-1"] = {TABLE: [Row("7", {"state": 1})]}
    site.cycle()
    site.rows("sample")
    site.now += 300
    site.failures["sw-1"] = Failure("timeout", "3 tries of 2 s")
    summary = site.cycle(everything=True)
    assert (summary.ok, summary.failed, summary.problems) == (1, 1, [])
    frame = pl.concat([read_frame(path) for path in site.spool.waiting()])
    own = frame.filter(pl.col("device") == "sw-1")
    found = values(own.filter(pl.col("record") == "sample").to_dicts())
    assert found["sw-1", "up", '{"collector":"snmp"}'] == 0.0
    assert found["sw-1", "uptime_seconds", "{}"] is None
    assert found["sw-1", "interface_up", '{"interface":"7"}'] is None
    polls = {row["collector"]: row for row in own.filter(pl.col("record") == "poll").to_dicts()}
    assert {name: row["reason"] for name, row in polls.items()} == dict.fromkeys(
        ("snmp", "states", "uptime"), "timeout"
    )
    assert not polls["snmp"]["answered"]
    (event,) = own.filter(pl.col("record") == "event").to_dicts()
    assert (event["product"], event["category"], event["service"]) == ("soc", "collection", "snmp")
    assert {"key": "reason", "value": "timeout"} in event["fields"]


def test_device_that_refuses_us_is_up(site: Site) -> None:
    """An authentication error is an answer: the transport is up, the collector is not."""
    site.failures["sw-1"] = Failure("authentication", "unknown user")
    site.cycle()
    found = values(site.rows("sample"))
    assert found["sw-1", "up", '{"collector":"snmp"}'] == 1.0
    assert found["sw-1", "up", '{"collector":"uptime"}'] == 0.0


def test_failure_makes_one_event_until_it_changes(site: Site) -> None:
    """The same failure again is no news; its end is."""
    seen = []
    for failure in (None, Failure("timeout"), Failure("timeout"), Failure("refused"), None):
        site.failures = {"sw-1": failure} if failure else {}
        site.now += 60
        site.cycle()
        seen.append([row["message"] for row in site.rows("event")])
    assert [len(messages) for messages in seen] == [0, 1, 0, 1, 1]
    assert seen[4] == ["collection by snmp works again"]


def test_vanished_row_is_marked_stale(site: Site) -> None:
    """A row that is gone from a table that was read ends its series; the others go on."""
    site.values["sw-1"] = {TABLE: [Row("1", {"state": 1}), Row("2", {"state": 1})]}
    site.cycle()
    site.rows("sample")
    site.values["sw-1"] = {TABLE: [Row("1", {"state": 2})]}
    site.now += 300
    site.cycle(everything=True)
    found = values(site.rows("sample"))
    assert found["sw-1", "interface_up", '{"interface":"1"}'] == 0.0
    assert found["sw-1", "interface_up", '{"interface":"2"}'] is None


def test_cycles_of_one_process_go_on_with_what_they_know(site: Site) -> None:
    """With the memory of the cycle before, nothing is asked too early and a vanished row is missed."""
    with closing(CollectState(site.directory / "collect.sqlite")) as state:
        memory = Memory.of(state, site.collectors)
        site.values["sw-1"] = {TABLE: [Row("1", {"state": 1}), Row("2", {"state": 1})]}
        assert site.cycle(memory=memory).devices > 0
        assert site.cycle(memory=memory).devices == 0
        site.rows("sample")
        site.values["sw-1"] = {TABLE: [Row("1", {"state": 2})]}
        site.now += 300
        site.cycle(memory=memory)
        found = values(site.rows("sample"))
    assert found["sw-1", "interface_up", '{"interface":"1"}'] == 0.0
    assert found["sw-1", "interface_up", '{"interface":"2"}'] is None


def test_collectors_that_do_not_apply_are_not_asked_again_for_a_day(site: Site) -> None:
    """An empty table is asked for again after the configuration interval only."""
    site.cycle()
    site.now += 3600
    site.cycle(everything=True)
    asked = [TABLE in job.fetches for job in site.snmp.jobs if job.device.name == "sw-2"]
    site.now += 86400
    site.cycle(everything=True)
    asked.append(TABLE in site.snmp.jobs[-1].fetches)
    assert asked == [True, False, True]


def test_an_agents_own_collectors_follow_what_it_is(site: Site) -> None:
    """They are asked for from the cycle after sysObjectID was read; they end when it is another."""
    system = SnmpScalars(object_id="1.3.6.1.2.1.1.2.0")
    own = SnmpScalars(celsius="1.3.6.1.4.1.99999.1.0").where("1.3.6.1.4.1.99999")

    @collector(fetch=system, every="reachability", facts={"identity"})
    def identity(row: Row) -> Iterator[Fact]:
        """What it is (SNMPv2-MIB)."""
        yield Fact("identity", row.object_id, "object_id")

    @collector(fetch=own, every="reachability")
    def probes(row: Row) -> Iterator[Sample]:
        """Temperature (EXAMPLE-MIB)."""
        yield Sample("temperature_celsius", row.celsius)

    site.collectors = [identity, probes]

    def cycle(object_id: str) -> list[bool]:
        site.hints = {"object_id": object_id}
        row = Row("", {"object_id": object_id})
        site.values = {name: {system: row, own: Row("", {"celsius": 20})} for name in ("sw-1", "sw-2")}
        site.now += 60
        del site.snmp.jobs[:]
        site.cycle()
        return [own in job.fetches for job in site.snmp.jobs if job.device.name == "sw-1"]

    assert cycle("1.3.6.1.4.1.99999.7") == [False]
    assert cycle("1.3.6.1.4.1.99999.7") == [True]
    assert values(site.rows("sample"))["sw-1", "temperature_celsius", "{}"] == 20
    assert cycle("1.3.6.1.4.1.9.1") == [True]
    assert cycle("1.3.6.1.4.1.9.1") == [False]
    assert values(site.rows("sample"))["sw-1", "temperature_celsius", "{}"] is None


def test_two_collectors_of_one_transport_never_contradict(site: Site) -> None:
    """A series is the standard MIB's, else the vendor's; no marker ends what the other says."""
    standard = SnmpScalars(charge="1.3.6.1.2.1.33.1.2.4.0", volts="1.3.6.1.2.1.33.1.2.5.0")
    own = SnmpScalars(charge="1.3.6.1.4.1.99999.1.0", volts="1.3.6.1.4.1.99999.2.0").where(
        "1.3.6.1.4.1.99999"
    )

    def battery(row: Row) -> Iterator[Sample]:
        for metric, value in (("battery_charge_ratio", row.charge), ("voltage_volts", row.volts)):
            if value is not None:
                yield Sample(metric, value, {"sensor": "battery"})

    vendors = collector(fetch=own, every="reachability", name="a_vendors")(battery)
    often = collector(fetch=own, every="30s", name="b_vendors_again")(battery)
    site.collectors = [vendors, often, collector(fetch=standard, every="reachability", name="ups")(battery)]
    site.hints = {"object_id": "1.3.6.1.4.1.99999.7"}

    def cycle(seconds: float, charge: float | None, volts: float | None, own_volts: float | None) -> object:
        site.values["sw-1"] = {
            standard: Row("", {"charge": charge, "volts": volts}),
            own: Row("", {"charge": 0.5, "volts": own_volts}),
        }
        site.now += seconds
        site.cycle()
        wanted = ("battery_charge_ratio", "voltage_volts")
        rows = [row for row in site.rows("sample") if row["device"] == "sw-1" and row["metric"] in wanted]
        return sorted((row["metric"], row["value"]) for row in rows)

    cycle(0, 0.9, 12.0, 13.0)  # what kind of agent it is, is known from here on
    assert cycle(60, 0.9, 12.0, 13.0) == [("battery_charge_ratio", 0.9), ("voltage_volts", 12.0)]
    assert cycle(30, 0.9, 12.0, 13.0) == []  # the standard one's are as it said last
    assert cycle(30, None, 12.0, None) == [("battery_charge_ratio", 0.5), ("voltage_volts", 12.0)]
    assert cycle(60, 0.9, None, None) == [("battery_charge_ratio", 0.9), ("voltage_volts", None)]


def test_what_failed_and_then_does_not_apply_is_no_failure_any_more(site: Site) -> None:
    """Its last outcome counts as settled, and its own series end."""
    site.failures["sw-1"] = Failure("timeout", "3 tries")
    site.cycle()
    assert {row["collector"] for row in site.rows("poll") if row["device"] == "sw-1" and not row["ok"]} == {
        "snmp", "uptime", "states",
    }  # fmt: skip
    site.failures.clear()
    site.now += 300
    site.cycle()
    frame = pl.concat([read_frame(path) for path in site.spool.waiting()]).filter(pl.col("device") == "sw-1")
    polls = frame.filter(pl.col("record") == "poll")
    assert dict(zip(polls["collector"], polls["ok"], strict=True)) == {
        "snmp": True, "uptime": True, "states": True,
    }  # fmt: skip
    found = values(frame.filter(pl.col("record") == "sample").to_dicts())
    assert found["sw-1", "up", '{"collector":"states"}'] is None
    assert found["sw-1", "poll_duration_seconds", '{"collector":"states"}'] is None
    site.rows("poll")
    site.now += 300
    site.cycle()
    assert "states" not in {row["collector"] for row in site.rows("poll")}


def test_cursors_travel_in_the_segment_and_come_back(site: Site) -> None:
    """The last record's cursor goes into the header and to the next job."""
    site.values["web-1"] = {LOG: CommandOutput("a\nb\nc", "", 0)}
    site.cycle()
    (path,) = site.spool.waiting()
    assert [(c.device, c.stream, c.value) for c in read_header(path).cursors] == [("web-1", "auth", "2")]
    assert [row["message"] for row in site.rows("event")] == ["a", "b", "c"]
    site.now += 60
    site.cycle()
    assert site.ssh.jobs[-1].cursors == {"auth": "2"}


def test_gap_is_no_cursor(site: Site) -> None:
    """What tells of lost lines goes with them; the next pull begins where the last line ended."""
    site.values["web-1"] = {LOG: CommandOutput("a\nlost", "", 0)}
    site.cycle()
    assert [row["message"] for row in site.rows("event")] == ["a", "lost", "the file is gone"]
    site.now += 60
    site.cycle()
    assert site.ssh.jobs[-1].cursors == {"auth": "1"}


@pytest.mark.parametrize("failed", [False, True])
def test_executions_are_in_the_segment_of_their_poll(site: Site, failed: bool) -> None:
    """What was run is told beside what came of it, and also where the device failed in the end."""
    site.executions["web-1"] = [Execution("log", site.now, "soc", "192.0.2.7", 0, 12)]
    if failed:
        site.failures["web-1"] = Failure("protocol", "the connection ended")
    site.cycle()
    (segment,) = site.spool.waiting()
    frame = read_frame(segment)
    rows = frame.filter(pl.col("category") == "execution").select("device", "service", "user").rows()
    assert rows == [("web-1", "log", "soc")]
    assert frame.filter((pl.col("record") == "poll") & (pl.col("device") == "web-1")).height > 0


@pytest.mark.parametrize("moment", ["soc.spool.spool.Spool.seal", "soc.collect.batch.Batch.remember"])
def test_what_a_killed_cycle_ran_is_told_by_the_next(
    site: Site, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Not sealed, it is an event of the next cycle; sealed already, it is the same event once more."""
    ran = Execution("log", site.now, "soc", "192.0.2.7", 0, 12)
    site.sent["web-1"], site.executions["web-1"] = [as_sent(ran)], [ran]

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(moment, die)
        with pytest.raises(KeyboardInterrupt):
            site.cycle()
    sealed = _executions(site)
    assert [row["exit_code"] for row in sealed] == (["0"] if moment.endswith("remember") else [])
    site.sent, site.executions = {}, {}
    site.cycle()
    (told,) = _executions(site)
    assert (told["device"], told["service"], told["exit_code"]) == ("web-1", "log", "-1")
    assert all(row["id"] == told["id"] for row in sealed)
    site.now += 60
    site.cycle(everything=True)
    assert _executions(site) == []


def test_what_an_answer_does_not_tell_is_told_with_its_reason(site: Site) -> None:
    """Commands that were sent for an answer that came without them."""
    site.sent["web-1"] = [as_sent(Execution("log", site.now, "soc", "192.0.2.7", 0, 12))]
    site.failures["web-1"] = Failure("deadline", "the host took too long")
    site.cycle()
    (told,) = _executions(site)
    assert (told["device"], told["service"], told["reason"]) == ("web-1", "log", "deadline")
    site.sent = {}
    site.cycle(everything=True)
    assert _executions(site) == []


def _executions(site: Site) -> list[dict[str, object]]:
    return [
        row | {item["key"]: item["value"] for item in row["fields"]}  # type: ignore[attr-defined]
        for row in site.rows("event")
        if row["category"] == "execution"
    ]


def test_cursor_of_a_cycle_killed_after_sealing_is_recovered(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cycle that died between sealing and remembering does not pull the lines a second time."""
    site.values["web-1"] = {LOG: CommandOutput("a\nb", "", 0)}

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("soc.collect.batch.Batch.remember", die)
        with pytest.raises(KeyboardInterrupt):
            site.cycle()
    assert len(site.spool.waiting()) == 1
    site.now += 60
    site.cycle()
    assert site.ssh.jobs[-1].cursors == {"auth": "1"}


def test_cursor_that_cannot_be_kept_ends_no_collection(site: Site) -> None:
    """A sealed header with one is told of once; the cursors beside it are taken over."""
    builder = SegmentBuilder()
    builder.add_stale("web-1", "up", "{}", site.now, 60.0)
    builder.cursors = [Cursor("web-1", "evil", "s=1;x=\ud800"), Cursor("web-1", "auth", "7")]
    site.spool.seal(builder, writer="collect", created=site.now, sealed=site.now)
    site.values["web-1"] = {LOG: CommandOutput("", "", 127)}
    problems = [problem for _ in range(2) for problem in site.cycle(everything=True).problems]
    assert len(problems) == 1
    assert problems[0].endswith("1 cursors that are none, left out")
    assert site.ssh.jobs[-1].cursors == {"auth": "7"}


def test_cursors_survive_a_clock_stepped_back(site: Site) -> None:
    """Segments of before the step never bring their older cursors back, killed cycles or not."""
    site.values["web-1"] = {LOG: CommandOutput("a\nb", "", 0)}
    site.cycle()
    site.now -= 7200
    site.values["web-1"] = {LOG: CommandOutput("a\nb\nc\nd", "", 0)}
    site.cycle(everything=True)
    assert [read_header(path).cursors[0].value for path in site.spool.waiting()] == ["1", "3"]
    site.now += 60
    site.cycle(everything=True)
    assert site.ssh.jobs[-1].cursors == {"auth": "3"}
    (site.directory / "collect.sqlite").unlink()
    site.cycle(everything=True)
    assert site.ssh.jobs[-1].cursors == {"auth": "3"}


def test_device_that_left_the_inventory_leaves_no_series(site: Site) -> None:
    """Everything of it ends, the state forgets it, its cursor stays for a return."""
    site.values["sw-1"] = {TABLE: [Row("7", {"state": 1})]}
    site.values["web-1"] = {LOG: CommandOutput("a\nb", "", 0)}
    site.cycle()
    before = {key for key in values(site.rows("sample")) if key[0] in ("sw-1", "web-1")}
    site.inventory_text = "\n".join(
        line for line in INVENTORY.splitlines() if "sw-1" not in line and "web-1" not in line
    )
    site.now += 60
    site.cycle()
    found = values(site.rows("sample"))
    assert {key for key, value in found.items() if value is None} == before
    state = CollectState(site.directory / "collect.sqlite")
    known = {device for device, _ in [*state.tasks(), *state.contacts()]}
    assert (known, state.told(["sw-1"]), state.cursors()) == ({"sw-2"}, {}, {"web-1": {"auth": "1"}})
    state.close()
    site.cycle()
    assert not any(row["device"] in ("sw-1", "web-1") for row in site.rows("sample"))


def test_collector_that_is_no_longer_loaded_leaves_no_series(site: Site) -> None:
    """Its series end and its last failure is settled; the device's others go on."""
    site.values["sw-1"] = {TABLE: [Row("7", {"state": 1})]}
    site.cycle()
    site.rows("sample")
    site.collectors.remove(states)
    site.now += 60
    site.cycle()
    (path,) = site.spool.waiting()
    own = read_frame(path).filter(pl.col("device") == "sw-1")
    found = values(own.filter(pl.col("record") == "sample").to_dicts())
    assert found["sw-1", "interface_up", '{"interface":"7"}'] is None
    assert found["sw-1", "up", '{"collector":"states"}'] is None
    assert found["sw-1", "up", '{"collector":"uptime"}'] == 1.0
    assert own.filter(pl.col("collector") == "states")["ok"].to_list() == [True]


def test_segments_given_up_for_room_are_told_of(site: Site) -> None:
    """A store could not be rebuilt from them: an event names the first and the last."""
    site.cycle()
    site.rows("sample")
    (kept,) = site.spool.done_directory.iterdir()
    site.spool = Spool(site.directory / "spool", limit_bytes=RESERVE_BYTES + kept.stat().st_size - 1)
    site.now += 60
    site.cycle()
    assert not kept.exists()
    (event,) = [row for row in site.rows("event") if row["category"] == "spool"]
    assert {"key": "first", "value": kept.name} in event["fields"]
    assert "1 ingested segments were given up" in event["message"]


def test_devices_without_a_usable_credential_fill_no_memory(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails before anything is sent is sealed as it comes, too, and its reason is told once."""
    monkeypatch.delenv("SOC_TEST_COMMUNITY")
    monkeypatch.setattr("soc.collect.recorder.ROWS_PER_SEGMENT", 10)
    summary = site.cycle()
    assert summary.segments >= 2
    assert len(summary.problems) == 1


def test_full_spool_stops_the_cycle_before_any_packet(site: Site) -> None:
    """What cannot be stored is not asked."""
    site.spool = Spool(site.directory / "spool", limit_bytes=RESERVE_BYTES - 1)
    with pytest.raises(SpoolError, match="full"):
        site.cycle()
    assert site.snmp.jobs == []


def test_unresolved_credential_is_ours_and_sends_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Devices behind it fail with reason credential; the cycle names the reference; others go on."""
    monkeypatch.delenv("SOC_TEST_COMMUNITY")
    summary = site.cycle()
    assert site.snmp.jobs == []
    assert (summary.ok, summary.failed) == (1, 2)
    assert any("SOC_TEST_COMMUNITY" in problem for problem in summary.problems)
    rows = site.rows("poll")
    assert {row["reason"] for row in rows if row["device"] == "sw-1"} == {"credential"}
    assert not any(row["collector"] == "snmp" for row in rows if row["device"] == "sw-1")


def test_credential_rests_after_two_refusals_until_it_changes(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third cycle sends nothing for an hour; a changed secret is tried at once."""
    site.failures["sw-1"] = Failure("authentication", "unknown user")
    site.refused["sw-1"] = ("lab",)

    def tried() -> bool:
        site.now += 60
        site.snmp.jobs.clear()
        site.cycle()
        return any(job.device.name == "sw-1" for job in site.snmp.jobs)

    assert [tried(), tried(), tried()] == [True, True, False]
    monkeypatch.setenv("SOC_TEST_COMMUNITY", "changed")
    assert tried()
    monkeypatch.setenv("SOC_TEST_COMMUNITY", "public")
    assert tried()
    assert [tried(), tried()] == [True, False]
    site.now += 3600
    assert tried()


def test_refusal_of_a_credential_that_is_gone_counts_for_nothing(site: Site) -> None:
    """One that stopped resolving while the device refused it ends no collection."""
    site.failures["sw-1"] = Failure("authentication", "unknown user")
    site.refused["sw-1"] = ("gone",)
    assert site.cycle().failed == 1


@pytest.mark.parametrize("accepted", [False, True])
def test_credential_that_a_jump_host_refuses_rests_there(site: Site, accepted: bool) -> None:
    """It counts for the jump host, whoever needed it on the way, until the host accepts it once."""
    site.inventory_text = INVENTORY.replace(
        "credentials: [ops]}", "credentials: [ops], ssh: {jump: hop}}"
    ) + ("  - {name: hop, address: 192.0.2.9, tower: security, credentials: [way], state: staged}\n")
    site.inventory_text = site.inventory_text.replace(
        "devices:",
        "  way: {ssh: {user: soc, key_file: /nonexistent/key, known_hosts: /nonexistent/k}}\ndevices:",
    )
    site.failures["web-1"] = Failure("jump", "jump host hop: authentication: refused")
    site.refused_on_jumps["web-1"] = (("hop", "way"),)
    ways = []
    for number in range(3):
        site.now += 60
        site.ssh.jobs.clear()
        site.accepted_on_jumps["web-1"] = (("hop", "way"),) if accepted and number == 0 else ()
        site.cycle(everything=True)
        (job,) = site.ssh.jobs
        ways.append([(hop.device.name, [item.name for item in hop.credentials]) for hop in job.jumps])
    assert ways == [[("hop", ["way"])], [("hop", ["way"])], [("hop", ["way"] if accepted else [])]]


def test_two_transports_never_contradict(site: Site) -> None:
    """Of the same series and facts SSH's count; SNMP's series fill in where SSH is silent."""

    @collector(fetch=UPTIME, every="60s", facts={"identity"})
    def by_snmp(row: Row) -> Iterator[Sample | Fact]:
        yield Sample("uptime_seconds", 1)
        yield Sample("by_snmp_only", 1)
        yield Sample("device_info", 1, {"os": "Linux"})
        yield Fact("identity", "Linux", "os")
        yield Fact("identity", "1.3.6.1.4.1.8072", "object_id")

    @collector(fetch=LOG, every="60s")
    def by_ssh(output: CommandOutput) -> Iterator[Sample | Fact]:
        yield Sample("uptime_seconds", 2)
        yield Sample("device_info", 1, {"os": "Debian"})
        yield Fact("identity", "Debian", "os")

    site.collectors = [by_snmp, by_ssh]
    site.inventory_text = site.inventory_text.replace("credentials: [ops]", "credentials: [lab, ops]")
    site.values["web-1"] = {LOG: CommandOutput("x", "", 0)}

    described: list[list[object]] = []

    def told() -> tuple[dict[object, object], dict[object, object], list[object]]:
        site.now += 60
        site.cycle()
        frame = pl.concat([read_frame(path) for path in site.spool.waiting()])
        site.rows("sample")
        own = frame.filter(pl.col("device") == "web-1")
        rows = own.filter(pl.col("record") == "sample").to_dicts()
        samples = {row["metric"]: row["value"] for row in rows}
        described.append([row["labels"] for row in rows if row["metric"] == "device_info" and row["value"]])
        facts = {row["instance"]: row["text"] for row in own.filter(pl.col("record") == "fact").to_dicts()}
        whole = own.filter(pl.col("collector") == "by_snmp")["fact_keys"].to_list()
        return {name: samples.get(name) for name in ("uptime_seconds", "by_snmp_only")}, facts, whole

    both = (
        {"uptime_seconds": 2.0, "by_snmp_only": 1.0},
        {"os": "Debian", "object_id": "1.3.6.1.4.1.8072"},
        [[]],
    )
    assert told() == both
    assert told() == both
    assert described == [['{"os":"Debian"}']] * 2
    site.values["web-1"] = {LOG: CommandOutput("", "denied", 1)}
    samples, facts, _ = told()
    assert samples["uptime_seconds"] == 1.0
    assert facts == {"object_id": "1.3.6.1.4.1.8072"}


MORE = "  - {name: sw-0, address: 192.0.2.9, tower: network, kind: switch, credentials: [lab]}\n"


class Broken:
    """A transport that answers one job and raises."""

    def run(self, jobs: Iterable[Job], on_answer: Callable[[Answer], None], deadline: float) -> None:
        job = next(iter(jobs))
        on_answer(Answer(job, 1_700_000_000.0, answered=True, credential="lab"))
        raise RuntimeError("community public")


def test_broken_transport_is_answered_for(site: Site) -> None:
    """A transport that raised is our failure, told once: nothing it did not ask about is called down.

    Its error's text stays untold, it may quote a setting; the other transport is unharmed.
    """
    site.snmp = Broken()  # type: ignore[assignment]
    site.values["web-1"] = {LOG: CommandOutput("a", "", 0)}
    site.inventory_text = INVENTORY.replace("devices:\n", "devices:\n" + MORE)
    summary = site.cycle()
    assert (summary.ok, summary.failed) == (2, 2)
    (problem,) = summary.problems
    assert re.fullmatch(r"the snmp transport broke: RuntimeError at \S+test_cycle.py:\d+", problem)
    frame = pl.concat([read_frame(path) for path in site.spool.waiting()])
    polls = frame.filter((pl.col("record") == "poll") & (pl.col("collector") == "snmp"))
    assert polls["device"].to_list() == ["sw-0"]
    assert frame.filter(pl.col("id") == "auth-0")["message"].to_list() == ["a"]


def test_damaged_state_costs_one_full_cycle(tmp_path: Path) -> None:
    """The cycle polls everything, and says what became of the file."""
    path = tmp_path / "inventory.yaml"
    path.write_text("version: 1\ndevices: [{name: me, tower: hosting, kind: local}]\n")
    arguments = ["--data", str(tmp_path / "data"), "--inventory", str(path), "--json"]
    first = json.loads(soc("collect", *arguments, check=True).stdout)
    (tmp_path / "data/collect.sqlite").write_bytes(b"garbage" * 1000)
    again = soc("collect", *arguments)
    assert (again.returncode, json.loads(again.stdout)["samples"]) == (1, first["samples"])
    assert "collect.sqlite.damaged" in again.stderr


def test_progress_counts_devices(site: Site) -> None:
    """`progress` ends at all devices done."""
    calls: list[tuple[int, int]] = []
    site.cycle(progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (3, 3)


def test_what_was_read_in_part_is_not_taken_for_the_whole(site: Site) -> None:
    """Where sudo is refused for once nothing counts as removed or as changed; what is new is told."""

    @collector(fetch=TABLE, every="interfaces", facts={"account", "job", "port"})
    def posture(rows: list[Row]) -> Iterator[Fact | Partial]:
        """What is on the host; all of it where a row says 1."""
        whole = rows[0].state == 1
        yield Fact("account", "uid 0", "root")
        yield Fact("port", "sshd" if whole else "", "tcp 22")
        if whole:
            yield Fact("job", "daily", "backup")
        else:
            yield Fact("port", "", "tcp 80")
            yield Partial("job")
            yield Partial("port", values=True)

    def cycle(state: int) -> tuple[object, list[object]]:
        site.values["sw-1"] = {TABLE: [Row("1", {"state": state})]}
        site.now += 3600
        site.cycle()
        rows = [row for path in site.spool.waiting() for row in read_frame(path).to_dicts()]
        for path in site.spool.waiting():
            site.spool.done(path)
        own = [row for row in rows if row["device"] == "sw-1"]
        (poll,) = [row for row in own if row["record"] == "poll" and row["collector"] == "posture"]
        return poll["fact_keys"], [(row["instance"], row["text"]) for row in own if row["record"] == "fact"]

    site.collectors = [posture]
    whole = ["account", "job", "port"], [("root", "uid 0"), ("tcp 22", "sshd"), ("backup", "daily")]
    assert cycle(1) == whole
    assert cycle(0) == (["account"], [("root", "uid 0"), ("tcp 80", "")])
    assert cycle(0) == (["account"], [("root", "uid 0")])
    assert cycle(1) == whole
