"""OpenMetrics 1.0 text (github.com/prometheus/OpenMetrics, specification/OpenMetrics.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from soc.hub.api.meter import BUCKETS_SECONDS, Durations

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
Value = float | None | Mapping[str, float] | Durations


@dataclass(frozen=True, slots=True)
class Family:
    """A metric family. A point's value is a number (None = unknown, left out), for a summary its `count`
    and `sum`, for a histogram Durations."""

    name: str
    type: str  # gauge, counter, info, summary, histogram
    help: str
    points: Sequence[tuple[Mapping[str, str], Value]]


def render(families: Iterable[Family]) -> bytes:
    """The exposition, with its end mark."""
    lines = [line for family in families for line in _family(family)]
    return "\n".join([*lines, "# EOF", ""]).encode()


def _family(family: Family) -> Iterator[str]:
    yield f"# TYPE {family.name} {family.type}"
    if family.name.endswith("_seconds"):
        yield f"# UNIT {family.name} seconds"
    elif family.name.endswith("_bytes"):
        yield f"# UNIT {family.name} bytes"
    yield f"# HELP {family.name} {_escaped(family.help)}"
    for labels, value in family.points:
        yield from _point(family, labels, value)


def _point(family: Family, labels: Mapping[str, str], value: Value) -> Iterator[str]:
    if value is None:
        return
    if isinstance(value, Durations):
        count = 0
        for bound, number in zip([*map(str, BUCKETS_SECONDS), "+Inf"], value.buckets, strict=True):
            count += number
            yield _line(f"{family.name}_bucket", {**labels, "le": bound}, count)
        yield _line(f"{family.name}_count", labels, count)
        yield _line(f"{family.name}_sum", labels, value.total_seconds)
    elif isinstance(value, Mapping):
        for part, amount in value.items():
            yield _line(f"{family.name}_{part}", labels, amount)
    else:
        suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
        yield _line(family.name + suffix, labels, value)


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    written = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{written}}} {value!r}" if written else f"{name} {value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
