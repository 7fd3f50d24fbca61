"""SQL over labels: lists of (key, value), sorted by key, without empty values.

Lists, because DuckDB builds maps row by row, some twenty times slower. Label names and values are
always bound values.
"""

from __future__ import annotations

from soc.promql.plan import Plan

NO_LABELS = "[]::STRUCT(key VARCHAR, value VARCHAR)[]"
NAME = "__name__"


def get(plan: Plan, row: str, label: str) -> str:
    """The value of a label, '' if absent."""
    if label == NAME:
        return f"{row}.name"
    key = plan.bind(label)
    return f"coalesce(list_filter({row}.labels, lambda entry: entry.key = {key})[1].value, '')"


def keep(plan: Plan, row: str, labels: tuple[str, ...]) -> tuple[str, str]:
    """(name, labels) of the row with only these labels."""
    name = f"{row}.name" if NAME in labels else "''"
    others = tuple(label for label in labels if label != NAME)
    if not others:
        return name, NO_LABELS
    return name, f"list_filter({row}.labels, lambda entry: list_contains({plan.strings(others)}, entry.key))"


def drop(plan: Plan, row: str, labels: tuple[str, ...]) -> str:
    """The labels of the row without these."""
    if not labels:
        return f"{row}.labels"
    return f"list_filter({row}.labels, lambda entry: NOT list_contains({plan.strings(labels)}, entry.key))"


def put(plan: Plan, labels: str, label: str, value: str) -> str:
    """`labels` with one more or another value (SQL); '' removes the label."""
    key = f"{plan.bind(label)}::VARCHAR"
    return normal(
        f"list_concat(list_filter({labels}, lambda entry: entry.key <> {key}), "
        f"[{{'key': {key}, 'value': {value}}}])"
    )


def normal(entries: str) -> str:
    """Sorted, without empty values."""
    return f"list_sort(list_filter({entries}, lambda entry: entry.value <> ''))"
