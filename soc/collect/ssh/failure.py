"""Why an SSH session could not be had, told apart by the phase it ended in."""

from __future__ import annotations

from soc.model.text import clean

_DETAIL_CHARACTERS = 300


class SshError(Exception):
    """A phase failed. `reason` is one of soc.model.REASONS; the text is for people and holds no secret."""

    def __init__(self, reason: str, detail: str, *, answered: bool = False, retry: bool = False) -> None:
        self.reason = reason
        self.detail = clean(detail, _DETAIL_CHARACTERS)
        self.answered = answered  # the peer sent at least one byte of its own
        self.retry = retry  # the server dropped us unheard (MaxStartups): worth another try
        super().__init__(f"{reason}: {self.detail}")
