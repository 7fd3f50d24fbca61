"""promtool's notation for series of samples: "0+10x5 _ stale 3x2".

https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from soc.model import ConfigurationError
from soc.promql.nodes import Selector
from soc.promql.parse import parse

MAXIMUM_SAMPLES = 1_000_000

_NUMBER = r"(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[iI][nN][fF]|[nN][aA][nN])"
_ITEM = re.compile(
    rf"(?:(?P<gap>_)|(?P<stale>stale)|(?P<start>[-+]?{_NUMBER})(?P<step>[-+]{_NUMBER})?)(?:x(?P<times>\d+))?"
)


@dataclass(frozen=True, slots=True)
class Gap:
    """No sample at this step."""


@dataclass(frozen=True, slots=True)
class Stale:
    """A staleness marker at this step."""


Value = float | Gap | Stale


def parse_values(text: str) -> list[Value]:
    """Expand the notation, one entry a step. Raises ConfigurationError naming what it cannot read."""
    values: list[Value] = []
    for word in text.split():
        if word.startswith("{{"):
            raise ConfigurationError("native histograms are not supported")
        found = _ITEM.fullmatch(word)
        if not found:
            raise ConfigurationError(
                f"not a sample: {word[:40]!r} (expected for example 1, 0+10x5, _, _x3, stale)"
            )
        times = int(found["times"]) if found["times"] else None
        if (times or 0) + len(values) > MAXIMUM_SAMPLES:
            raise ConfigurationError(f"more than {MAXIMUM_SAMPLES} samples in one series")
        if found["gap"]:
            values += [Gap()] * (1 if times is None else times)
        elif found["stale"]:
            values += [Stale()] * (1 if times is None else times + 1)
        else:
            value, step = float(found["start"]), float(found["step"] or "0")
            for _ in range((times or 0) + 1):
                values.append(value)
                value += step
    return values


def parse_series(text: str) -> tuple[str, dict[str, str]]:
    """`metric{label="value"}` as (metric, labels). Raises ConfigurationError."""
    if text.replace(" ", "") == "{}":
        return "", {}
    node = parse(text)
    if not isinstance(node, Selector) or node.offset_us or node.at is not None:
        raise ConfigurationError(f"not a series: {text[:80]!r}")
    if any(matcher.operator != "=" for matcher in node.matchers):
        raise ConfigurationError(f"a series has labels with = only: {text[:80]!r}")
    labels = {matcher.label: matcher.value for matcher in node.matchers if matcher.value}
    return labels.pop("__name__", ""), labels
