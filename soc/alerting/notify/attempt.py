"""One attempt to send: its steps while it runs, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from soc.model.text import clean

MAXIMUM_DETAIL_CHARACTERS = 400
Outcome = Literal["delivered", "retry", "dead"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """How it ended, in words that hold no secret.

    `retry` is what may be better later: the target, its certificate, its password, a full mailbox; `dead`
    is a refusal of this very message. `reached` are all recipients that have taken it so far; `uncertain`
    means that the other side may have taken it without our knowing.
    """

    outcome: Outcome
    step: str
    detail: str
    reached: tuple[str, ...] = ()
    uncertain: bool = False


class Progress:
    """Which step an attempt is at. `tell` hears (step, detail) of each that is done."""

    def __init__(self, tell: Callable[[str, str], None] = lambda _step, _detail: None) -> None:
        self._tell = tell
        self.step = ""

    def begin(self, step: str) -> None:
        self.step = step

    def done(self, detail: str = "") -> None:
        self._tell(self.step, clean(detail, MAXIMUM_DETAIL_CHARACTERS))

    def ended(
        self,
        outcome: Outcome,
        detail: str,
        *,
        reached: tuple[str, ...] = (),
        uncertain: bool = False,
    ) -> Attempt:
        """The attempt as it ended at this step."""
        return Attempt(outcome, self.step, clean(detail, MAXIMUM_DETAIL_CHARACTERS), reached, uncertain)
