"""soc.promql.compiler: expressions over a store in memory."""

from __future__ import annotations

import math

import pytest

from soc.model import ConfigurationError
from soc.promql import compile
from soc.promql.compiler import json_number
from tests.support.samples import store_of

Result = list[tuple[dict[str, str], float]]


def instant(series: dict[str, str], text: str, time: float, *, interval: float = 0.0) -> Result:
    with store_of(series, interval=interval) as store:
        return compile(text).instant(store.query, time)


def test_look_back_is_five_minutes_open_on_the_left() -> None:
    """A sample exactly five minutes old no longer counts, one a second younger does."""
    assert instant({"a": "7"}, "a", 299) == [({"__name__": "a"}, 7.0)]
    assert instant({"a": "7"}, "a", 300) == []


def test_look_back_grows_with_the_interval_of_the_series() -> None:
    """A series of 15 minutes is seen for 2.5 of its intervals."""
    assert instant({"a": "7"}, "a", 2249, interval=900) == [({"__name__": "a"}, 7.0)]
    assert instant({"a": "7"}, "a", 2250, interval=900) == []


def test_a_staleness_marker_ends_a_series_until_its_next_sample() -> None:
    """After the marker there is nothing, in ranges neither, and then the series is back."""
    series = {"a": "1 stale _ 3"}
    assert instant(series, "a", 60) == []
    assert instant(series, "a", 180) == [({"__name__": "a"}, 3.0)]
    assert instant(series, "count_over_time(a[4m])", 180) == [({}, 2.0)]


def test_ranges_are_open_on_the_left() -> None:
    """A range of three steps holds three samples, not four."""
    assert instant({"a": "0+1x10"}, "sum_over_time(a[3m])", 300) == [({}, 12.0)]


def test_rate_extrapolates_to_the_borders_as_prometheus_does() -> None:
    """The rise between the samples stretches to the range's start, and no counter below zero."""
    [(_, rate)] = instant({"a": "100+60x10"}, "rate(a[5m])", 330)
    # Samples at 60..300 in (30, 330]: 240 over 240 s, 30 s to either border.
    assert rate == pytest.approx(240 / 240 * 300 / 300)
    [(_, increase)] = instant({"a": "6+60x10"}, "increase(a[5m])", 290)
    # Samples at 0..240 in (-10, 290]: to zero it is 6 s, less than the 10 s to the start.
    assert increase == pytest.approx(240 * (240 + 6 + 50) / 240)


def test_a_reset_counts_what_was_before_it() -> None:
    """A counter that starts again has risen by its new value too."""
    [(_, increase)] = instant({"a": "10 20 5 15"}, "increase(a[4m])", 180)
    assert increase == pytest.approx(25 * (180 + 60) / 180)


def test_a_constant_offset_and_a_fixed_time() -> None:
    """offset looks back, @ looks at one time whatever the evaluation time is."""
    assert instant({"a": "0+1x10"}, "a - a offset 2m", 600) == [({}, 2.0)]
    assert instant({"a": "0+1x10"}, "a @ 120", 600) == [({"__name__": "a"}, 2.0)]


def test_comparison_filters_or_tells() -> None:
    """Without bool the samples that hold remain, with it every sample is 0 or 1 without its name."""
    series = {'a{x="1"}': "1", 'a{x="2"}': "2"}
    assert instant(series, "a > 1", 0) == [({"__name__": "a", "x": "2"}, 2.0)]
    assert instant(series, "1 < a", 0) == [({"__name__": "a", "x": "2"}, 2.0)]
    assert instant(series, "a > bool 1", 0) == [({"x": "1"}, 0.0), ({"x": "2"}, 1.0)]


def test_nan_compares_as_ieee_has_it() -> None:
    """NaN equals nothing and is above nothing, whatever the database thinks of it."""
    series = {"a": "NaN"}
    for text in ("a == a", "a > 0", "a < 0", "a >= a"):
        assert instant(series, text, 0) == [], text
    [(_, value)] = instant(series, "a != a", 0)
    assert math.isnan(value)


def test_aggregation_by_and_without() -> None:
    """Groups are made of the labels asked for; a label nobody has makes one group."""
    series = {'a{x="1", y="1"}': "1", 'a{x="1", y="2"}': "2", 'a{x="2", y="1"}': "4"}
    assert instant(series, "sum by (x) (a)", 0) == [({"x": "1"}, 3.0), ({"x": "2"}, 4.0)]
    assert instant(series, "max without (x) (a)", 0) == [({"y": "1"}, 4.0), ({"y": "2"}, 2.0)]
    assert instant(series, "count by (nobody) (a)", 0) == [({}, 3.0)]


def test_ambiguous_matches_are_errors_that_say_so() -> None:
    """Where two series would be matched with one, or become one, nothing is made up."""
    series = {'a{x="1"}': "1", 'a{x="2"}': "2", 'b{y="1"}': "3", 'c{x="1"}': "1"}
    for text, named in (
        ("a + on () b", "many-to-one"),
        ("b + on () a", "many-to-many"),
        ('abs({__name__=~"a|c"})', "same labelset"),
        ('label_replace(a, "x", "same", "x", ".*")', "same labelset"),
    ):
        with pytest.raises(ConfigurationError, match=named):
            instant(series, text, 0)


def test_range_gives_points_per_series() -> None:
    """Each time of the range is an evaluation; a series has points where it has a value."""
    with store_of({'a{x="1"}': "0+1x4", 'a{x="2"}': "5 stale"}) as store:
        found = compile("a").range(store.query, 0, 120, 60)
    assert found == [
        ({"__name__": "a", "x": "1"}, [(0.0, 0.0), (60.0, 1.0), (120.0, 2.0)]),
        ({"__name__": "a", "x": "2"}, [(0.0, 5.0)]),
    ]


def test_a_range_and_an_instant_agree() -> None:
    """At each of its times a range holds what the instant evaluation there gives."""
    series = {'a{x="1"}': "0+3x10", 'a{x="2"}': "9 _ 8 stale 7 1 2 3", "b": "1x10"}
    for text in ("rate(a[3m])", "sum(a) / scalar(b)", "max_over_time(a[4m:1m])", "topk(1, a)", "absent(a)"):
        with store_of(series) as store:
            points: dict[float, Result] = {}
            for labels, values in compile(text).range(store.query, 0, 600, 60):
                for time, value in values:
                    points.setdefault(time, []).append((labels, value))
            for time in range(0, 601, 60):
                assert compile(text).instant(store.query, time) == points.get(float(time), []), (text, time)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("histogram_fraction(0, 1, a)", "histogram_fraction"),
        ("double_exponential_smoothing(a[5m], 0.5, 0.5)", "double_exponential_smoothing"),
        ("info(a)", "info"),
        ("limit_ratio(0.5, a)", "limit_ratio"),
        ("a[5m]", "range"),
        ('"text"', "string"),
        ("a + on (x) fill(0) b", "fill"),
    ],
)
def test_what_is_not_supported_is_refused_when_compiled(text: str, named: str) -> None:
    """An expression that cannot be evaluated never gets to an evaluation."""
    with pytest.raises(ConfigurationError, match=named):
        compile(text)


def test_too_many_times_are_refused() -> None:
    """A range and a subquery have at most 11,000 times each."""
    with store_of({"a": "1"}) as store:
        with pytest.raises(ConfigurationError, match="11000"):
            compile("a").range(store.query, 0, 11_000, 1)
        with pytest.raises(ConfigurationError, match="11000"):
            compile("max_over_time(a[30d:1s])").instant(store.query, 0)
        with pytest.raises(ConfigurationError, match="step"):
            compile("a").range(store.query, 10, 0, 1)


def test_too_many_points_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many series over many times are bounded together, and refused before they fill the memory."""
    monkeypatch.setattr("soc.promql.compiler.MAXIMUM_POINTS", 50_000)
    with store_of({f'a{{n="{number}"}}': "1" for number in range(5)}) as store:
        [*_, (_, points)] = compile("a").range(store.query, 0, 99.99, 0.01)
        assert len(points) == 10_000
        with pytest.raises(ConfigurationError, match="more than 50000 points"):
            compile("a").range(store.query, 0, 100, 0.01)


def test_functions_outside_their_domain_are_nan_not_an_error() -> None:
    """Where the database would refuse, IEEE 754 has an answer."""
    series = {"a": "-1", "z": "0"}
    for text in ("sqrt(a)", "ln(a)", "acosh(z)", "sin(a * Inf)", "z / z", "a % 0", "year(a * 1e300)"):
        [(_, value)] = instant(series, text, 0)
        assert math.isnan(value), text
    assert instant(series, "ln(z)", 0)[0][1] == -math.inf
    assert instant(series, "a / z", 0)[0][1] == -math.inf


def test_json_numbers() -> None:
    """JSON has no NaN and no infinity: they are text."""
    assert [json_number(value) for value in (1.5, math.nan, math.inf, -math.inf)] == [
        1.5,
        "NaN",
        "+Inf",
        "-Inf",
    ]
