"""Send a message to a target, of whichever kind it is."""

from __future__ import annotations

from collections.abc import Sequence

from soc.alerting.notify.attempt import Attempt, Progress
from soc.alerting.notify.message import Message
from soc.inventory.settings import MailTarget, Target

SEND_SECONDS = 30.0


def send(
    target: Target,
    message: Message,
    *,
    now: float,
    reached: Sequence[str] = (),
    seconds: float = SEND_SECONDS,
    progress: Progress | None = None,
) -> Attempt:
    """One attempt, over within `seconds` (and the system's own time to resolve a name).

    Secrets are resolved here, as late as possible. `reached` are the recipients that have taken this
    message before. Never raises because of the other side, the network or a secret.
    """
    # They bring HTTP, TLS and e-mail along, which most processes that could send never need.
    from soc.alerting.notify import mail, webhook

    progress = progress or Progress()
    if isinstance(target, MailTarget):
        return mail.send(target, message, now=now, reached=reached, seconds=seconds, progress=progress)
    return webhook.send(target, message, seconds=seconds, progress=progress)
