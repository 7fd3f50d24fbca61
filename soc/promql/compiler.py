"""PromQL text to DuckDB SQL with bound values.

The statement reads three tables:
series(series_id, metric, device, labels, interval_seconds), sample(series_id, time, value) and
device_history(device, valid_from, valid_to, tower, site, supplier, kind, availability, labels).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from soc.model import ConfigurationError
from soc.promql.aggregations import aggregate
from soc.promql.calls import call
from soc.promql.nodes import (
    Aggregation,
    Binary,
    Call,
    Negation,
    Node,
    Number,
    RangeSelector,
    Selector,
    Subquery,
    Text,
    children,
)
from soc.promql.operators import operate
from soc.promql.parse import parse
from soc.promql.plan import Grid, Plan, Relation, Scalar, Vector
from soc.promql.selectors import LOOKBACK_INTERVALS, LOOKBACK_SECONDS, instant_vector, window
from soc.promql.subqueries import as_vector, subquery_window


class Query(Protocol):
    """Answers a statement. `since` (UTC seconds): it reads no sample from before; `metrics`: of no other
    metric. None = it may read any."""

    def __call__(
        self,
        sql: str,
        parameters: Sequence[object],
        /,
        *,
        since: float | None = None,
        metrics: Sequence[str] | None = None,
    ) -> list[tuple[Any, ...]]: ...


Labels = dict[str, str]

# Two lists of text reach Python several times faster than a list of pairs.
_NAMES = "list_transform(labels, lambda entry: entry.key)"
_VALUES = "list_transform(labels, lambda entry: entry.value)"

MAXIMUM_RESULTS = 100_000
MAXIMUM_POINTS = 500_000  # of all series of a range together
DEFAULT_SUBQUERY_STEP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Compiled:
    """A checked expression. `instant` and `range` raise ConfigurationError when vectors cannot be matched."""

    text: str
    node: Node = field(repr=False)

    @property
    def uses_query_bounds(self) -> bool:
        """Whether @ start() or @ end() make the result at a time depend on the range it is asked with."""
        return any(
            isinstance(node.at, str) for node in _walk(self.node) if isinstance(node, (Selector, Subquery))
        )

    def instant(
        self, query: Query, time: float, *, subquery_step: float = DEFAULT_SUBQUERY_STEP_SECONDS
    ) -> list[tuple[Labels, float]]:
        """(labels, value) per result at `time`, UTC seconds; a scalar is one result without labels.

        `subquery_step` (seconds) is what a subquery without a step of its own takes.
        """
        at = _microseconds(time)
        plan = _plan(self.node, query, at, at, 1, subquery_step)
        vector = _result(plan, self.node)
        order = {"sort": "isnan(value), value", "sort_desc": "isnan(value), value DESC"}
        outermost = self.node.function if isinstance(self.node, Call) else ""
        rows = self._rows(
            plan,
            query,
            f"SELECT name, {_NAMES}, {_VALUES}, value FROM {vector.relation} "
            f"ORDER BY {order.get(outermost, 'name, labels')} LIMIT {MAXIMUM_RESULTS + 1}",
        )
        return [(_labels(*names), value) for *names, value in rows]

    def range(
        self,
        query: Query,
        start: float,
        end: float,
        step: float,
        *,
        subquery_step: float = DEFAULT_SUBQUERY_STEP_SECONDS,
    ) -> list[tuple[Labels, list[tuple[float, float]]]]:
        """(labels, [(time, value)]) per series over start, start+step … end, UTC seconds.

        Raises ConfigurationError for more than MAXIMUM_POINTS.
        """
        if end < start or step <= 0:
            raise ConfigurationError("a range ends after its start and has a step above 0")
        plan = _plan(
            self.node, query, _microseconds(start), _microseconds(end), _microseconds(step), subquery_step
        )
        vector = _result(plan, self.node)
        rows = self._rows(
            plan,
            query,
            f"SELECT name, {_NAMES}, {_VALUES}, list([t / 1e6, value] ORDER BY t) AS points "
            f"FROM (SELECT * FROM {vector.relation} LIMIT {MAXIMUM_POINTS + 1}) "
            f"GROUP BY name, labels ORDER BY name, labels LIMIT {MAXIMUM_RESULTS + 1}",
        )
        if sum(len(points) for *_, points in rows) > MAXIMUM_POINTS:
            raise ConfigurationError(
                f"more than {MAXIMUM_POINTS} points: select fewer series, a shorter range or a longer step"
            )
        return [(_labels(*names), [(time, value) for time, value in points]) for *names, points in rows]

    def _rows(self, plan: Plan, query: Query, sql: str) -> list[tuple[Any, ...]]:
        since = math.inf if plan.oldest_us is None else plan.oldest_us / 1e6
        rows = query(plan.statement(sql), plan.parameters, since=since, metrics=_metrics(self.node))
        if rows and rows[0][-1] is not None:
            raise ConfigurationError(rows[0][-1])
        if len(rows) > MAXIMUM_RESULTS:
            raise ConfigurationError(f"more than {MAXIMUM_RESULTS} results: select fewer series")
        # Without a result there is one row of NULLs, from the join with the checks.
        return [row[:-1] for row in rows if row[1] is not None]


def json_number(value: float) -> float | str:
    """The value as JSON can hold it: NaN and the infinities as text, as Prometheus's API has them."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")


def compile(text: str) -> Compiled:
    """Check an expression. Raises ConfigurationError naming what is wrong or not supported."""
    node = parse(text)
    # Building it once for any time finds what is not supported.
    _result(Plan(0, 0, 1, _microseconds(DEFAULT_SUBQUERY_STEP_SECONDS), 0), node)
    return Compiled(text, node)


def _plan(node: Node, query: Query, start: int, end: int, step: int, subquery_step: float) -> Plan:
    return Plan(start, end, step, _microseconds(subquery_step), _longest_lookback_us(node, query))


def _longest_lookback_us(node: Node, query: Query) -> int:
    """The longest look-back of the series that the expression may select."""
    metrics = _metrics(node)
    if metrics == []:
        return 0
    [(interval,)] = query(
        "SELECT coalesce(max(interval_seconds), 0) FROM series "
        "WHERE $1 OR list_contains($2::VARCHAR[], metric)",
        [metrics is None, metrics or []],
        since=math.inf,
    )
    return _microseconds(max(float(LOOKBACK_SECONDS), interval * LOOKBACK_INTERVALS))


def _metrics(node: Node) -> list[str] | None:
    """The metrics that the expression may select; None = any."""
    found = [selector.metric for selector in _walk(node) if isinstance(selector, Selector)]
    named = [metric for metric in found if metric is not None]
    return named if len(named) == len(found) else None


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in children(node):
        yield from _walk(child)


def _result(plan: Plan, node: Node) -> Vector:
    relation = _build(plan, node, plan.grid)
    if isinstance(relation, Scalar):
        return as_vector(plan, plan.grid, relation)
    if not isinstance(relation, Vector):
        raise ConfigurationError("the result is a range of samples: apply a function such as rate() to it")
    return relation


def _build(plan: Plan, node: Node, grid: Grid) -> Relation:
    def build(child: Node, times: Grid) -> Relation:
        return _build(plan, child, times)

    match node:
        case Number(value=value):
            return Scalar(plan.number(value))
        case Text():
            raise ConfigurationError("a string is not possible here")
        case Selector():
            return instant_vector(plan, grid, node)
        case RangeSelector():
            return window(plan, grid, node)
        case Subquery():
            return subquery_window(plan, grid, node, build)
        case Call():
            return call(plan, grid, node, build)
        case Aggregation(expression=expression, parameter=parameter):
            vector = build(expression, grid)
            given: Relation | str | None = None
            if parameter is not None:
                given = parameter.value if isinstance(parameter, Text) else build(parameter, grid)
            if not isinstance(vector, Vector) or not (given is None or isinstance(given, (Scalar, str))):
                raise ConfigurationError(f"{node.operator} aggregates an instant vector")
            return aggregate(plan, grid, node, vector, given)
        case Binary(left=left, right=right):
            sides = build(left, grid), build(right, grid)
            match sides:
                case ((Vector() | Scalar() as one), (Vector() | Scalar() as other)):
                    return operate(plan, node, one, other)
            raise ConfigurationError(f"operator {node.operator} stands between instant vectors and scalars")
        case Negation(expression=expression):
            return _negated(plan, build(expression, grid))


def _negated(plan: Plan, relation: Relation) -> Relation:
    match relation:
        case Scalar(sql=sql, sources=sources):
            return Scalar(f"(-{sql})", sources)
        case Vector():
            result = Vector(
                plan.step(f"SELECT t, '' AS name, labels, -value AS value FROM {relation.relation}"),
                one_name=True,
            )
            return result if relation.one_name else plan.unique(result)
        case _:
            raise ConfigurationError("a range of samples has no sign")


def _labels(name: str, keys: list[str], values: list[str]) -> Labels:
    labels = dict(zip(keys, values, strict=True))
    return {"__name__": name, **labels} if name else labels


def _microseconds(seconds: float) -> int:
    if not math.isfinite(seconds) or abs(seconds) > 1e11:
        raise ConfigurationError(f"not a time or duration: {seconds}")
    return round(seconds * 1_000_000)
