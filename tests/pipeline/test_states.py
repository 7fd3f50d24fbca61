"""Device states, purely."""

from __future__ import annotations

import pytest

from soc.model import Device
from soc.pipeline.states import Topology, advance, judged_again, misjudged, state_event
from soc.store.polls import Reachability
from soc.store.states import StateChange

TOPOLOGY = Topology(
    [
        Device("isp", "network"),
        Device("fw", "network", depends_on=("isp",)),
        Device("fw-2", "network"),
        Device("sw", "network", depends_on=("fw", "fw-2")),
        Device("pc", "end-user", depends_on=("sw",)),
    ]
)
ALL_UP = dict.fromkeys(("isp", "fw", "fw-2", "sw", "pc"), ("up", 0.0))


def change(
    device: str, time: float, answered: bool | None, collector: str = "snmp", segment: str = "s1"
) -> Reachability:
    return Reachability(segment, device, collector, time, answered)


def states(changes: list[StateChange]) -> list[tuple[str, float, str]]:
    return [(change.device, change.time, change.state) for change in changes]


def test_first_answer_is_up() -> None:
    """A device that answers is up from then on."""
    found = advance([change("isp", 10, True)], {}, {}, TOPOLOGY)
    assert found == [StateChange("isp", 10, "up", "answers snmp", "")]


def test_any_answer_is_up() -> None:
    """One collector that hears the device is enough."""
    answers = {"isp": {"snmp": True, "ping": True}}
    assert advance([change("isp", 10, False)], answers, ALL_UP, TOPOLOGY) == []
    assert states(advance([change("isp", 20, False, "ping")], answers, ALL_UP, TOPOLOGY)) == [
        ("isp", 20, "down")
    ]


def test_expired_polls_are_unknown() -> None:
    """Without a poll in time nobody knows."""
    found = advance([change("isp", 10, None)], {"isp": {"snmp": True}}, ALL_UP, TOPOLOGY)
    assert states(found) == [("isp", 10, "unknown")]


def test_unreachable_whatever_the_order() -> None:
    """A device polled before the one it depends on was never down itself."""
    for order in ([("fw", 10.0), ("isp", 11.0)], [("isp", 10.0), ("fw", 11.0)]):
        answers = {"isp": {"snmp": True}, "fw": {"snmp": True}}
        found = advance([change(name, at, False) for name, at in order], answers, ALL_UP, TOPOLOGY)
        assert {item.device: item.state for item in found} == {"isp": "down", "fw": "unreachable"}
        assert {item.previous for item in found} == {"up"}


def test_becomes_unreachable_when_the_parent_follows() -> None:
    """Down first, unreachable once everything it depends on is down too; and chains follow."""
    present = ALL_UP | {"sw": ("down", 5.0), "pc": ("unreachable", 5.0), "fw": ("down", 5.0)}
    found = advance([change("fw-2", 20, False)], {"fw-2": {"snmp": True}}, present, TOPOLOGY)
    assert states(found) == [("fw-2", 20, "down"), ("sw", 20, "unreachable")]
    assert found[1].cause == "behind fw, fw-2"


def test_one_parent_left_is_down() -> None:
    """With one way left the device itself is down."""
    answers = {"fw": {"snmp": True}, "sw": {"snmp": True}}
    found = advance([change("fw", 10, False), change("sw", 11, False)], answers, ALL_UP, TOPOLOGY)
    assert {item.device: item.state for item in found} == {"fw": "down", "sw": "down"}


def test_parent_comes_back() -> None:
    """When the parent answers again, a device that still does not is down itself."""
    present = ALL_UP | {"isp": ("down", 5.0), "fw": ("unreachable", 5.0)}
    found = advance([change("isp", 30, True)], {"isp": {"snmp": False}}, present, TOPOLOGY)
    assert states(found) == [("fw", 30, "down"), ("isp", 30, "up")]


def test_rounds_keep_history() -> None:
    """Several polls of one device in a segment are several moments."""
    changes = [change("isp", 10, True), change("isp", 20, False), change("isp", 30, True)]
    assert [state for _, _, state in states(advance(changes, {}, {}, TOPOLOGY))] == ["up", "down", "up"]


def test_transitions_never_go_back_in_time() -> None:
    """A late poll does not date a transition before the last one."""
    found = advance([change("isp", 10, False)], {"isp": {"snmp": True}}, {"isp": ("up", 15.0)}, TOPOLOGY)
    assert states(found) == [("isp", 15.0, "down")]


@pytest.mark.parametrize(("state", "severity"), [("up", 1), ("down", 4), ("unreachable", 3), ("unknown", 2)])
def test_state_event(state: str, severity: int) -> None:
    """Each transition is an own event with old, new and cause."""
    event = state_event(StateChange("isp", 10, state, "why", "before"), 12)
    assert (event.product, event.category, event.severity_id) == ("soc", "availability", severity)
    assert event.fields == {"old": "before", "new": state, "cause": "why"}


LAPTOP = Device("lt", "end-user", availability="best-effort", depends_on=("sw",))
SWITCHED = Topology([Device("sw", "network"), LAPTOP])


def test_what_nobody_expects_to_answer_is_never_down() -> None:
    """It is off or away, which is no news of weight; behind a dead switch it is unreachable as any other."""
    up = {"sw": ("up", 0.0), "lt": ("up", 0.0)}
    [gone] = advance([change("lt", 10, False, "ssh")], {"lt": {"ssh": True}}, up, SWITCHED)
    assert gone == StateChange("lt", 10, "unknown", "off or away", "up")
    assert state_event(gone, 11).severity_id == 1
    answers = {"lt": {"ssh": True}, "sw": {"snmp": True}}
    found = advance([change("sw", 10, False), change("lt", 11, False, "ssh")], answers, up, SWITCHED)
    assert {item.device: item.state for item in found} == {"sw": "down", "lt": "unreachable"}
    dark = {"sw": ("down", 10.0), "lt": ("unreachable", 11.0)}
    answers = {"lt": {"ssh": False}, "sw": {"snmp": False}}
    found = advance([change("sw", 20, True)], answers, dark, SWITCHED)
    assert {item.device: item.state for item in found} == {"sw": "up", "lt": "unknown"}


def test_states_follow_what_the_inventory_expects() -> None:
    """A device that is down is off or away from when nobody expects it, and the other way round."""
    states = {"sw": ("up", 0.0), "lt": ("down", 5.0)}
    silent = {"lt": {"ssh": False}}
    assert misjudged(states, SWITCHED) == ["lt"]
    assert judged_again(["lt"], silent, states, SWITCHED, 9) == [
        StateChange("lt", 9, "unknown", "off or away", "down")
    ]
    expected = Topology([Device("sw", "network"), Device("lt", "end-user", depends_on=("sw",))])
    states["lt"] = ("unknown", 9.0)
    assert misjudged(states, expected) == ["lt"]
    assert judged_again(["lt"], silent, states, expected, 12) == [
        StateChange("lt", 12, "down", "no answer to ssh", "unknown")
    ]
    assert judged_again(["lt"], {}, states, expected, 12) == []


def test_what_stands_behind_follows_what_the_inventory_expects() -> None:
    """A device behind another is never down by itself for that; and what is behind one that is off, is."""
    fixed = Device("sw", "network"), Device("ap", "network", depends_on=("sw",))
    leisurely = Topology([Device("sw", "network", availability="best-effort"), fixed[1]])
    off, silent = ("unknown", 5.0), {"sw": {"snmp": False}, "ap": {"snmp": False}}
    for order in (["sw", "ap"], ["ap", "sw"]):
        found = judged_again(order, silent, {"sw": off, "ap": off}, Topology(fixed), 9)
        assert {item.device: item.state for item in found} == {"sw": "down", "ap": "unreachable"}
    dark = {"sw": ("down", 5.0), "ap": ("unreachable", 5.0)}
    assert misjudged(dark, leisurely) == ["sw"]
    found = judged_again(["sw"], {"sw": {"snmp": False}}, dark, leisurely, 9)
    assert {item.device: item.state for item in found} == {"sw": "unknown", "ap": "down"}
