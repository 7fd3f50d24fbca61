"""Function calls that look at labels, at whole vectors or at the evaluation time."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import re2

from soc.model import ConfigurationError
from soc.promql.functions import CALENDAR, CONDITIONS, DEFAULT_ARGUMENTS, VALUE_FUNCTIONS
from soc.promql.histograms import histogram_quantile
from soc.promql.labels import NAME, NO_LABELS, get, put
from soc.promql.nodes import Call, Node, RangeSelector, Selector, Text
from soc.promql.parse import check_regex
from soc.promql.plan import Grid, Plan, Relation, Scalar, Vector, Window
from soc.promql.range_functions import RANGE_FUNCTIONS, apply_range_function
from soc.promql.selectors import instant_vector
from soc.promql.subqueries import Build, as_vector

TIME = Scalar("(t / 1e6)::DOUBLE")
_Kind = TypeVar("_Kind", Vector, Scalar, Window)


@dataclass(frozen=True, slots=True)
class Site:
    """Where a call is compiled: the plan, the grid, and how its arguments are built."""

    plan: Plan
    grid: Grid
    build: Build

    def vector(self, node: Node) -> Vector:
        return _expect(self.build(node, self.grid), Vector)

    def scalar(self, node: Node) -> Scalar:
        return _expect(self.build(node, self.grid), Scalar)

    def window(self, node: Node) -> Window:
        return _expect(self.build(node, self.grid), Window)


def call(plan: Plan, grid: Grid, node: Call, build: Build) -> Relation:
    """Build the call. Raises ConfigurationError naming a function that is not supported."""
    site = Site(plan, grid, build)
    if node.function in RANGE_FUNCTIONS:
        return _range_function(site, node)
    if node.function in VALUE_FUNCTIONS:
        return _value_function(site, node)
    if special := _SPECIAL.get(node.function):
        return special(site, node)
    raise ConfigurationError(f"function {node.function}() is not supported")


def _range_function(site: Site, node: Call) -> Vector:
    function = RANGE_FUNCTIONS[node.function]
    at = function.parameter
    parameter = None if at is None else site.scalar(node.arguments[at])
    [samples] = [argument for position, argument in enumerate(node.arguments) if position != at]
    return apply_range_function(site.plan, function, site.window(samples), parameter)


def _value_function(site: Site, node: Call) -> Vector:
    plan = site.plan
    if node.function in CALENDAR and not node.arguments:
        vector = as_vector(plan, site.grid, TIME)
        scalars: list[Scalar] = []
    else:
        vector = site.vector(node.arguments[0])
        scalars = [site.scalar(argument) for argument in node.arguments[1:]]
    defaults = DEFAULT_ARGUMENTS.get(node.function, ())[len(scalars) :]
    scalars += [Scalar(plan.number(value)) for value in defaults]
    arguments = [scalar.sql for scalar in scalars]
    joins = Scalar("", frozenset().union(*(scalar.sources for scalar in scalars))).joins()
    rows = f"SELECT t, source.labels, source.value FROM {vector.relation} AS source"
    sql = VALUE_FUNCTIONS[node.function].replace("value", "vector.value").format(*arguments)
    condition = CONDITIONS.get(node.function, "true").format(*arguments)
    result = Vector(
        plan.step(
            f"SELECT t, '' AS name, vector.labels, {sql} AS value "
            f"FROM ({rows}) AS vector{joins} WHERE {condition}"
        ),
        one_name=True,
    )
    return result if vector.one_name else plan.unique(result)


def _time(_site: Site, _node: Call) -> Scalar:
    return TIME


def _pi(_site: Site, _node: Call) -> Scalar:
    return Scalar("pi()")


def _vector(site: Site, node: Call) -> Vector:
    return as_vector(site.plan, site.grid, site.scalar(node.arguments[0]))


def _scalar(site: Site, node: Call) -> Scalar:
    vector = site.vector(node.arguments[0])
    relation = site.plan.step(
        f"""
        SELECT grid.t,
               CASE WHEN count(vector.t) = 1 THEN any_value(vector.value) ELSE 'nan'::DOUBLE END AS value
        FROM {site.grid.relation} AS grid LEFT JOIN {vector.relation} AS vector USING (t)
        GROUP BY grid.t
        """
    )
    return Scalar(f"{relation}.value", frozenset((relation,)))


def _timestamp(site: Site, node: Call) -> Vector:
    argument = node.arguments[0]
    if isinstance(argument, Selector):
        samples = instant_vector(site.plan, site.grid, argument, "(epoch_us(latest.time) / 1e6)::DOUBLE")
        value = "value"
    else:
        samples, value = site.vector(argument), TIME.sql
    result = Vector(
        site.plan.step(f"SELECT t, '' AS name, labels, {value} AS value FROM {samples.relation}"),
        one_name=True,
    )
    return result if samples.one_name else site.plan.unique(result)


def _absent(site: Site, node: Call) -> Vector:
    argument = node.arguments[0]
    vector = site.vector(argument)
    return _absence(site, argument if isinstance(argument, Selector) else None, vector.relation)


def _absent_over_time(site: Site, node: Call) -> Vector:
    argument = node.arguments[0]
    window = site.window(argument)
    selector = argument.selector if isinstance(argument, RangeSelector) else None
    return _absence(site, selector, window.relation)


def _absence(site: Site, selector: Selector | None, relation: str) -> Vector:
    """1 where the relation has no row, with the labels that the selector's matchers ask for."""
    plan = site.plan
    matchers = [m for m in selector.matchers if m.label != NAME] if selector else []
    labels = NO_LABELS
    for matcher in matchers:
        if matcher.operator == "=" and [m.label for m in matchers].count(matcher.label) == 1:
            labels = put(plan, labels, matcher.label, f"{plan.bind(matcher.value)}::VARCHAR")
    sql = f"""
        SELECT grid.t, '' AS name, {labels} AS labels, 1.0::DOUBLE AS value
        FROM {site.grid.relation} AS grid ANTI JOIN {relation} AS present USING (t)
    """
    return Vector(plan.step(sql), one_name=True)


def _sorted(site: Site, node: Call) -> Vector:
    # Only the outermost call has an order to give; the statement orders its result.
    return site.vector(node.arguments[0])


_REFERENCE = re.compile(r"\$(?:(?P<dollar>\$)|(?P<bare>\w+)|\{(?P<braced>\w+)\})", re.ASCII)


def _label_replace(site: Site, node: Call) -> Vector:
    destination, replacement, source, pattern = _texts(node, node.arguments[1:])
    _check_label(node, destination)
    check_regex(pattern)
    plan = site.plan
    vector = site.vector(node.arguments[0])
    anchored = plan.bind(f"^(?s:{pattern})$")
    text = get(plan, "source", source)
    value = _expanded(plan, replacement, pattern, text, anchored)
    return _relabelled(plan, vector, destination, value, f"regexp_matches({text}, {anchored})")


def _expanded(plan: Plan, template: str, pattern: str, text: str, anchored: str) -> str:
    """SQL of the template with $1, ${name} replaced by the pattern's groups; $$ is a dollar sign."""
    compiled = re2.compile(pattern)
    parts, end = ["''"], 0
    for found in _REFERENCE.finditer(template):
        parts.append(f"{plan.bind(template[end : found.start()])}::VARCHAR")
        end = found.end()
        name = found["bare"] or found["braced"]
        if found["dollar"]:
            parts.append("'$'")
            continue
        group = int(name) if name.isdecimal() and len(name) < 4 else compiled.groupindex.get(name, -1)
        if 0 <= group <= compiled.groups:
            parts.append(f"regexp_extract({text}, {anchored}, {group:d})")
    parts.append(f"{plan.bind(template[end:])}::VARCHAR")
    return f"concat({', '.join(parts)})"


def _label_join(site: Site, node: Call) -> Vector:
    destination, separator, *sources = _texts(node, node.arguments[1:])
    _check_label(node, destination)
    plan = site.plan
    values = ", ".join(get(plan, "source", label) for label in sources) or "''"
    value = f"concat_ws({plan.bind(separator)}::VARCHAR, {values})"
    return _relabelled(plan, site.vector(node.arguments[0]), destination, value, "true")


def _relabelled(plan: Plan, vector: Vector, destination: str, value: str, condition: str) -> Vector:
    name, labels = "source.name", "source.labels"
    if destination == NAME:
        name = f"CASE WHEN {condition} THEN {value} ELSE {name} END"
    else:
        labels = f"CASE WHEN {condition} THEN {put(plan, labels, destination, value)} ELSE {labels} END"
    return plan.unique(
        Vector(
            plan.step(
                f"SELECT t, {name} AS name, {labels} AS labels, value FROM {vector.relation} AS source"
            ),
            vector.one_name and destination != NAME,
        )
    )


def _histogram_quantile(site: Site, node: Call) -> Vector:
    return histogram_quantile(site.plan, site.scalar(node.arguments[0]), site.vector(node.arguments[1]))


def _texts(node: Call, arguments: tuple[Node, ...]) -> list[str]:
    if not all(isinstance(argument, Text) for argument in arguments):
        raise ConfigurationError(f"{node.function}() takes string literals")
    return [argument.value for argument in arguments if isinstance(argument, Text)]


def _check_label(node: Call, label: str) -> None:
    if not label or not (label.isprintable() and label.strip()):
        raise ConfigurationError(f"{node.function}(): not a label name: {label[:40]!r}")


def _expect(relation: Relation, kind: type[_Kind]) -> _Kind:
    if not isinstance(relation, kind):
        raise ConfigurationError(f"a {kind.__name__.lower()} is expected here")
    return relation


_SPECIAL: dict[str, Callable[[Site, Call], Relation]] = {
    "absent": _absent,
    "absent_over_time": _absent_over_time,
    "histogram_quantile": _histogram_quantile,
    "label_join": _label_join,
    "label_replace": _label_replace,
    "pi": _pi,
    "scalar": _scalar,
    "sort": _sorted,
    "sort_desc": _sorted,
    "time": _time,
    "timestamp": _timestamp,
    "vector": _vector,
}
