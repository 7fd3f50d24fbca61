"""soc.pipeline.ruletests: promtool's unit tests on our engine, and promtool's verdict on the same files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from soc.model import ConfigurationError
from soc.model.shipped import shipped
from soc.pipeline.ruletest_files import load_rule_test_file
from soc.pipeline.ruletests import run_rule_tests, run_test_files

RULES = """\
groups:
  - name: g
    rules:
      - alert: Down
        expr: up == 0
        for: 2m
        labels: {severity: page}
        annotations: {summary: "{{ $labels.device }} in {{ $externalLabels.region }}"}
"""
TESTS = """\
rule_files: [rules.yml]
evaluation_interval: 1m
group_eval_order: [g]
tests:
  - name: first
    interval: 1m
    external_labels: {region: north}
    input_series:
      - {series: 'up{device="a"}', values: "1 0x5 stale"}
    alert_rule_test:
      - {alertname: Down, eval_time: 2m}
      - alertname: Down
        eval_time: 3m30s
        exp_alerts:
          - {exp_labels: {severity: page, device: a}, exp_annotations: {summary: a in north}}
      - {alertname: Down, eval_time: 8m}
    promql_expr_test:
      - expr: up
        eval_time: 1m
        exp_samples: [{labels: 'up{device="a"}', value: 0}]
      - {expr: up / 0, eval_time: 1m, exp_samples: [{labels: '{device="a"}', value: .nan}]}
"""


def write(directory: Path, tests: str = TESTS, rules: str = RULES) -> Path:
    (directory / "rules.yml").write_text(rules, encoding="utf-8")
    path = directory / "rules.test.yml"
    path.write_text(tests, encoding="utf-8")
    return path


def test_alerts_and_expressions_pass(tmp_path: Path) -> None:
    """A case of either kind, with rules whose severities are not ours, gives one line each."""
    results = list(run_rule_tests(load_rule_test_file(write(tmp_path))))
    assert [(result.kind, result.ok) for result in results] == [("alert", True)] * 3 + [("expr", True)] * 2
    assert results[1].as_line()["got"] == [
        {
            "labels": {"alertname": "Down", "device": "a", "severity": "page"},
            "annotations": {"summary": "a in north"},
        }
    ]
    assert results[4].as_line()["got"] == [{"labels": {"device": "a"}, "value": "NaN"}]


def test_a_difference_is_shown_and_an_error_fails_alone(tmp_path: Path) -> None:
    """What was got stands beside what was expected; an expression that cannot be evaluated says why."""
    tests = TESTS.replace("value: 0}", "value: 1}").replace("up / 0", "info(up)")
    *_, differing, failing = run_rule_tests(load_rule_test_file(write(tmp_path, tests)))
    assert (differing.ok, differing.error) == (False, "")
    assert (differing.got[0]["value"], differing.expected[0]["value"]) == (0.0, 1.0)
    assert not failing.ok
    assert "info" in failing.error


def test_every_problem_of_the_files_at_once(tmp_path: Path) -> None:
    """Test file and rule files are judged together, each problem with its line."""
    tests = TESTS.replace('"1 0x5 stale"', "1 nonsense").replace("eval_time: 8m", "eval_tim: 8m")
    path = write(tmp_path, tests, RULES.replace("up == 0", "rate(up)"))
    with pytest.raises(ConfigurationError) as caught:
        load_rule_test_file(path)
    lines = [(Path(problem.file).name, problem.line) for problem in caught.value.problems]
    assert lines == [("rules.test.yml", 9), ("rules.test.yml", 16), ("rules.yml", 5)]
    [line] = run_test_files([path])
    assert line["ok"] is False
    assert "nonsense" in str(line["error"])


def test_rule_files_by_pattern_and_missing_ones(tmp_path: Path) -> None:
    """Patterns are relative to the test file; a file that is not there is a problem."""
    path = write(tmp_path, TESTS.replace("[rules.yml]", "['rul*.yml']").replace("rules.test", "tests"))
    path = path.rename(tmp_path / "tests.yml")
    assert all(result.ok for result in run_rule_tests(load_rule_test_file(path)))
    with pytest.raises(ConfigurationError, match="missing"):
        load_rule_test_file(write(tmp_path, TESTS.replace("rules.yml", "missing.yml")))


def shipped_tests() -> list[Path]:
    return sorted((shipped("rules") / "availability" / "tests").glob("*.test.yml"))


@pytest.mark.parametrize("path", shipped_tests(), ids=lambda path: path.name)
def test_shipped_rules_pass_here_and_in_promtool(path: Path) -> None:
    """The same rule and test files mean the same in both."""
    results = list(run_rule_tests(load_rule_test_file(path)))
    assert results
    assert [result.as_line() for result in results if not result.ok] == []
    if not shutil.which("promtool"):
        pytest.skip("needs Debian package prometheus")
    done = subprocess.run(
        ["promtool", "test", "rules", str(path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_shipped_rule_has_a_test_in_which_it_fires() -> None:
    """A rule that no test has seen fire may never do so."""
    files = [load_rule_test_file(path) for path in shipped_tests()]
    rules = {rule.alert for file in files for rule in file.groups.rules}
    fired = {case.name for file in files for test in file.tests for case in test.alerts if case.expected}
    assert len(rules) >= 5
    assert rules == fired
