"""Results of PromQL expressions as documents: the lines of `soc query --json` (CONTRACTS: commands)."""

from __future__ import annotations

from typing import Any

from soc.promql import Compiled, json_number
from soc.store import Store


def instant_documents(store: Store, expression: Compiled, at: float) -> list[dict[str, Any]]:
    """{"labels", "value", "time"} per result at `at`, UTC seconds. Raises as Compiled.instant."""
    return [
        {"labels": labels, "value": json_number(value), "time": at}
        for labels, value in expression.instant(store.query, at)
    ]


def range_documents(
    store: Store, expression: Compiled, begin: float, end: float, step: float
) -> list[dict[str, Any]]:
    """{"labels", "values": [[time, value]]} per series from `begin` to `end`. Raises as Compiled.range."""
    return [
        {"labels": labels, "values": [[moment, json_number(value)] for moment, value in points]}
        for labels, points in expression.range(store.query, begin, end, step)
    ]
