"""Why an SSH session could not be had, told apart by the phase it ended in."""

from __future__ import annotations

from typing import Literal

from soc.model.text import clean

Phase = Literal["resolve", "connect", "banner", "key exchange", "host key", "authentication", "command"]
_DETAIL_CHARACTERS = 400


class SshError(Exception):
    """A phase failed. `reason` is one of soc.model.REASONS; the text is for people and holds no secret.

    The detail begins with the phase, where there is one: our own failures before it have none.
    """

    def __init__(
        self,
        reason: str,
        detail: str,
        *,
        phase: Phase | None = None,
        answered: bool = False,
        retry: bool = False,
    ) -> None:
        self.reason = reason
        self.detail = clean(f"{phase}: {detail}" if phase else detail, _DETAIL_CHARACTERS)
        self.answered = answered  # the peer sent at least one byte of its own
        self.retry = retry  # the server never heard us (MaxStartups): worth another try
        super().__init__(f"{reason}: {self.detail}")
