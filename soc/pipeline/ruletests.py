"""Run promtool unit-test files on a store in memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from soc.model import ConfigurationError, SocError
from soc.pipeline.ruletest_files import AlertCase, Result, RuleTest, RuleTestFile, load_rule_test_file
from soc.promql import Active, Query, Rule, compile, evaluate_rule, json_number
from soc.store import Store, memory_store

# Values agree within this relative error: the last digits depend on the order of summation.
TOLERANCE = 1e-6

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


def _expression_results(file: RuleTestFile, test: RuleTest, query: Query) -> Iterator[CaseResult]:
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


def _alert_results(file: RuleTestFile, test: RuleTest, query: Query) -> Iterator[CaseResult]:
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
    file: RuleTestFile, test: RuleTest, case: AlertCase, firing: Iterable[tuple[str, Active]], error: str
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
