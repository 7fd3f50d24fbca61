"""soc.promql.parse: what is read, and what is refused by name."""

from __future__ import annotations

import pytest

from soc.model import ConfigurationError
from soc.promql.nodes import Aggregation, Binary, Call, Matcher, Negation, RangeSelector, Selector, Subquery
from soc.promql.parse import MAXIMUM_CHARACTERS, MAXIMUM_DEPTH, parse


def test_selector_keeps_matchers_offset_and_time() -> None:
    """Every part of a selector arrives, durations in microseconds."""
    assert parse('up{job!="a", site=~"x|y"} offset -5m') == Selector(
        (Matcher("__name__", "=", "up"), Matcher("job", "!=", "a"), Matcher("site", "=~", "x|y")),
        offset_us=-300_000_000,
    )
    assert parse("up @ 1.5") == Selector((Matcher("__name__", "=", "up"),), at=1_500_000)
    assert parse("up @ end()") == Selector((Matcher("__name__", "=", "up"),), at="end")


def test_precedence_is_promqls() -> None:
    """A power binds stronger than its sign; parentheses leave no node."""
    tree = parse("-(a ^ b)")
    assert isinstance(tree, Negation)
    assert isinstance(tree.expression, Binary)
    assert parse("-a ^ b") == tree


def test_ranges_subqueries_and_groupings() -> None:
    """Ranges, subqueries with and without a step, aggregations by and without labels."""
    call = parse("rate(a[5m])")
    assert isinstance(call, Call)
    assert isinstance(call.arguments[0], RangeSelector)
    assert call.arguments[0].range_us == 300_000_000
    subquery = parse("max_over_time(a[1h:5m])")
    assert isinstance(subquery, Call)
    assert isinstance(subquery.arguments[0], Subquery)
    assert subquery.arguments[0].step_us == 300_000_000
    grouped = parse("sum without (a, b) (c)")
    assert isinstance(grouped, Aggregation)
    assert (grouped.labels, grouped.without) == (("a", "b"), True)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("sum by (a", "not a PromQL"),
        ("nonsense(a)", "nonsense"),
        ("rate(a)", "rate"),
        ("a @ -5", "@"),
        ("a @ 1e20", "@"),
        ('a{b="c" or d="e"}', "or"),
        ('a{b=~"[a&&b"}', "[a&&b"),
        ("a offset 200y", "100 years"),
        ("a[5m] smoothed", ""),
        ("(" * (MAXIMUM_DEPTH + 1) + "1" + ")" * (MAXIMUM_DEPTH + 1), "deeper"),
        ("1" + " + 1" * (MAXIMUM_DEPTH + 1), "deeper"),
        ("a" * (MAXIMUM_CHARACTERS + 1), "longer"),
        ("", ""),
        ("\0", ""),
    ],
)
def test_refused_by_name(text: str, named: str) -> None:
    """What cannot be evaluated is refused before it is, and the error names it."""
    with pytest.raises(ConfigurationError) as caught:
        parse(text)
    assert named in str(caught.value)


def test_a_sign_in_a_string_is_no_negative_time() -> None:
    """Only the expression itself is searched for a negative time, not its strings and comments."""
    assert isinstance(parse('a{b="@ -5"} # @ -5'), Selector)
