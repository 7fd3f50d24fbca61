"""Predicates on one field: what a value of a Sigma detection item compiles to.

All are hashable: equal predicates of different rules are evaluated once per batch. A predicate
without a field (None) is a keyword: true where any text column of the event holds it.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

import re2

from soc.detection.batch import Column, EventBatch, bits

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


def _columns(batch: EventBatch, name: str | None) -> Iterable[Column]:
    if name is None:
        return batch.keyword_columns
    column = batch.column(name)
    return () if column is None else (column,)


@dataclass(frozen=True, slots=True)
class Text:
    """Text without wildcards inside: equal, or contained, at the start or the end as flagged."""

    field: str | None
    text: str  # case-folded unless cased
    open_start: bool = False
    open_end: bool = False
    cased: bool = False

    @property
    def cost(self) -> int:
        return 1 if not (self.open_start or self.open_end) and self.field else 4

    def bitmap(self, batch: EventBatch) -> int:
        found = 0
        for column in _columns(batch, self.field):
            values = column.exact if self.cased else column.folded
            if self.open_start or self.open_end:
                codes = values.containing(self.text, at_start=not self.open_start, at_end=not self.open_end)
            else:
                codes = values.equal(self.text)
            found |= values.bitmap(codes)
        return found


def compile_re2(pattern: str) -> Any:
    """Raises re2.error for what RE2 does not know (look-around, back-references)."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


@dataclass(frozen=True, slots=True)
class Pattern:
    """An RE2 regular expression, found anywhere in the value."""

    field: str | None
    pattern: str
    compiled: Any = dataclasses.field(compare=False, repr=False)

    @property
    def cost(self) -> int:
        return 64

    def bitmap(self, batch: EventBatch) -> int:
        found = 0
        search = self.compiled.search
        for column in _columns(batch, self.field):
            values = column.exact
            found |= values.bitmap(code for code, text in enumerate(values.encoded) if search(text))
        return found


def number(text: str) -> float | None:
    """The number a value spells, or None. Underscores, blanks, nan and infinities spell none."""
    if (
        not text
        or text[-1] not in "0123456789."
        or "_" in text
        or not (text[0].isdigit() or text[0] in "+-.")
    ):
        return None
    try:
        return float(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Number:
    """A comparison with a number; a value that spells none is unequal to all."""

    field: str
    operator: str  # a key of COMPARISONS
    number: float

    @property
    def cost(self) -> int:
        return 2

    def bitmap(self, batch: EventBatch) -> int:
        compare = COMPARISONS[self.operator]
        found = 0
        for column in _columns(batch, self.field):
            values = column.exact
            numbers = ((code, number(text)) for code, text in enumerate(values.texts))
            found |= values.bitmap(
                code for code, value in numbers if value is not None and compare(value, self.number)
            )
        return found


@dataclass(frozen=True, slots=True)
class Network:
    """Membership of an address in a network, IPv4-mapped IPv6 addresses as the IPv4 ones they are."""

    field: str | None
    network: IPv4Network | IPv6Network

    @property
    def cost(self) -> int:
        return 8

    def bitmap(self, batch: EventBatch) -> int:
        found = 0
        for column in _columns(batch, self.field):
            values = column.exact
            found |= values.bitmap(code for code, text in enumerate(values.texts) if self._holds(text))
        return found

    def _holds(self, text: str) -> bool:
        try:
            address = ip_address(text)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped and self.network.version == 4:
            address = address.ipv4_mapped
        return address in self.network


@dataclass(frozen=True, slots=True)
class Present:
    """The field has a value, be it empty. Its negation is Sigma's null."""

    field: str

    @property
    def cost(self) -> int:
        return 1

    def bitmap(self, batch: EventBatch) -> int:
        column = batch.column(self.field)
        return 0 if column is None else column.exact.present


@dataclass(frozen=True, slots=True)
class SameAs:
    """The value of one field against another's of the same event, without regard to case."""

    field: str
    other: str
    at_start: bool = False  # begins with the other value
    at_end: bool = False  # ends with it; both: contains it

    @property
    def cost(self) -> int:
        return 32

    def bitmap(self, batch: EventBatch) -> int:
        column, other = batch.column(self.field), batch.column(self.other)
        if column is None or other is None:
            return 0
        values, others = column.folded, other.folded.text_by_row
        return bits(
            (
                row
                for row, text in values.text_by_row.items()
                if row in others and self._holds(text, others[row])
            ),
            batch.count,
        )

    def _holds(self, text: str, other: str) -> bool:
        if self.at_start and self.at_end:
            return other in text
        if self.at_start:
            return text.startswith(other)
        if self.at_end:
            return text.endswith(other)
        return text == other


Predicate = Text | Pattern | Number | Network | Present | SameAs
