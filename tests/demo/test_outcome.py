"""What is told apart from the scenario's outcome."""

from __future__ import annotations

import pytest

from soc.demo.estate import Estate
from soc.demo.outcome import differences
from soc.demo.scenario import Scenario

SINCE = 1_800_000_000.0
LATER, BEFORE = "2027-01-15T08:00:05.000Z", "2027-01-15T07:59:00.000Z"


@pytest.fixture
def scenario(estate: Estate) -> Scenario:
    return estate.scenario


def _documents(
    scenario: Scenario, estate: Estate
) -> tuple[list[dict[str, str]], list[dict[str, str | None]]]:
    states = dict.fromkeys(estate.devices, "up")
    states |= dict.fromkeys(scenario.expected_down(), "down")
    states |= dict.fromkeys(scenario.expected_unreachable(), "unreachable")
    alerts = [{"rule": rule, "device": device} for rule, device in scenario.expected_alerts()]
    devices: list[dict[str, str | None]] = [
        {"device": name, "state": state, "last_seen": LATER if state == "up" else None}
        for name, state in states.items()
    ]
    return alerts, devices


def test_the_scenario_is_no_difference(scenario: Scenario, estate: Estate) -> None:
    """Its alerts, its dead, and everybody else heard of: nothing to tell."""
    alerts, devices = _documents(scenario, estate)
    assert differences(scenario, alerts, devices, SINCE) == []


def test_each_difference_is_told(scenario: Scenario, estate: Estate) -> None:
    """An alert too few, one too many, a wrong state and a device not polled are told apart by name."""
    alerts, devices = _documents(scenario, estate)
    missing = alerts.pop()
    alerts.append({"rule": "Surprise", "device": "bastion-01"})
    up = [device for device in devices if device["state"] == "up"]
    up[0]["state"] = "unknown"
    up[1]["last_seen"] = BEFORE
    up[2]["last_seen"] = None
    told = differences(scenario, alerts, devices, SINCE)
    assert len(told) == 4
    assert any(f"{missing['rule']} of {missing['device']}" in line for line in told)
    assert any("Surprise of bastion-01" in line for line in told)
    assert any(f"{up[0]['device']} is unknown" in line for line in told)
    assert any(line.startswith("2 devices not yet polled") for line in told)
