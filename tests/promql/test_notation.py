"""soc.promql.notation: promtool's series of samples."""

from __future__ import annotations

import math

import pytest

from soc.model import ConfigurationError
from soc.promql.notation import Gap, Stale, parse_series, parse_values


def test_values_expand() -> None:
    """Steps, repetitions, gaps and staleness markers; 0x3 is a zero repeated, not a hexadecimal number."""
    assert parse_values("1 -2 1e3") == [1, -2, 1000]
    assert parse_values("0+10x3") == [0, 10, 20, 30]
    assert parse_values("5-1x2 0x3") == [5, 4, 3, 0, 0, 0, 0]
    assert parse_values("_ _x2 stale") == [Gap(), Gap(), Gap(), Stale()]
    assert math.isnan(parse_values("NaN")[0])  # type: ignore[arg-type]
    assert parse_values("-Inf +Inf") == [-math.inf, math.inf]


@pytest.mark.parametrize("text", ["x", "1+x", "--1", "{{schema:0}}", "1x9999999999"])
def test_what_is_no_sample_is_named(text: str) -> None:
    """A word that is no sample, a native histogram and an endless series are refused."""
    with pytest.raises(ConfigurationError):
        parse_values(text)


def test_series() -> None:
    """A name with labels, labels alone, nothing; anything else is no series."""
    assert parse_series('a{x="1", y=""}') == ("a", {"x": "1"})
    assert parse_series('{x="1"}') == ("", {"x": "1"})
    assert parse_series("{}") == ("", {})
    for text in ("a + b", 'a{x=~"1"}', "a offset 5m"):
        with pytest.raises(ConfigurationError):
            parse_series(text)
