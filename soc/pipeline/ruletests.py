"""Run promtool unit-test files on a store in memory.

Format: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from soc.inventory.report import Findings, quoted
from soc.model import ConfigurationError, Sample, SocError
from soc.promql import Active, Query, Rule, RuleGroups, compile, evaluate_rule, json_number, load_rule_files
from soc.promql.documents import Section, read_section
from soc.promql.notation import Gap, Stale, parse_series, parse_values
from soc.store import Store, memory_store

MAXIMUM_SAMPLES = 2_000_000
MAXIMUM_EVALUATIONS = 20_000
DEFAULT_INTERVAL_SECONDS = 60.0
# Values agree within this relative error: the last digits depend on the order of summation.
TOLERANCE = 1e-6

_FILE_KEYS = ("rule_files", "evaluation_interval", "group_eval_order", "tests", "fuzzy_compare")
_TEST_KEYS = (
    "interval", "name", "input_series", "alert_rule_test", "promql_expr_test", "external_labels",
    "external_url",
)  # fmt: skip

Result = dict[str, Any]
Vector = list[tuple[dict[str, str], float]]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case of a file, as a line of `soc rules test --json`."""

    file: str
    test: str
    case: str
    kind: str  # "expr" or "alert"
    ok: bool
    got: list[Result] = field(default_factory=list)
    expected: list[Result] = field(default_factory=list)
    error: str = ""  # why there is no result at all

    def as_line(self) -> dict[str, object]:
        """{"file","test","case","kind","ok","got","expected","error"}"""
        return {
            "file": self.file, "test": self.test, "case": self.case, "kind": self.kind, "ok": self.ok,
            "got": [_for_json(result) for result in self.got],
            "expected": [_for_json(result) for result in self.expected],
            "error": self.error,
        }  # fmt: skip


def _for_json(result: Result) -> Result:
    return {name: json_number(value) if name == "value" else value for name, value in result.items()}


@dataclass(frozen=True, slots=True)
class _ExpressionCase:
    text: str
    time: float
    expected: list[Result]


@dataclass(frozen=True, slots=True)
class _AlertCase:
    name: str
    time: float
    expected: list[Result]


@dataclass(frozen=True, slots=True)
class _Test:
    name: str
    samples: list[tuple[str, Sample, float]]
    external_labels: Mapping[str, str]
    expressions: list[_ExpressionCase]
    alerts: list[_AlertCase]


@dataclass(frozen=True, slots=True)
class RuleTestFile:
    """A loaded test file with the rules it tests."""

    file: str
    evaluation_interval: float
    groups: RuleGroups
    tests: list[_Test]


def load_rule_test_file(path: Path) -> RuleTestFile:
    """Read a test file and its rule files (relative to it). Raises ConfigurationError with every problem."""
    findings = Findings()
    _, root = read_section(path, findings, _FILE_KEYS)
    if root is None:
        raise ConfigurationError(findings.in_order())
    interval = root.seconds("evaluation_interval", DEFAULT_INTERVAL_SECONDS) or DEFAULT_INTERVAL_SECONDS
    tests = [_test(section, number) for number, section in enumerate(root.sections("tests", _TEST_KEYS), 1)]
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


def run_test_files(paths: Iterable[Path]) -> Iterator[Result]:
    """Lines of `soc rules test` for promtool unit-test files; one that cannot be read is one line."""
    for path in paths:
        try:
            file = load_rule_test_file(path)
        except ConfigurationError as error:
            yield CaseResult(str(path), "", "", "alert", False, error=str(error)).as_line()
            continue
        yield from (result.as_line() for result in run_rule_tests(file))


def run_rule_tests(file: RuleTestFile, new_store: Callable[[], Store] = memory_store) -> Iterator[CaseResult]:
    """Run every case of the file, each test on a store of its own."""
    for test in file.tests:
        with new_store() as store:
            if test.samples:
                store.series.add(test.samples)
            yield from _alert_results(file, test, store.query)
            yield from _expression_results(file, test, store.query)


def _expression_results(file: RuleTestFile, test: _Test, query: Query) -> Iterator[CaseResult]:
    for case in test.expressions:
        name = f"{case.text} @ {case.time:g}s"
        try:
            found = compile(case.text).instant(query, case.time, subquery_step=file.evaluation_interval)
        except SocError as error:
            yield CaseResult(file.file, test.name, name, "expr", False, [], case.expected, str(error))
            continue
        got: list[Result] = [{"labels": labels, "value": value} for labels, value in found]
        yield CaseResult(
            file.file, test.name, name, "expr", _same(got, case.expected, _same_sample), got, case.expected
        )


def _alert_results(file: RuleTestFile, test: _Test, query: Query) -> Iterator[CaseResult]:
    """Evaluate every rule at each interval from 0 on; a case sees the last evaluation before its time."""
    if not test.alerts:
        return
    cases = sorted(enumerate(test.alerts), key=lambda numbered: numbered[1].time)
    results: dict[int, CaseResult] = {}
    states: dict[str, dict[str, Active]] = {rule.id: {} for rule in file.groups.rules}
    step = file.evaluation_interval
    evaluations = int(cases[-1][1].time // step) + 1
    vectors = {rule.id: _vectors(rule, query, evaluations, step) for rule in file.groups.rules}
    for number in range(evaluations):
        now = number * step
        firing: list[tuple[str, Active]] = []
        error = ""
        for rule in file.groups.rules:
            known = vectors[rule.id]
            try:
                states[rule.id], active = evaluate_rule(
                    rule, now, query, states[rule.id], test.external_labels, known[number] if known else None
                )
                firing += [(rule.alert, alert) for alert in active]
            except SocError as failure:
                error = error or str(failure)
        while cases and cases[0][1].time < now + step:
            position, case = cases.pop(0)
            results[position] = _alert_result(file, test, case, firing, error)
    yield from (results[number] for number in sorted(results))


def _vectors(rule: Rule, query: Query, count: int, step: float) -> list[Vector] | None:
    """The rule's vector at each evaluation, by one range; None where that fails: each then tells why."""
    vectors: list[Vector] = [[] for _ in range(count)]
    try:
        series = rule.expression.range(query, 0.0, (count - 1) * step, step, subquery_step=step)
    except SocError:
        return None
    for labels, points in series:
        for time, value in points:
            vectors[round(time / step)].append((labels, value))
    return vectors


def _alert_result(
    file: RuleTestFile, test: _Test, case: _AlertCase, firing: Iterable[tuple[str, Active]], error: str
) -> CaseResult:
    got: list[Result] = [
        {"labels": dict(alert.labels), "annotations": dict(alert.annotations)}
        for name, alert in firing
        if name == case.name
    ]
    ok = not error and _same(got, case.expected, lambda one, other: one == other)
    return CaseResult(
        file.file, test.name, f"{case.name} @ {case.time:g}s", "alert", ok, got, case.expected, error
    )


def _same(got: list[Result], expected: list[Result], equal: Callable[[Result, Result], bool]) -> bool:
    """Whether both hold the same, in any order."""
    left = list(expected)
    for result in got:
        found = next((number for number, other in enumerate(left) if equal(result, other)), None)
        if found is None:
            return False
        del left[found]
    return not left


def _same_sample(one: Result, other: Result) -> bool:
    left, right = one["value"], other["value"]
    if one["labels"] != other["labels"]:
        return False
    return (math.isnan(left) and math.isnan(right)) or math.isclose(left, right, rel_tol=TOLERANCE)


def _matching(directory: Path, pattern: str) -> list[Path]:
    """Files by a pattern relative to the test file; a name without wildcards stands for itself."""
    path = Path(pattern)
    if not any(character in pattern for character in "*?["):
        return [directory / path]
    base, relative = (
        (Path(path.anchor), path.relative_to(path.anchor)) if path.is_absolute() else (directory, path)
    )
    return sorted(base.glob(str(relative)))


def _test(section: Section, number: int) -> _Test:
    interval = section.seconds("interval", DEFAULT_INTERVAL_SECONDS) or DEFAULT_INTERVAL_SECONDS
    samples: list[tuple[str, Sample, float]] = []
    for series in section.sections("input_series", ("series", "values")):
        samples += _samples(series, interval, MAXIMUM_SAMPLES - len(samples))
    return _Test(
        name=section.text("name") or f"test {number}",
        samples=samples,
        external_labels=section.texts("external_labels"),
        expressions=[
            _ExpressionCase(case.text("expr", required=True), _time(case), list(_expected_samples(case)))
            for case in section.sections("promql_expr_test", ("expr", "eval_time", "exp_samples"))
        ],
        alerts=[
            _alert_case(case)
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


def _alert_case(section: Section) -> _AlertCase:
    name = section.text("alertname", required=True)
    time = _time(section)
    if time / DEFAULT_INTERVAL_SECONDS > MAXIMUM_EVALUATIONS:
        section.error("eval_time", f"later than {MAXIMUM_EVALUATIONS} minutes")
        time = 0.0
    expected: list[Result] = [
        {
            "labels": {**alert.texts("exp_labels"), "alertname": name},
            "annotations": alert.texts("exp_annotations"),
        }
        for alert in section.sections("exp_alerts", ("exp_labels", "exp_annotations"))
    ]
    return _AlertCase(name, time, expected)
