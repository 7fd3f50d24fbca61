"""SQL over label maps. Keys are always bound values; every map stays sorted by key, without empty values."""

from __future__ import annotations

from soc.promql.plan import Plan

NO_LABELS = "MAP {}::MAP(VARCHAR, VARCHAR)"
NAME = "__name__"


def get(plan: Plan, row: str, label: str) -> str:
    """The value of a label, '' if absent."""
    if label == NAME:
        return f"{row}.name"
    return f"coalesce({row}.labels[{plan.bind(label)}], '')"


def keep(plan: Plan, row: str, labels: tuple[str, ...]) -> tuple[str, str]:
    """(name, labels) of the row with only these labels."""
    name = f"{row}.name" if NAME in labels else "''"
    others = tuple(label for label in labels if label != NAME)
    if not others:
        return name, NO_LABELS
    return name, _filtered(f"{row}.labels", f"list_contains({plan.strings(others)}, entry.key)")


def drop(plan: Plan, row: str, labels: tuple[str, ...]) -> str:
    """The labels of the row without these."""
    if not labels:
        return f"{row}.labels"
    return _filtered(f"{row}.labels", f"NOT list_contains({plan.strings(labels)}, entry.key)")


def put(plan: Plan, labels: str, label: str, value: str) -> str:
    """The map `labels` with one more or another value (SQL); '' removes the label."""
    key = f"{plan.bind(label)}::VARCHAR"
    return from_entries(
        f"list_append(list_filter(map_entries({labels}), lambda entry: entry.key <> {key}), "
        f"{{'key': {key}, 'value': {value}}})"
    )


def from_entries(entries: str) -> str:
    """A sorted map of the entries that have a value."""
    return f"map_from_entries(list_sort(list_filter({entries}, lambda entry: entry.value <> '')))"


def _filtered(labels: str, condition: str) -> str:
    return f"map_from_entries(list_filter(map_entries({labels}), lambda entry: {condition}))"
