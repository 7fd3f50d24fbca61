"""Figures that look measured and are pure functions of (seed, name, time)."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from soc.model.ids import digest


def dice(seed: int, *names: str) -> random.Random:
    """A generator of its own for each name, the same for the same seed."""
    return random.Random(int(digest(str(seed), *names), 16))  # noqa: S311 - simulated figures, no secrets


def counter(per_second: float, since: float, start: int, phase: float) -> Callable[[float], int]:
    """A counter that rises all the time, half as fast to half as fast again over some ten minutes."""
    angular = 2 * math.pi / 600
    swing = 0.5 * per_second / angular

    def value(time: float) -> int:
        elapsed = time - since
        return start + int(per_second * elapsed + swing * (math.sin(angular * elapsed + phase) + 1))

    return value


def wave(low: float, high: float, period_seconds: float, phase: float) -> Callable[[float], float]:
    """A slow wave between two levels."""

    def value(time: float) -> float:
        return low + (high - low) * (0.5 + 0.5 * math.sin(2 * math.pi * time / period_seconds + phase))

    return value


def ramp(first: float, last: float, begins: float, ends: float) -> Callable[[float], float]:
    """`first` until `begins`, then straight to `last` at `ends`, which it keeps."""

    def value(time: float) -> float:
        share = min(max((time - begins) / (ends - begins), 0.0), 1.0)
        return first + (last - first) * share

    return value


def whole(formula: Callable[[float], float], scale: float = 1.0) -> Callable[[float], int]:
    """The formula as an integer in other units."""
    return lambda time: round(formula(time) * scale)
