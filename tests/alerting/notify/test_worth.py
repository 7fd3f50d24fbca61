"""Which steps are told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from soc.alerting.ledger import SYSTEM
from soc.alerting.notify import notice_id, worth_telling
from soc.model.alerts import Actor, Transition

NOW = 1_700_000_000.0
STEP = Transition(
    "step", "alert", "fingerprint", NOW, "opened", "cause", "", "open", "", "firing", "", SYSTEM
)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({}, "opened"),
        ({"suppressed_by": "dependency"}, None),
        ({"action": "unsuppressed", "condition_from": "firing"}, "opened"),
        ({"action": "suppressed", "suppressed_by": "dependency"}, None),
        ({"action": "fired", "condition_from": "resolved"}, "reopened"),
        ({"action": "fired", "condition_from": "resolved", "suppressed_by": "dependency"}, None),
        ({"action": "fired", "condition_from": "no-data"}, None),
        ({"action": "resolved", "condition_to": "resolved"}, "resolved"),
        ({"action": "no-data"}, None),
        ({"action": "closed", "workflow_to": "closed"}, None),
        ({"action": "closed", "actor": Actor(1000, "mia", "cli")}, None),
        ({"action": "acknowledged", "actor": Actor(1000, "mia", "cli")}, None),
        ({"time": NOW - 86399}, "opened"),
        ({"time": NOW - 86401}, None),
    ],
)
def test_what_is_told(changes: dict[str, object], what: str | None) -> None:
    """Beginnings and ends of what counts are told; people's work, suppressed and old alerts are not."""
    assert worth_telling(replace(STEP, **changes), NOW) == what  # type: ignore[arg-type]


def test_id() -> None:
    """The same step has one id for each target."""
    assert notice_id(STEP, "ops") == notice_id(STEP, "ops")
    assert notice_id(STEP, "ops") != notice_id(STEP, "hook")
    assert notice_id(STEP, "ops") != notice_id(replace(STEP, id="other"), "ops")
