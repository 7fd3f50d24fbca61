"""From sealed segments to alerts, over a real store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from soc.model import Device
from soc.store.alerts import AlertFilter
from tests.support.estate import START, Estate, availability_rules, event, rule
from tests.support.rules import load_documents, rule_document

FIREWALL = Device("fw-1", "network", site="hq", supplier="netco")
SWITCH = Device("sw-1", "network", site="hq", supplier="netco", depends_on=("fw-1",))
WEB = Device("web-1", "hosting", site="hq", supplier="hostco")
DOWN = rule("DeviceDown", "max by (device) (up) == 0", "2m")
ALL = AlertFilter(state="all")


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    rules = load_documents(
        tmp_path,
        rule_document({"selection": {"user": "root"}, "condition": "selection"}, logsource={"product": "linux"}),
    )
    return Estate(tmp_path, (FIREWALL, SWITCH, WEB), availability_rules(tmp_path, DOWN), rules)


def test_dependents_are_suppressed(estate: Estate) -> None:
    """Of a dead firewall and the switch behind it, only the firewall's alert counts as open."""
    for minute in range(10):
        at = START + 60 * minute
        dead = minute >= 3
        # The switch is polled before the firewall it depends on.
        builder = estate.poll(at + 5, {"sw-1": not dead, "web-1": True})
        estate.seal(estate.poll(at + 6, {"fw-1": not dead}, builder=builder), at + 10)
    summary = estate.run(START + 600)
    with estate.store() as store:
        assert [alert.device for alert in store.alerts.select(AlertFilter())] == ["fw-1"]
        [suppressed] = store.alerts.select(AlertFilter(state="suppressed"))
        assert (suppressed.device, suppressed.suppressed_by) == ("sw-1", "dependency")
        assert (suppressed.supplier, suppressed.site) == ("netco", "hq")
        states = {name: state for name, _, state, _ in store.status.devices(START + 600)}
        assert states == {"fw-1": "down", "sw-1": "unreachable", "web-1": "up"}
        transitions = store.query("SELECT state FROM device_state WHERE device = 'sw-1' ORDER BY time")
        assert transitions == [("up",), ("unreachable",)]
    assert summary.rule_times == 10
    assert summary.segments == 10
