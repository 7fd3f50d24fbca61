"""Signals of a command that ends in good order: the first asks it to, a second one interrupts it."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOOK_SECONDS = 0.2


class Signals:
    """SIGINT, SIGTERM and SIGHUP, once `arm` was called."""

    def __init__(self) -> None:
        self.received = False

    def arm(self) -> None:
        """Take the signals; again, after somebody else had them."""
        for number in _NUMBERS:
            signal.signal(number, self._note)

    def stopped(self) -> bool:
        """Whether one has come."""
        return self.received

    def sleep(self, seconds: float) -> None:
        """For so long, or until one comes."""
        ends = time.monotonic() + seconds
        while not self.received and (left := ends - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_SECONDS))

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self.received:
            raise KeyboardInterrupt
        self.received = True


@contextmanager
def signals() -> Iterator[Signals]:
    """Take the signals for the block."""
    before = {number: signal.getsignal(number) for number in _NUMBERS}
    taken = Signals()
    taken.arm()
    try:
        yield taken
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
