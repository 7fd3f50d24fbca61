"""What people do to alerts."""

from __future__ import annotations

import pytest

from soc.alerting import ActionError, Ledger, acknowledge, close, note
from soc.model.alerts import Actor, Alert
from tests.alerting.test_ledger import T, evidence, only

MIA = Actor(1001, "mia", "cli")


@pytest.fixture
def alert() -> Alert:
    ledger = Ledger()
    ledger.evidence(evidence(T))
    return only(ledger)


def test_acknowledge(alert: Alert) -> None:
    """Acknowledging makes it somebody's and counts a version."""
    after, step = acknowledge(alert, MIA, T + 5, "request-1", "on it")
    assert (after.workflow, after.owner, after.version) == ("acknowledged", "mia", 1)
    assert (step.workflow_from, step.workflow_to, step.actor, step.reason) == (
        "open", "acknowledged", MIA, "on it",
    )  # fmt: skip


def test_close_needs_a_disposition(alert: Alert) -> None:
    """Closing says what it was."""
    with pytest.raises(ActionError, match="true-positive"):
        close(alert, MIA, T, "request-1", "")
    after, step = close(alert, MIA, T, "request-1", "benign", "a test")
    assert (after.workflow, after.closed, after.disposition) == ("closed", T, "benign")
    assert step.disposition == "benign"


def test_closed_is_closed(alert: Alert) -> None:
    """A closed alert is neither acknowledged nor closed again."""
    closed, _ = close(alert, MIA, T, "request-1", "benign")
    with pytest.raises(ActionError, match="already closed"):
        close(closed, MIA, T, "request-2", "benign")
    with pytest.raises(ActionError, match="is closed"):
        acknowledge(closed, MIA, T, "request-3")


def test_note(alert: Alert) -> None:
    """A note changes nothing but the version, and stands in the history."""
    after, step = note(alert, MIA, T, "request-1", "supplier called")
    assert (after.workflow, after.version, step.reason) == ("open", 1, "supplier called")
    with pytest.raises(ActionError, match="text"):
        note(alert, MIA, T, "request-2", "  ")


def test_repeated_request_is_one_transition(alert: Alert) -> None:
    """The same request has the same transition id: what is repeated changes nothing."""
    _, first = acknowledge(alert, MIA, T, "request-1")
    _, second = acknowledge(alert, MIA, T + 9, "request-1")
    assert first.id == second.id
