"""Subqueries: an expression evaluated on a grid of its own, as a range of samples."""

from __future__ import annotations

from collections.abc import Callable

from soc.model import ConfigurationError
from soc.promql.labels import NO_LABELS
from soc.promql.nodes import Node, Subquery
from soc.promql.plan import MAXIMUM_STEPS, Grid, Plan, Relation, Scalar, Vector, Window
from soc.promql.selectors import reference_bounds, reference_time

Build = Callable[[Node, Grid], Relation]


def subquery_window(plan: Plan, grid: Grid, node: Subquery, build: Build) -> Window:
    """The results of the inner expression at multiples of its step within (ref - range, ref]."""
    step_us = node.step_us or plan.subquery_step_us
    if node.range_us // step_us >= MAXIMUM_STEPS:
        raise ConfigurationError(f"a subquery of more than {MAXIMUM_STEPS} steps: take a longer step")
    ref = reference_time(plan, node.offset_us, node.at)
    first_us, last_us = reference_bounds(plan, grid, node.offset_us, node.at)
    outer = plan.step(f"SELECT t, {ref} AS ref FROM {grid.relation}")
    first_multiple = ((first_us - node.range_us) // step_us + 1) * step_us
    inner = plan.times(first_multiple, last_us, step_us, plan.end_us)
    result = build(node.expression, inner)
    if isinstance(result, Scalar):
        result = as_vector(plan, inner, result)
    if not isinstance(result, Vector):
        raise ConfigurationError("a subquery of a range is not possible")
    identities = plan.step(
        f"""
        SELECT name, labels, row_number() OVER () AS key
        FROM (SELECT DISTINCT name, labels FROM {result.relation})
        """
    )
    relation = plan.step(
        f"""
        SELECT grid.t, grid.ref, identity.key, result.t AS ts, result.value
        FROM {outer} AS grid
        JOIN {result.relation} AS result
          ON result.t > grid.ref - {plan.integer(node.range_us)} AND result.t <= grid.ref
        JOIN {identities} AS identity ON identity.name = result.name AND identity.labels = result.labels
        """
    )
    return Window(relation, identities, False, node.range_us, result.one_name)


def as_vector(plan: Plan, grid: Grid, scalar: Scalar) -> Vector:
    """The scalar as a vector of one element without labels."""
    relation = plan.step(
        f"""
        SELECT t, '' AS name, {NO_LABELS} AS labels, {scalar.sql} AS value
        FROM {grid.relation}{scalar.joins()}
        """
    )
    return Vector(relation, one_name=True)
