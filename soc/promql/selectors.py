"""Selectors: which series, with which labels, and the samples that count at each evaluation time.

Look-back and ranges are open on the left, (t - range, t], as Prometheus 3 has them; a staleness
marker (value NULL) ends a series until its next sample.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

from soc.promql.labels import NAME, get, normal
from soc.promql.nodes import At, Matcher, RangeSelector, Selector
from soc.promql.plan import Grid, Plan, Vector, Window

LOOKBACK_SECONDS = 300
LOOKBACK_INTERVALS = 2.5

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant_vector(plan: Plan, grid: Grid, selector: Selector, value: str = "latest.value") -> Vector:
    """The last sample of each series within its look-back; `value` may take its time instead."""
    series = _series(plan, grid, selector)
    first_us, last_us = reference_bounds(plan, grid, selector.offset_us, selector.at)
    relation = plan.step(
        f"""
        SELECT series.t, series.name, series.labels, {value} AS value
        FROM {series} AS series
        ASOF JOIN ({_samples(plan, series, first_us - plan.lookback_us, last_us)}) AS latest
          ON latest.series_id = series.key AND series.ref_time >= latest.time
        WHERE latest.value IS NOT NULL
          AND latest.time > make_timestamp(series.ref - series.lookback)
        """
    )
    return Vector(relation, one_name=selector.metric is not None)


def window(plan: Plan, grid: Grid, node: RangeSelector) -> Window:
    """The samples of each series within the range."""
    selector = node.selector
    series = _series(plan, grid, selector)
    first_us, last_us = reference_bounds(plan, grid, selector.offset_us, selector.at)
    relation = plan.step(
        f"""
        SELECT series.t, series.ref, series.key, epoch_us(sample.time) AS ts, sample.value
        FROM {series} AS series
        JOIN ({_samples(plan, series, first_us - node.range_us, last_us)}) AS sample
          ON sample.series_id = series.key
         AND sample.time > make_timestamp(series.ref - {plan.integer(node.range_us)})
         AND sample.time <= series.ref_time
        WHERE sample.value IS NOT NULL
        """
    )
    return Window(relation, series, True, node.range_us, one_name=selector.metric is not None)


def reference_time(plan: Plan, offset_us: int, at: At) -> str:
    """SQL over t of the time that a selector or subquery looks at."""
    if at is None:
        return f"(t - {plan.integer(offset_us)})"
    return f"({plan.integer(_fixed(plan, at) - offset_us)} + 0 * t)"


def reference_bounds(plan: Plan, grid: Grid, offset_us: int, at: At) -> tuple[int, int]:
    """The first and the last of these times over the grid, microseconds."""
    if at is None:
        return grid.first_us - offset_us, grid.last_us - offset_us
    fixed = _fixed(plan, at) - offset_us
    return fixed, fixed


def _fixed(plan: Plan, at: int | Literal["start", "end"]) -> int:
    if isinstance(at, int):
        return at
    return plan.start_us if at == "start" else plan.end_us


# Own labels win over joined ones of the same name. `availability` is there only where it is not expected.
_LABELS = normal(
    """list_concat(
        map_entries(series.labels),
        [{'key': 'device', 'value': series.device}],
        list_filter(
            list_concat(
                map_entries(history.labels),
                [{'key': 'tower', 'value': history.tower}, {'key': 'site', 'value': history.site},
                 {'key': 'supplier', 'value': history.supplier}, {'key': 'kind', 'value': history.kind},
                 {'key': 'availability', 'value': nullif(history.availability, 'expected')}]
            ),
            lambda joined: NOT list_contains(map_keys(series.labels), joined.key)
        ))"""
)


def _series(plan: Plan, grid: Grid, selector: Selector) -> str:
    """(t, ref, ref_time, key, name, labels, lookback) of every series that passes the matchers.

    Inventory labels are those in force at the evaluation time, so that an offset or a range looks at
    one series where the device's supplier has changed. Labels are built once for each series and
    version of its device, not for each time.
    """
    ref = reference_time(plan, selector.offset_us, selector.at)
    as_of = "t" if grid.inventory_us is None else plan.integer(grid.inventory_us)
    # Name and device are columns: filtering them first leaves fewer labels to build.
    early = [m for m in selector.matchers if m.label in (NAME, "device")]
    late = [m for m in selector.matchers if m.label not in (NAME, "device")]
    lookback = (
        f"greatest({plan.integer(LOOKBACK_SECONDS * 1_000_000)}, "
        f"(series.interval_seconds * {plan.number(LOOKBACK_INTERVALS * 1e6)})::BIGINT)"
    )
    times = plan.step(
        f"""
        SELECT grid.t, {ref} AS ref, series.series_id AS key, history.valid_from AS version,
               {lookback} AS lookback
        FROM {grid.relation} AS grid
        CROSS JOIN series
        LEFT JOIN device_history AS history
          ON history.device = series.device
         AND history.valid_from <= make_timestamp({as_of})
         AND coalesce(history.valid_to, 'infinity'::TIMESTAMP) > make_timestamp({as_of})
        WHERE {_conditions(plan, early, lambda label: "series.metric" if label == NAME else "series.device")}
        """
    )
    labelled = plan.step(
        f"""
        SELECT series.series_id AS key, needed.version, series.metric AS name, {_LABELS} AS labels
        FROM (SELECT DISTINCT key, version FROM {times}) AS needed
        JOIN series ON series.series_id = needed.key
        LEFT JOIN device_history AS history
          ON history.device = series.device
         AND history.valid_from = needed.version
         AND coalesce(history.valid_to, 'infinity'::TIMESTAMP) > needed.version
        """
    )
    return plan.step(
        f"""
        SELECT times.t, times.ref, make_timestamp(times.ref) AS ref_time, times.key, times.lookback,
               labelled.name, labelled.labels
        FROM {times} AS times
        JOIN {labelled} AS labelled
          ON labelled.key = times.key AND labelled.version IS NOT DISTINCT FROM times.version
        WHERE {_conditions(plan, late, lambda label: get(plan, "labelled", label))}
        """
    )


def _conditions(plan: Plan, matchers: list[Matcher], column: Callable[[str], str]) -> str:
    return " AND ".join(_condition(plan, m, column(m.label)) for m in matchers) or "true"


def _condition(plan: Plan, matcher: Matcher, value: str) -> str:
    if matcher.operator in ("=", "!="):
        comparison = "=" if matcher.operator == "=" else "<>"
        return f"{value} {comparison} {plan.bind(matcher.value)}"
    # Prometheus anchors patterns and lets the dot match a line break.
    matches = f"regexp_full_match({value}, {plan.bind(f'(?s:{matcher.value})')})"
    return matches if matcher.operator == "=~" else f"NOT {matches}"


def _samples(plan: Plan, series: str, after_us: int, until_us: int) -> str:
    plan.reads_after(after_us)
    # Constant bounds let DuckDB skip the row groups of other times.
    return f"""
        SELECT series_id, time, value FROM sample
        WHERE time > {plan.bind(_moment(after_us))} AND time <= {plan.bind(_moment(until_us))}
          AND series_id IN (SELECT key FROM {series})
    """


def _moment(microseconds: int) -> datetime:
    return (_EPOCH + timedelta(microseconds=microseconds)).replace(tzinfo=None)
