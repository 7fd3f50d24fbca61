"""Aggregates over a column `value` with the rules of IEEE 754 that DuckDB's own do not keep."""

from __future__ import annotations

from collections.abc import Callable

NAN = "'nan'::DOUBLE"
_PLUS_INFINITY = "'inf'::DOUBLE"
_MINUS_INFINITY = "'-inf'::DOUBLE"

# DuckDB's compensated sum (Kahan) loses what was added before a much larger value that another one
# cancels later; where that may have happened the values are summed again one by one (Neumaier).
_TERM = "(CASE WHEN abs(a.s) >= abs(b.s) THEN (a.s - (a.s + b.s)) + b.s ELSE (b.s - (a.s + b.s)) + a.s END)"
_REDUCED = (
    "list_reduce(list(struct_pack(s := value, c := 0.0::DOUBLE)), "
    f"lambda a, b: struct_pack(s := a.s + b.s, c := a.c + {_TERM}))"
)
_COMPENSATED = (
    "CASE WHEN max(abs(value)) > 1e9 * abs(fsum(value)) "
    f"THEN {_REDUCED}.s + {_REDUCED}.c ELSE fsum(value) END"
)
# Compensation turns an infinity, or an overflow, into NaN; the plain sum does not.
SUM = f"CASE WHEN isfinite(sum(value)) THEN {_COMPENSATED} ELSE sum(value) END"
# When only the sum overflows, the average of the values scaled down is still exact.
AVERAGE = (
    f"CASE WHEN isfinite(sum(value)) THEN ({_COMPENSATED}) / count(*) "
    "WHEN bool_and(isfinite(value)) THEN fsum(value / 1.1529e18) / count(*) * 1.1529e18 "
    "ELSE sum(value) / count(*) END"
)
# DuckDB takes NaN for the largest number; here it only counts when there is no other.
MINIMUM = "min(value)"
MAXIMUM = f"coalesce(max(value) FILTER (WHERE NOT isnan(value)), {NAN})"
# Beyond 1e150 a square overflows, which DuckDB refuses.
VARIANCE = (
    f"CASE WHEN bool_or(NOT isfinite(value)) THEN {NAN} WHEN bool_or(abs(value) >= 1e150) "
    f"THEN CASE WHEN min(value) = max(value) THEN 0.0 ELSE {_PLUS_INFINITY} END "
    "ELSE var_pop(value) FILTER (WHERE abs(value) < 1e150) END"
)


def quantile(values: str, rank: str) -> str:
    """The rank-quantile (0..1) of a list, between its neighbours linearly; NaN counts as the smallest."""
    ordered = (
        f"list_concat(list_filter({values}, lambda each: isnan(each)), "
        f"list_sort(list_filter({values}, lambda each: NOT isnan(each))))"
    )
    position = f"({rank} * (len({values}) - 1))"
    lower = f"{ordered}[greatest(0, floor({position}))::BIGINT + 1]"
    upper = f"{ordered}[least(len({values}) - 1, floor({position}) + 1)::BIGINT + 1]"
    weight = f"({position} - floor({position}))"
    return (
        f"CASE WHEN isnan({rank}) THEN {NAN} WHEN {rank} < 0 THEN {_MINUS_INFINITY} "
        f"WHEN {rank} > 1 THEN {_PLUS_INFINITY} "
        f"ELSE {lower} * (1 - {weight}) + {upper} * {weight} END"
    )


Operator = Callable[[str, str], str]
# DuckDB's own comparisons hold NaN equal to itself and above every number.
COMPARISONS: dict[str, Operator] = {
    "==": lambda left, right: f"({left} = {right} AND NOT isnan({left}))",
    "!=": lambda left, right: f"({left} <> {right} OR isnan({left}))",
    ">": lambda left, right: f"({left} > {right} AND NOT isnan({left}))",
    "<": lambda left, right: f"({left} < {right} AND NOT isnan({right}))",
    ">=": lambda left, right: f"({left} >= {right} AND NOT isnan({left}))",
    "<=": lambda left, right: f"({left} <= {right} AND NOT isnan({right}))",
}
ARITHMETIC: dict[str, Operator] = {
    "+": lambda left, right: f"({left} + {right})",
    "-": lambda left, right: f"({left} - {right})",
    "*": lambda left, right: f"({left} * {right})",
    "/": lambda left, right: f"({left} / {right})",
    "%": lambda left, right: f"({left} % {right})",
    "^": lambda left, right: f"pow({left}, {right})",
    "atan2": lambda left, right: f"atan2({left}, {right})",
}
