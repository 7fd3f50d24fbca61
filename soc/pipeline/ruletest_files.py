"""promtool unit-test files: what they say, every problem at once with its line.

Format: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soc.inventory.report import Findings, quoted
from soc.model import ConfigurationError, Sample
from soc.promql import RuleGroups, load_rule_files
from soc.promql.documents import Section, read_section
from soc.promql.notation import Gap, Stale, parse_series, parse_values

MAXIMUM_SAMPLES = 2_000_000
MAXIMUM_EVALUATIONS = 10_000
DEFAULT_INTERVAL_SECONDS = 60.0

_FILE_KEYS = ("rule_files", "evaluation_interval", "group_eval_order", "tests", "fuzzy_compare")
_TEST_KEYS = (
    "interval", "name", "input_series", "alert_rule_test", "promql_expr_test", "external_labels",
    "external_url",
)  # fmt: skip

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ExpressionCase:
    """An expression, when to evaluate it, and [{"labels", "value"}] that must come out."""

    text: str
    time: float
    expected: list[Result]


@dataclass(frozen=True, slots=True)
class AlertCase:
    """An alert's name, when to look, and [{"labels", "annotations"}] that must fire."""

    name: str
    time: float
    expected: list[Result]


@dataclass(frozen=True, slots=True)
class RuleTest:
    """Samples, as (device, sample, interval), and the cases over them."""

    name: str
    samples: list[tuple[str, Sample, float]]
    external_labels: Mapping[str, str]
    expressions: list[ExpressionCase]
    alerts: list[AlertCase]


@dataclass(frozen=True, slots=True)
class RuleTestFile:
    """A loaded test file with the rules it tests."""

    file: str
    evaluation_interval: float
    groups: RuleGroups
    tests: list[RuleTest]


def load_rule_test_file(path: Path) -> RuleTestFile:
    """Read a test file and its rule files (relative to it). Raises ConfigurationError with every problem."""
    findings = Findings()
    _, root = read_section(path, findings, _FILE_KEYS)
    if root is None:
        raise ConfigurationError(findings.in_order())
    interval = root.seconds("evaluation_interval", DEFAULT_INTERVAL_SECONDS) or DEFAULT_INTERVAL_SECONDS
    sections = enumerate(root.sections("tests", _TEST_KEYS), 1)
    tests = [_test(section, number, interval) for number, section in sections]
    order = root.list_of_texts("group_eval_order")
    files = [file for pattern in root.list_of_texts("rule_files") for file in _matching(path.parent, pattern)]
    problems = findings.in_order()
    groups = RuleGroups(())
    try:
        groups = load_rule_files(files, require_severity=False)
    except ConfigurationError as error:
        problems += list(error.problems)
    if problems:
        raise ConfigurationError(problems)
    position = {name: number for number, name in enumerate(order)}
    ordered = sorted(groups.groups, key=lambda group: position.get(group.name, len(position)))
    return RuleTestFile(str(path), interval, RuleGroups(tuple(ordered)), tests)


def _matching(directory: Path, pattern: str) -> list[Path]:
    """Files by a pattern relative to the test file; a name without wildcards stands for itself."""
    path = Path(pattern)
    if not any(character in pattern for character in "*?["):
        return [directory / path]
    base, relative = (
        (Path(path.anchor), path.relative_to(path.anchor)) if path.is_absolute() else (directory, path)
    )
    return sorted(base.glob(str(relative)))


def _test(section: Section, number: int, evaluation_interval: float) -> RuleTest:
    interval = section.seconds("interval", DEFAULT_INTERVAL_SECONDS) or DEFAULT_INTERVAL_SECONDS
    samples: list[tuple[str, Sample, float]] = []
    for series in section.sections("input_series", ("series", "values")):
        samples += _samples(series, interval, MAXIMUM_SAMPLES - len(samples))
    return RuleTest(
        name=section.text("name") or f"test {number}",
        samples=samples,
        external_labels=section.texts("external_labels"),
        expressions=[
            ExpressionCase(case.text("expr", required=True), _time(case), list(_expected_samples(case)))
            for case in section.sections("promql_expr_test", ("expr", "eval_time", "exp_samples"))
        ],
        alerts=[
            _alert_case(case, evaluation_interval)
            for case in section.sections("alert_rule_test", ("alertname", "eval_time", "exp_alerts"))
        ],
    )


def _samples(section: Section, interval: float, limit: int) -> list[tuple[str, Sample, float]]:
    try:
        metric, labels = parse_series(section.text("series", required=True))
        values = parse_values(section.text("values"))
        if len(values) > limit:
            raise ConfigurationError(f"more than {MAXIMUM_SAMPLES} samples in one test")
    except ConfigurationError as error:
        section.error("series", str(error))
        return []
    device = labels.pop("device", "")
    return [
        (device, Sample(metric, None if isinstance(value, Stale) else value, labels, number * interval), 0.0)
        for number, value in enumerate(values)
        if not isinstance(value, Gap)
    ]


def _time(section: Section) -> float:
    return section.seconds("eval_time", 0.0)


def _expected_samples(section: Section) -> Iterator[Result]:
    for sample in section.sections("exp_samples", ("labels", "value")):
        text = sample.text("value", required=True)
        try:
            metric, labels = parse_series(sample.text("labels") or "{}")
            yield {"labels": {"__name__": metric, **labels} if metric else labels, "value": _float(text)}
        except ConfigurationError as error:
            sample.error("labels", str(error))
        except ValueError:
            sample.error("value", f"not a number: {quoted(text)}")


def _float(text: str) -> float:
    """A number as YAML or Go writes it: 1e3, .inf, +Inf, NaN."""
    special = re.fullmatch(r"([-+]?)\.(inf|nan)", text, re.IGNORECASE)
    return float(f"{special[1]}{special[2]}" if special else text)


def _alert_case(section: Section, evaluation_interval: float) -> AlertCase:
    name = section.text("alertname", required=True)
    time = _time(section)
    if time / evaluation_interval > MAXIMUM_EVALUATIONS:
        section.error("eval_time", f"eval_time: more than {MAXIMUM_EVALUATIONS} evaluations before it")
        time = 0.0
    expected: list[Result] = [
        {
            "labels": {**alert.texts("exp_labels"), "alertname": name},
            "annotations": alert.texts("exp_annotations"),
        }
        for alert in section.sections("exp_alerts", ("exp_labels", "exp_annotations"))
    ]
    return AlertCase(name, time, expected)
