"""How a run of the demo hears of its end, and is heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Control:
    """What a run is told from outside, and tells."""

    stopped: Callable[[], bool]
    sleep: Callable[[float], None]  # seconds; returns early when stopped
    tell: Callable[[str], None]  # progress, for people
