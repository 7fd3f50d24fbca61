"""soc.collect.plan"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from soc.collect import Collector, Row, Sample, SnmpScalars, SshCommand, collector
from soc.collect.plan import Applying, interval_seconds, left_over, next_due, plan, transports
from soc.collect.state import Task
from soc.model import Device

INTERVALS = {"reachability": 60.0, "health": 300.0, "configuration": 86400.0}


def declared(every: str, **options: object) -> Collector:
    @collector(fetch=SnmpScalars(x="1.3.6.1.2.1.1.3.0"), every=every, name=f"c_{every}", **options)  # type: ignore[arg-type]
    def parse(row: Row) -> Iterator[Sample]:
        yield Sample("uptime_seconds", row.x)

    return parse


SWITCH = Device("sw", "network", ("192.0.2.1",), kind="switch", credentials=("lab",))


@pytest.mark.parametrize(
    ("device", "kinds", "expected"),
    [
        (SWITCH, {"snmp"}, ("snmp", "ping")),
        (SWITCH, {"snmp", "ssh"}, ("snmp", "ssh", "ping")),
        (Device("p", "network", ("127.3.4.5",)), {"snmp"}, ("snmp",)),
        (Device("p", "network", ("::1",)), set(), ()),
        (Device("p", "network", ("192.0.2.1", "127.0.0.1")), set(), ()),
        (Device("me", "hosting", kind="local"), set(), ("local",)),
        (Device("old", "network", ("192.0.2.1",), state="retired"), {"snmp"}, ()),
        (Device("new", "network", ("192.0.2.1",), state="staged"), {"snmp"}, ()),
    ],
)
def test_transports_follow_credentials_and_address(
    device: Device, kinds: set[str], expected: tuple[str, ...]
) -> None:
    """Credentials say SNMP or SSH; only active devices are polled; loopback is never pinged."""
    assert transports(device, kinds, ping=True) == expected


def test_interval_is_the_devices_then_the_inventorys_then_the_declared() -> None:
    """A device's own interval wins over the class's, a literal duration stands for itself."""
    own = Device("sw", "network", every={"health": 30.0})
    assert interval_seconds(declared("health"), own, INTERVALS) == 30.0
    assert interval_seconds(declared("health"), SWITCH, INTERVALS) == 300.0
    assert interval_seconds(declared("90s"), SWITCH, INTERVALS) == 90.0


def test_towers_kinds_and_transports_select_collectors() -> None:
    """Only collectors that fit the device's tower, kind and transport are planned."""

    @collector(fetch=SshCommand("x", "true"), every="health", name="by_ssh")
    def by_ssh(output: object) -> Iterator[Sample]:
        yield Sample("up", 1)

    collectors = [declared("health", towers={"print"}), declared("reachability", kinds={"switch"}), by_ssh]
    found = plan([(SWITCH, ["snmp"])], Applying(collectors), {}, INTERVALS, now=0.0)
    assert [[c.name for c in due.collectors] for due in found] == [["c_reachability"]]


def test_polls_keep_their_schedule_over_a_jittering_timer() -> None:
    """A minute timer that is up to a second early or late skips no poll of a 60 s collector."""
    collectors = [declared("reachability")]
    tasks: dict[tuple[str, str], Task] = {}
    polled = 0
    for minute in range(100):
        now = 1_000_000.0 + minute * 60 + (minute * 7 % 5 - 2) * 0.5
        for due in plan([(SWITCH, ["snmp"])], Applying(collectors), tasks, INTERVALS, now):
            polled += 1
            key = (due.device.name, collectors[0].name)
            tasks[key] = Task(next_due(due.device.name, collectors[0], tasks.get(key), 60.0, now))
    assert polled == 100


def test_long_intervals_are_spread_over_the_devices() -> None:
    """After a common poll, the first one or one after an outage, the next fall into different minutes."""
    health = declared("health")
    for task in (None, Task(due=-86_400.0)):
        dues = [next_due(f"sw-{n}", health, task, 300.0, 0.0) for n in range(100)]
        assert all(60.0 <= due <= 360.0 for due in dues)
        assert {due // 60 for due in dues} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("every", ["reachability", "health", "configuration"])
def test_an_early_poll_is_not_due_again_at_once(every: str) -> None:
    """Asked as early as the slack allows, or a little before it, the next poll is an interval away."""
    collector, interval = declared(every), INTERVALS[every]
    due = next_due("sw", collector, None, interval, 1_700_000_000.0)
    for early in (0.1, 0.1000001, 0.0, -0.3):
        now = due - early * interval
        again = next_due("sw", collector, Task(due), interval, now)
        assert again == pytest.approx(due + interval)


def test_a_transport_answers_for_the_shortest_interval_that_applies() -> None:
    """Also where only the longer ones are due, so that its state does not seem good for longer."""
    collectors = Applying([declared("health"), declared("reachability")])
    tasks = {("sw", "c_reachability"): Task(due=1060.0)}
    (due,) = plan([(SWITCH, ["snmp"])], collectors, tasks, INTERVALS, now=1000.0)
    assert [item.name for item in due.collectors] == ["c_health"]
    assert (due.interval_seconds, due.planned) == (60.0, 1000.0)


def test_what_does_not_apply_is_left_alone_until_its_time() -> None:
    """A collector that came back empty is not planned until absent_until, not even with everything."""
    task = {("sw", "c_health"): Task(due=0.0, absent_until=1000.0)}
    pairs = [(SWITCH, ["snmp"])]
    assert plan(pairs, Applying([declared("health")]), task, INTERVALS, 999.0, everything=True) == []
    assert len(plan(pairs, Applying([declared("health")]), task, INTERVALS, 1001.0)) == 1
    long_before = 1000.0 - 10 * INTERVALS["configuration"]
    assert len(plan(pairs, Applying([declared("health")]), task, INTERVALS, long_before)) == 1


def test_a_clock_stepped_back_does_not_stop_polling() -> None:
    """A due time more than two intervals ahead is taken for what it is: from another clock."""
    task = {("sw", "c_health"): Task(due=1_000_000.0)}
    assert len(plan([(SWITCH, ["snmp"])], Applying([declared("health")]), task, INTERVALS, 500_000.0)) == 1
    assert plan([(SWITCH, ["snmp"])], Applying([declared("health")]), task, INTERVALS, 999_900.0) == []
    assert 500_000 < next_due("sw", declared("health"), Task(due=1_000_000.0), 300.0, 500_000.0) < 500_400


def test_a_failed_poll_of_a_long_interval_is_repeated_soon() -> None:
    """What is read once a day and failed is tried again after minutes, short intervals keep theirs."""
    daily, task = declared("configuration"), Task(due=1000.0)
    assert next_due("sw", daily, task, 86400.0, 1000.0, failed=True) == 1300.0
    assert next_due("sw", daily, task, 86400.0, 1000.0) > 1300.0
    assert next_due("sw", declared("reachability"), task, 60.0, 1000.0, failed=True) == 1060.0


def test_collectors_for_some_agents_wait_until_the_agent_is_known() -> None:
    """They apply once sysObjectID is known to be theirs; another agent in its place ends them."""

    @collector(fetch=SnmpScalars(x="1.3.6.1.4.1.9.1.0").where("1.3.6.1.4.1.9"), every="health", name="cisco")
    def cisco(row: Row) -> Iterator[Sample]:
        yield Sample("up", 1)

    known: dict[str, str] = {}
    applying = Applying([declared("health"), cisco], known.get)

    def names() -> list[str]:
        return [item.name for item in applying.over("snmp", SWITCH)]

    assert names() == ["c_health"]
    known["sw"] = "1.3.6.1.4.1.9.1.1208"
    assert names() == ["c_health", "cisco"]
    assert left_over([(SWITCH, ["snmp"])], applying, [("sw", "cisco")]) == {}
    for known["sw"] in ("1.3.6.1.4.1.2636.1", "1.3.6.1.4.1.99.1", "1.3.6.1.4.1"):
        assert names() == ["c_health"]
    assert left_over([(SWITCH, ["snmp"])], applying, [("sw", "cisco")]) == {"sw": ["cisco"]}
    assert [item.name for item in Applying([cisco]).over("snmp", SWITCH)] == ["cisco"]
