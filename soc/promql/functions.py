"""Functions over instant vectors and scalars: each an SQL expression over a value.

To add one of these, add an entry to VALUE_FUNCTIONS; those that look at labels or at whole vectors
are in calls.py.
"""

from __future__ import annotations

from soc.promql.statistics import NAN

_INFINITE = "isinf(value)"


def _logarithm(function: str) -> str:
    return (
        f"CASE WHEN isnan(value) OR value < 0 THEN {NAN} WHEN value = 0 THEN '-inf'::DOUBLE "
        f"WHEN {_INFINITE} THEN value ELSE {function}(value) END"
    )


def _within(function: str, condition: str) -> str:
    """Outside its domain a function is NaN (IEEE 754), where DuckDB refuses."""
    return f"CASE WHEN NOT isnan(value) AND {condition} THEN {function} ELSE {NAN} END"


def _calendar(part: str) -> str:
    moment = "make_timestamp((trunc(value) * 1000000)::BIGINT)"
    # Beyond the years DuckDB's calendar knows there is no answer.
    return f"CASE WHEN abs(value) < 9e12 THEN ({part.format(moment)})::DOUBLE ELSE {NAN} END"


_FINITE = "isfinite(value)"

# Over `value` and the scalar arguments {0}, {1} …
VALUE_FUNCTIONS: dict[str, str] = {
    "abs": "abs(value)",
    "ceil": "ceil(value)",
    "floor": "floor(value)",
    "sgn": "CASE WHEN isnan(value) OR value = 0 THEN value WHEN value > 0 THEN 1.0 ELSE -1.0 END",
    "exp": "exp(value)",
    "sqrt": _within("sqrt(value)", "value >= 0"),
    "ln": _logarithm("ln"),
    "log2": _logarithm("log2"),
    "log10": _logarithm("log10"),
    "sin": _within("sin(value)", _FINITE),
    "cos": _within("cos(value)", _FINITE),
    "tan": _within("tan(value)", _FINITE),
    "asin": _within("asin(value)", "abs(value) <= 1"),
    "acos": _within("acos(value)", "abs(value) <= 1"),
    "atan": "atan(value)",
    "sinh": "sinh(value)",
    "cosh": "cosh(value)",
    "tanh": "tanh(value)",
    "asinh": "asinh(value)",
    "acosh": _within("acosh(value)", "value >= 1"),
    "atanh": _within(
        "CASE WHEN abs(value) = 1 THEN value * 'inf'::DOUBLE ELSE atanh(value) END", "abs(value) <= 1"
    ),
    "deg": "value * (180 / pi())",
    "rad": "value * (pi() / 180)",
    "round": "floor(value * (1 / {0}) + 0.5) / (1 / {0})",
    "clamp": (
        f"CASE WHEN isnan(value) OR isnan({{0}}) OR isnan({{1}}) THEN {NAN} "
        "ELSE greatest({0}, least({1}, value)) END"
    ),
    "clamp_min": f"CASE WHEN isnan(value) OR isnan({{0}}) THEN {NAN} ELSE greatest({{0}}, value) END",
    "clamp_max": f"CASE WHEN isnan(value) OR isnan({{0}}) THEN {NAN} ELSE least({{0}}, value) END",
    "year": _calendar("year({})"),
    "month": _calendar("month({})"),
    "day_of_month": _calendar("day({})"),
    "day_of_year": _calendar("dayofyear({})"),
    "day_of_week": _calendar("dayofweek({})"),
    "hour": _calendar("hour({})"),
    "minute": _calendar("minute({})"),
    "days_in_month": _calendar("day(last_day({}))"),
}
# Their rows vanish where this fails.
CONDITIONS = {"clamp": "{0} <= {1}"}
# What a missing scalar argument means.
DEFAULT_ARGUMENTS: dict[str, tuple[float, ...]] = {"round": (1.0,)}
# Without an argument these look at the evaluation time.
CALENDAR = frozenset(
    ("year", "month", "day_of_month", "day_of_year", "day_of_week", "hour", "minute", "days_in_month")
)
