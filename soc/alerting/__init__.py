"""Alerts as a pure state machine: signals and people's actions in, alerts and transitions out."""

from soc.alerting.actions import ActionError, acknowledge, close, note
from soc.alerting.events import transition_event
from soc.alerting.ledger import Changes, Ledger
from soc.alerting.signals import Evidence, Firing, RuleIdentity, fingerprint_of

__all__ = [
    "ActionError", "Changes", "Evidence", "Firing", "Ledger", "RuleIdentity", "acknowledge", "close",
    "fingerprint_of", "note", "transition_event",
]  # fmt: skip
