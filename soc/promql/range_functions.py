"""Functions over ranges of samples: each an SQL expression over one window's aggregates.

Meaning and extrapolation: https://prometheus.io/docs/prometheus/latest/querying/functions/ and
Prometheus 3, promql/functions.go. To add a function, add an entry to RANGE_FUNCTIONS.
"""

from __future__ import annotations

from dataclasses import dataclass

from soc.promql.plan import Plan, Scalar, Vector, Window
from soc.promql.statistics import (
    AVERAGE,
    MAXIMUM,
    MINIMUM,
    NAN,
    SUM,
    VARIANCE,
    quantile,
)

# What a result may be made of: aggregates of the samples (ts, value) of one window. `previous` and
# `previous_ts` are those of the sample before.
_AGGREGATES = {
    "samples": "count(*)",
    "first": "arg_min(value, ts)",
    "last": "arg_max(value, ts)",
    "first_ts": "min(ts)",
    "last_ts": "max(ts)",
    "total": SUM,
    "average": AVERAGE,
    "smallest": MINIMUM,
    "largest": MAXIMUM,
    "variance": VARIANCE,
    "all_values": "list(value)",
    # A counter that fell was reset: what it had reached before counts on top.
    "before_resets": (
        "coalesce(fsum(previous) FILTER (WHERE value < previous AND NOT isnan(previous)), 0.0)"
    ),
    "reset_count": "count(*) FILTER (WHERE value < previous AND NOT isnan(previous))",
    "change_count": "count(*) FILTER (WHERE value <> previous)",
    "before_last": "arg_max(previous, ts)",
    "before_last_ts": "max(previous_ts)",
    # Least squares with time in seconds before the reference time, so that sums stay small.
    "mean_x": "avg((ts - ref) / 1e6)",
    "sum_x": "fsum((ts - ref) / 1e6)",
    "sum_y": "fsum(value)",
    "sum_xy": "fsum((ts - ref) / 1e6 * value)",
    "sum_xx": "fsum(((ts - ref) / 1e6) * ((ts - ref) / 1e6))",
    "constant": "min(value) = max(value)",
}


@dataclass(frozen=True, slots=True)
class RangeFunction:
    """`sql` over `aggregates`, `ref` (µs), `range_seconds` and `parameter`, where `condition` holds."""

    sql: str
    aggregates: tuple[str, ...]
    condition: str = "true"
    keeps_name: bool = False
    parameter: int | None = None  # position of a scalar argument


def _extrapolated(*, counter: bool, per_second: bool) -> RangeFunction:
    """rate, increase and delta: the difference, stretched to the borders of the range.

    Towards each border it is stretched by the distance to it, or by half the average distance
    between samples when the border is further away than 1.1 of that; a counter not below 0.
    """
    difference = "(last - first + before_resets)" if counter else "(last - first)"
    sampled = "((last_ts - first_ts) / 1e6)"
    step = f"({sampled} / (samples - 1))"
    to_start = "((first_ts - (ref - range_seconds * 1e6)) / 1e6)"
    to_end = "((ref - last_ts) / 1e6)"
    start = f"CASE WHEN {to_start} >= {step} * 1.1 THEN {step} / 2 ELSE {to_start} END"
    end = f"CASE WHEN {to_end} >= {step} * 1.1 THEN {step} / 2 ELSE {to_end} END"
    if counter:
        to_zero = f"{sampled} * (first / {difference})"
        start = (
            f"CASE WHEN {difference} > 0 AND first >= 0 AND NOT isnan({difference}) "
            f"THEN least({start}, {to_zero}) ELSE {start} END"
        )
    sql = f"{difference} * (({sampled} + ({start}) + ({end})) / {sampled})"
    if per_second:
        sql = f"{sql} / range_seconds"
    aggregates: tuple[str, ...] = ("samples", "first", "last", "first_ts", "last_ts")
    if counter:
        aggregates = (*aggregates, "before_resets")
    return RangeFunction(sql, aggregates, "samples > 1")


def _over_time(aggregate: str, *, keeps_name: bool = False, cast: bool = False) -> RangeFunction:
    return RangeFunction(f"{aggregate}::DOUBLE" if cast else aggregate, (aggregate,), "true", keeps_name)


_LAST_TWO = ("samples", "last", "last_ts", "before_last", "before_last_ts")
_SLOPE = (
    f"CASE WHEN constant THEN CASE WHEN isfinite(sum_y) THEN 0.0 ELSE {NAN} END "
    "ELSE (sum_xy - sum_x * sum_y / samples) / (sum_xx - sum_x * sum_x / samples) END"
)
_REGRESSION = ("samples", "sum_x", "sum_y", "sum_xy", "sum_xx", "constant")

RANGE_FUNCTIONS: dict[str, RangeFunction] = {
    "rate": _extrapolated(counter=True, per_second=True),
    "increase": _extrapolated(counter=True, per_second=False),
    "delta": _extrapolated(counter=False, per_second=False),
    "irate": RangeFunction(
        "CASE WHEN last < before_last AND NOT isnan(before_last) THEN last ELSE last - before_last END "
        "/ ((last_ts - before_last_ts) / 1e6)",
        _LAST_TWO,
        "samples > 1",
    ),
    "idelta": RangeFunction("last - before_last", _LAST_TWO, "samples > 1"),
    "deriv": RangeFunction(_SLOPE, _REGRESSION, "samples > 1"),
    "predict_linear": RangeFunction(
        f"CASE WHEN constant THEN CASE WHEN isfinite(sum_y) THEN sum_y / samples ELSE {NAN} END "
        f"ELSE sum_y / samples + ({_SLOPE}) * (parameter - sum_x / samples) END",
        _REGRESSION,
        "samples > 1",
        parameter=1,
    ),
    "changes": _over_time("change_count", cast=True),
    "resets": _over_time("reset_count", cast=True),
    "count_over_time": _over_time("samples", cast=True),
    "sum_over_time": _over_time("total"),
    "avg_over_time": _over_time("average"),
    "min_over_time": _over_time("smallest"),
    "max_over_time": _over_time("largest"),
    "last_over_time": _over_time("last", keeps_name=True),
    "first_over_time": _over_time("first", keeps_name=True),
    "present_over_time": RangeFunction("1.0::DOUBLE", ("samples",)),
    "stdvar_over_time": _over_time("variance"),
    "stddev_over_time": RangeFunction("sqrt(variance)", ("variance",)),
    "quantile_over_time": RangeFunction(quantile("all_values", "parameter"), ("all_values",), parameter=0),
    "mad_over_time": RangeFunction(
        quantile(
            f"list_transform(all_values, lambda each: abs(each - {quantile('all_values', '0.5')}))", "0.5"
        ),
        ("all_values",),
    ),
    "ts_of_first_over_time": RangeFunction("first_ts / 1e6", ("first_ts",)),
    "ts_of_last_over_time": RangeFunction("last_ts / 1e6", ("last_ts",)),
}
_NEEDS_PREVIOUS = {"before_resets", "reset_count", "change_count", "before_last", "before_last_ts"}


def apply_range_function(
    plan: Plan, function: RangeFunction, window: Window, parameter: Scalar | None
) -> Vector:
    """One value per evaluation time and series that has enough samples in its window."""
    rows = window.relation
    if _NEEDS_PREVIOUS & set(function.aggregates):
        rows = plan.step(
            f"""
            SELECT *, lag(value) OVER series AS previous, lag(ts) OVER series AS previous_ts
            FROM {window.relation}
            WINDOW series AS (PARTITION BY t, key ORDER BY ts)
            """
        )
    aggregates = ", ".join(f"{_AGGREGATES[name]} AS {name}" for name in function.aggregates)
    keys = "t, key" if window.by_time else "key"
    name = "identity.name" if function.keeps_name else "''"
    result = plan.step(
        f"""
        SELECT t, {name} AS name, identity.labels, {function.sql} AS value
        FROM (
            SELECT aggregated.*, {plan.number(window.range_us / 1e6)} AS range_seconds,
                   {parameter.sql if parameter else "NULL"} AS parameter
            FROM (SELECT t, ref, key, {aggregates} FROM {rows} GROUP BY t, ref, key) AS aggregated
            {parameter.joins() if parameter else ""}
        )
        JOIN (SELECT {keys}, name, labels FROM {window.identities}) AS identity USING ({keys})
        WHERE {function.condition}
        """
    )
    vector = Vector(result, one_name=window.one_name or not function.keeps_name)
    return vector if function.keeps_name or window.one_name else plan.unique(vector)
