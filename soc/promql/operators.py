"""Binary operators: arithmetic, comparison, and, or, unless, between scalars and vectors.

Vector matching: https://prometheus.io/docs/prometheus/latest/querying/operators/#vector-matching
"""

from __future__ import annotations

from soc.model import ConfigurationError
from soc.promql.labels import NAME, drop, get, keep, put
from soc.promql.nodes import Binary, Matching
from soc.promql.plan import Plan, Scalar, Vector
from soc.promql.statistics import ARITHMETIC, COMPARISONS

SET_OPERATORS = ("and", "or", "unless")


def operate(plan: Plan, node: Binary, left: Vector | Scalar, right: Vector | Scalar) -> Vector | Scalar:
    """Apply the operator of the node to its built sides."""
    match left, right:
        case Scalar(), Scalar():
            return Scalar(_value(node, left.sql, right.sql), left.sources | right.sources)
        case Vector(), Scalar():
            return _with_scalar(plan, node, left, right, "vector.value", right.sql)
        case Scalar(), Vector():
            return _with_scalar(plan, node, right, left, left.sql, "vector.value")
        case Vector(), Vector():
            if node.operator in SET_OPERATORS:
                return _set_operation(plan, node, left, right)
            return _between_vectors(plan, node, left, right)
    raise ConfigurationError(f"operator {node.operator} is not supported here")


def _value(node: Binary, left: str, right: str) -> str:
    """Arithmetic, or a comparison as 0 or 1."""
    if node.operator in COMPARISONS:
        return f"CASE WHEN {COMPARISONS[node.operator](left, right)} THEN 1.0::DOUBLE ELSE 0.0::DOUBLE END"
    if node.operator in ARITHMETIC:
        return ARITHMETIC[node.operator](left, right)
    raise ConfigurationError(f"operator {node.operator} is not supported")


def _filters(node: Binary) -> bool:
    return node.operator in COMPARISONS and not node.returns_bool


def _with_scalar(plan: Plan, node: Binary, vector: Vector, scalar: Scalar, left: str, right: str) -> Vector:
    if _filters(node):
        # A comparison keeps the vector's sample, whichever side it stands on.
        name, value, condition = "vector.name", "vector.value", COMPARISONS[node.operator](left, right)
    else:
        name, value, condition = "''", _value(node, left, right), "true"
    result = Vector(
        plan.step(
            f"SELECT t, {name} AS name, vector.labels, {value} AS value "
            f"FROM {vector.relation} AS vector{scalar.joins()} WHERE {condition}"
        ),
        one_name=vector.one_name or not _filters(node),
    )
    return result if vector.one_name or _filters(node) else plan.unique(result)


def _keyed(plan: Plan, vector: Vector, matching: Matching) -> str:
    """The vector with the columns that its samples are matched by."""
    if matching.on:
        name, labels = keep(plan, "source", matching.labels)
    else:
        name, labels = "''", drop(plan, "source", tuple(label for label in matching.labels if label != NAME))
    return plan.step(
        f"SELECT source.*, {name} AS key_name, {labels} AS key_labels FROM {vector.relation} AS source"
    )


_SAME_KEY = "other.t = source.t AND other.key_name = source.key_name AND other.key_labels = source.key_labels"


def _set_operation(plan: Plan, node: Binary, left: Vector, right: Vector) -> Vector:
    ours, theirs = _keyed(plan, left, node.matching), _keyed(plan, right, node.matching)
    columns = "SELECT source.t, source.name, source.labels, source.value"
    if node.operator == "or":
        sql = (
            f"{columns} FROM {ours} AS source UNION ALL "
            f"{columns} FROM {theirs} AS source ANTI JOIN {ours} AS other ON {_SAME_KEY}"
        )
        return Vector(plan.step(sql))
    join = "SEMI" if node.operator == "and" else "ANTI"
    return Vector(
        plan.step(f"{columns} FROM {ours} AS source {join} JOIN {theirs} AS other ON {_SAME_KEY}"),
        left.one_name,
    )


def _between_vectors(plan: Plan, node: Binary, left: Vector, right: Vector) -> Vector:
    matching = node.matching
    if matching.fill_left is not None or matching.fill_right is not None:
        raise ConfigurationError("fill, fill_left and fill_right are not supported")
    many, one = (right, left) if matching.group == "right" else (left, right)
    many_rows, one_rows = _keyed(plan, many, matching), _keyed(plan, one, matching)
    plan.check(
        f"SELECT 1 FROM {one_rows} GROUP BY t, key_name, key_labels HAVING count(*) > 1",
        f"several series on the {'left' if matching.group == 'right' else 'right'} side of "
        f"{node.operator} have the same matching labels: many-to-many matching is not possible",
    )
    swapped = matching.group == "right"
    left_value, right_value = ("other.value", "source.value") if swapped else ("source.value", "other.value")
    if _filters(node):
        value, condition = left_value, COMPARISONS[node.operator](left_value, right_value)
    else:
        value, condition = _value(node, left_value, right_value), "true"
    name, labels = _result_labels(plan, node)
    result = Vector(
        plan.step(
            f"SELECT source.t, {name} AS name, {labels} AS labels, {value} AS value "
            f"FROM {many_rows} AS source JOIN {one_rows} AS other ON {_SAME_KEY} WHERE {condition}"
        )
    )
    if matching.group:
        return plan.unique(result)
    plan.check(
        f"SELECT 1 FROM {many_rows} AS source SEMI JOIN {one_rows} AS other ON {_SAME_KEY} "
        "GROUP BY source.t, source.key_name, source.key_labels HAVING count(*) > 1",
        f"several series on the left side of {node.operator} match one on the right: "
        "many-to-one matching must be explicit (group_left or group_right)",
    )
    return result


def _result_labels(plan: Plan, node: Binary) -> tuple[str, str]:
    matching = node.matching
    if matching.group:
        name, labels = "source.name" if _filters(node) else "''", "source.labels"
        for label in matching.include:
            if label == NAME:
                name = "other.name"
            else:
                labels = put(plan, labels, label, get(plan, "other", label))
        return name, labels
    keeps_name = _filters(node) and (NAME in matching.labels) == matching.on
    return "source.name" if keeps_name else "''", "source.key_labels"
