"""Whether what the hub says of the estate is what the scenario made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from soc.demo.scenario import Scenario

_MAXIMUM_NAMED = 3
Document = Mapping[str, Any]


def differences(
    scenario: Scenario, alerts: Iterable[Document], devices: Iterable[Document], since: float
) -> list[str]:
    """What is not as it must be, for people; [] = all is.

    `alerts` are the open ones and `devices` all, as the API lists them; who is up must have been heard of
    after `since` (UTC seconds).
    """
    found = {(str(alert["rule"]), str(alert["device"])) for alert in alerts}
    expected = scenario.expected_alerts()
    wrong, unheard = [], []
    for device in devices:
        name, state = str(device["device"]), str(device["state"])
        if state != _expected_state(scenario, name):
            wrong.append(f"{name} is {state}")
        elif state == "up" and _moment(device["last_seen"]) < since:
            unheard.append(name)
    told = {
        "alerts that are not open": [f"{rule} of {device}" for rule, device in expected - found],
        "alerts that nothing explains": [f"{rule} of {device}" for rule, device in found - expected],
        "devices in another state than theirs": wrong,
        "devices not yet polled": unheard,
    }
    return [f"{len(names)} {what}: {_some(names)}" for what, names in told.items() if names]


def _expected_state(scenario: Scenario, name: str) -> str:
    if name in scenario.expected_down():
        return "down"
    return "unreachable" if name in scenario.expected_unreachable() else "up"


def _moment(text: str | None) -> float:
    return datetime.fromisoformat(text).timestamp() if text else 0.0


def _some(names: list[str]) -> str:
    more = ["…"] if len(names) > _MAXIMUM_NAMED else []
    return ", ".join([*sorted(names)[:_MAXIMUM_NAMED], *more])
