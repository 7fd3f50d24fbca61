"""The tree of a PromQL expression: typed, frozen, times in microseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MatchOperator = Literal["=", "!=", "=~", "!~"]
At = int | Literal["start", "end"] | None  # microseconds since the epoch, or a bound of the query


@dataclass(frozen=True, slots=True)
class Matcher:
    label: str
    operator: MatchOperator
    value: str


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Text:
    value: str


@dataclass(frozen=True, slots=True)
class Selector:
    """An instant vector selector; the metric's name is a matcher of __name__."""

    matchers: tuple[Matcher, ...]
    offset_us: int = 0
    at: At = None

    @property
    def metric(self) -> str | None:
        """The one metric name it asks for, if it asks for one."""
        names = [m.value for m in self.matchers if m.label == "__name__" and m.operator == "="]
        return names[0] if names else None


@dataclass(frozen=True, slots=True)
class RangeSelector:
    selector: Selector
    range_us: int


@dataclass(frozen=True, slots=True)
class Subquery:
    expression: Node
    range_us: int
    step_us: int | None  # None: the default step of the evaluation
    offset_us: int = 0
    at: At = None


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Aggregation:
    operator: str
    expression: Node
    parameter: Node | None
    labels: tuple[str, ...]
    without: bool


@dataclass(frozen=True, slots=True)
class Matching:
    """How the samples of two vectors find each other."""

    on: bool  # True: `labels` alone count; False: all but `labels` (and the name)
    labels: tuple[str, ...]
    group: Literal["", "left", "right"] = ""  # the side that may have many
    include: tuple[str, ...] = ()
    fill_left: float | None = None
    fill_right: float | None = None


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: Node
    right: Node
    returns_bool: bool
    matching: Matching


@dataclass(frozen=True, slots=True)
class Negation:
    expression: Node


Node = Number | Text | Selector | RangeSelector | Subquery | Call | Aggregation | Binary | Negation


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below."""
    match node:
        case Call(arguments=arguments):
            return arguments
        case Aggregation(expression=expression, parameter=parameter):
            return (expression,) if parameter is None else (parameter, expression)
        case Binary(left=left, right=right):
            return (left, right)
        case Negation(expression=expression) | Subquery(expression=expression):
            return (expression,)
        case RangeSelector(selector=selector):
            return (selector,)
        case _:
            return ()
