"""Aggregation operators: sum, avg, topk … by or without labels."""

from __future__ import annotations

from soc.model import ConfigurationError
from soc.promql.labels import NAME, drop, keep, put
from soc.promql.nodes import Aggregation
from soc.promql.plan import Grid, Plan, Scalar, Vector
from soc.promql.statistics import AVERAGE, MAXIMUM, MINIMUM, SUM, VARIANCE, quantile

_AGGREGATES: dict[str, str] = {
    "sum": SUM,
    "avg": AVERAGE,
    "min": MINIMUM,
    "max": MAXIMUM,
    "count": "count(*)::DOUBLE",
    "group": "1.0::DOUBLE",
    "stdvar": VARIANCE,
    "stddev": f"sqrt({VARIANCE})",
}


def aggregate(
    plan: Plan, grid: Grid, node: Aggregation, vector: Vector, parameter: Scalar | str | None
) -> Vector:
    """Apply the operator. `parameter` is the scalar or text that quantile, topk, count_values … take."""
    grouped = _grouped(plan, node, vector)
    one_name = vector.one_name or node.without or NAME not in node.labels
    if sql := _AGGREGATES.get(node.operator):
        return Vector(
            plan.step(
                f"SELECT t, group_name AS name, group_labels AS labels, {sql} AS value "
                f"FROM {grouped} GROUP BY t, group_name, group_labels"
            ),
            one_name,
        )
    if node.operator == "count_values" and isinstance(parameter, str):
        return _count_values(plan, grouped, parameter)
    if not isinstance(parameter, Scalar):
        raise ConfigurationError(f"aggregation {node.operator} is not supported")
    if node.operator == "quantile":
        return Vector(_quantile(plan, grouped, parameter), one_name)
    if node.operator in ("topk", "bottomk", "limitk"):
        return Vector(_some(plan, grid, node.operator, grouped, parameter), vector.one_name)
    raise ConfigurationError(f"aggregation {node.operator} is not supported")


def _grouped(plan: Plan, node: Aggregation, vector: Vector) -> str:
    if node.without:
        name, labels = "''", drop(plan, "source", tuple(label for label in node.labels if label != NAME))
    else:
        name, labels = keep(plan, "source", node.labels)
    return plan.step(
        f"SELECT source.*, {name} AS group_name, {labels} AS group_labels FROM {vector.relation} AS source"
    )


def _quantile(plan: Plan, grouped: str, rank: Scalar) -> str:
    return plan.step(
        f"""
        SELECT t, name, labels, {quantile("all_values", "rank")} AS value
        FROM (
            SELECT t, name, labels, all_values, {rank.sql} AS rank
            FROM (
                SELECT t, group_name AS name, group_labels AS labels, list(value) AS all_values
                FROM {grouped} GROUP BY t, group_name, group_labels
            ){rank.joins()}
        )
        """
    )


def _some(plan: Plan, grid: Grid, operator: str, grouped: str, count: Scalar) -> str:
    order = {
        "topk": "isnan(value), value DESC, labels",
        "bottomk": "isnan(value), value, labels",
        "limitk": "hash(labels), labels",
    }[operator]
    counted = plan.step(
        f"SELECT t, source.name, source.labels, source.value, source.group_name, source.group_labels, "
        f"{count.sql} AS wanted FROM {grouped} AS source{count.joins()}"
    )
    plan.check(
        f"SELECT 1 FROM {grid.relation}{count.joins()} "
        f"WHERE isnan({count.sql}) OR abs({count.sql}) >= 9.2e18",
        f"the number given to {operator} is NaN or out of range",
    )
    return plan.step(
        f"""
        SELECT t, name, labels, value FROM {counted}
        QUALIFY row_number() OVER (PARTITION BY t, group_name, group_labels ORDER BY {order}) <= trunc(wanted)
        """
    )


def _count_values(plan: Plan, grouped: str, label: str) -> Vector:
    # Whole numbers are written without a fraction, as Go's shortest decimal form has them.
    text = """
        CASE WHEN isnan(value) THEN 'NaN'
             WHEN value = 'inf'::DOUBLE THEN '+Inf' WHEN value = '-inf'::DOUBLE THEN '-Inf'
             WHEN value = trunc(value) AND abs(value) < 1e18 THEN value::BIGINT::VARCHAR
             ELSE value::VARCHAR END
    """
    if label == NAME:
        name, labels = text, "group_labels"
    else:
        name, labels = "group_name", put(plan, "group_labels", label, text)
    return Vector(
        plan.step(
            f"""
            SELECT t, name, labels, count(*)::DOUBLE AS value
            FROM (SELECT t, {name} AS name, {labels} AS labels FROM {grouped})
            GROUP BY t, name, labels
            """
        )
    )
