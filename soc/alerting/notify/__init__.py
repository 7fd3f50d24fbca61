"""Notification: what is worth telling of an alert, as which message, when to try again, and sending it.

Nothing here knows the outbox's table: soc.pipeline.delivery brings both together.
"""

from soc.alerting.notify.attempt import Attempt, Progress
from soc.alerting.notify.message import MAXIMUM_NOTICES, Message
from soc.alerting.notify.schedule import (
    LIFETIME_SECONDS,
    MAXIMUM_ATTEMPTS,
    delay_seconds,
)
from soc.alerting.notify.send import SEND_SECONDS, send
from soc.alerting.notify.worth import notice_id, worth_telling

__all__ = [
    "LIFETIME_SECONDS", "MAXIMUM_ATTEMPTS", "MAXIMUM_NOTICES", "SEND_SECONDS", "Attempt", "Message",
    "Progress", "delay_seconds", "notice_id", "send", "worth_telling",
]  # fmt: skip
