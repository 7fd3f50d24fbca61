"""soc.promql.templates: the part of Prometheus's templates that rules use."""

from __future__ import annotations

import math

import pytest

from soc.promql.templates import MAXIMUM_CHARACTERS, Context, go_float, parse_template


def expand(template: str, value: float = 1234567.0, **labels: str) -> str:
    return parse_template(template).expand(Context(labels, value, {"region": "north"}))


def test_labels_and_values() -> None:
    """Labels, the value, external labels; what is absent is empty."""
    assert expand("{{ $labels.device }}: {{ $value }}", device="sw-1") == "sw-1: 1.234567e+06"
    assert (
        expand("{{.Labels.device}}|{{ $labels.nobody }}|{{ $externalLabels.region }}", device="x")
        == "x||north"
    )
    assert expand("a {{- $value -}} b", 5.0) == "a5b"
    assert expand("no template") == "no template"


def test_a_label_is_never_a_template_itself() -> None:
    """What a device sent stays text."""
    assert expand("{{ $labels.a }}", a="{{ $value }}") == "{{ $value }}"


def test_functions_called_and_piped() -> None:
    """The four functions, as Prometheus prints them."""
    assert expand("{{ $value | humanize }}") == expand("{{ humanize $value }}") == "1.235M"
    assert expand("{{ $value | humanizePercentage }}", 0.9531) == "95.31%"
    assert expand("{{ $value | humanizeDuration }}") == "14d 6h 56m 7s"
    assert expand("{{ $value | humanizeDuration }}", 0.00001) == "10us"
    assert expand('{{ printf "%.2f of %s" $value $labels.a }}', 2.0, a="x") == "2.00 of x"
    assert expand('{{ $value | printf "%.1f%%" }}', 99.95) == "100.0%"
    assert expand('{{ printf "%s" $value }}', 1.0) == "%!s(float64=1)"


@pytest.mark.parametrize(
    "template",
    ["{{ range . }}", "{{ if $value }}", "{{ $value | toUpper }}", '{{ query "up" }}', "{{ $value", "{{ }}",
     "{{ humanize }}", "{{ $value $value }}", "{{ 5 | $value }}"],
)  # fmt: skip
def test_what_is_not_supported_is_refused(template: str) -> None:
    """A template we would expand wrongly is an error when it is loaded."""
    with pytest.raises(ValueError, match="template"):
        parse_template(template)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1.0, "1"), (100000.0, "100000"), (1e6, "1e+06"), (123456789.125, "1.23456789125e+08"),
     (0.0001, "0.0001"), (0.00001, "1e-05"), (-3.25, "-3.25"), (math.nan, "NaN"), (math.inf, "+Inf")],
)  # fmt: skip
def test_numbers_as_go_prints_them(value: float, text: str) -> None:
    """The shortest exact form, with an exponent from a million on."""
    assert go_float(value) == text


def test_text_is_bounded() -> None:
    """A label as long as it likes makes no endless annotation."""
    assert len(expand("{{ $labels.a }}", a="x" * 100_000)) == MAXIMUM_CHARACTERS
