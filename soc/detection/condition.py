"""Compiled conditions: a tree of and, or and not over predicates, evaluated on a batch as bitmaps.

A bitmap is an int whose bit n stands for event n. A predicate on a missing field is false, so that
its negation is true.
"""

from __future__ import annotations

from dataclasses import dataclass

from soc.detection.batch import EventBatch
from soc.detection.predicate import Predicate


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


Condition = All | Any | Not | Predicate


class Evaluation:
    """Evaluates conditions on one batch; each distinct predicate once, however many rules hold it."""

    def __init__(self, batch: EventBatch) -> None:
        self._batch = batch
        self._known: dict[Predicate, int] = {}

    def bitmap(self, condition: Condition, scope: int) -> int:
        """The events of `scope` for which the condition holds."""
        if not scope:
            return 0
        if isinstance(condition, All):
            for part in condition.parts:
                scope = self.bitmap(part, scope)
            return scope
        if isinstance(condition, Any):
            found = 0
            for part in condition.parts:
                found |= self.bitmap(part, scope & ~found)
            return found
        if isinstance(condition, Not):
            return scope & ~self.bitmap(condition.part, scope)
        known = self._known.get(condition)
        if known is None:
            known = self._known[condition] = condition.bitmap(self._batch)
        return known & scope


def cost(condition: Condition) -> int:
    """A rough rank for ordering parts: cheap ones first, so that dear ones meet an empty scope."""
    if isinstance(condition, (All, Any)):
        return sum(cost(part) for part in condition.parts)
    if isinstance(condition, Not):
        return cost(condition.part)
    return condition.cost
