"""soc.promql.rules: Prometheus rule files, loaded or refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from soc.model import ConfigurationError
from soc.promql import load_rule_files

GOOD = """\
groups:
  - name: one
    interval: 30s
    rules:
      - alert: A
        expr: up == 0
        for: 5m
        keep_firing_for: 1m
        labels: {severity: high, team: "{{ $labels.device }}"}
        annotations:
          summary: down
          runbook_url: https://runbooks.example.org/a
      - alert: A
        expr: up == 1
        labels: {severity: low}

  - name: two
    rules:
      - {alert: A, expr: up == 2, labels: {severity: low}}
"""


def write(directory: Path, text: str, name: str = "rules.yml") -> Path:
    path = directory / name
    path.write_text(text, encoding="utf-8")
    return path


def test_groups_and_rules(tmp_path: Path) -> None:
    """Everything a rule says arrives; ids are unique, versions follow the text."""
    groups = load_rule_files([write(tmp_path, GOOD)])
    one, two = groups.groups
    assert (one.interval_seconds, two.interval_seconds) == (30.0, 60.0)
    first = one.rules[0]
    assert (first.for_seconds, first.keep_firing_for_seconds, first.severity) == (300.0, 60.0, "high")
    assert first.runbook_url == "https://runbooks.example.org/a"
    assert [rule.id for rule in groups.rules] == ["one/A", "one/A#2", "two/A"]
    assert first.text.strip().startswith("- alert: A")
    assert first.text.strip().endswith("https://runbooks.example.org/a")
    assert "two" not in one.rules[1].text


def test_version_is_of_the_rule_alone(tmp_path: Path) -> None:
    """Another rule's change leaves a rule's version as it was, its own does not."""
    before = load_rule_files([write(tmp_path, GOOD)]).rules
    after = load_rule_files([write(tmp_path, GOOD.replace("up == 1", "up == 3"))]).rules
    assert [old.version == new.version for old, new in zip(before, after, strict=True)] == [True, False, True]


BROKEN = """\
groups:
  - name: one
    limit: 5
    rules:
      - alert: A
        expr: rate(up)
        for: soon
        labels: {severity: page}
        annotations: {summary: "{{ range . }}"}
      - record: b
        expr: up
      - alert: C
        exp: up
        labels: {severity: low, alertname: x}
      - alert: D
        expr: up @ end()
        labels: {severity: low}
  - name: one
    rules: {}
"""


def test_every_problem_at_once_with_its_line(tmp_path: Path) -> None:
    """All problems of a file are told together, each where it is."""
    path = write(tmp_path, BROKEN)
    with pytest.raises(ConfigurationError) as caught:
        load_rule_files([path, tmp_path / "missing.yml"])
    found = {
        (problem.line, problem.message.partition(":")[0].split()[0]) for problem in caught.value.problems
    }
    assert {(3, "limit"), (6, "expr"), (7, "for"), (8, "label"), (9, "annotations"), (10, "recording"),
            (13, "unknown"), (12, "expr"), (14, "label"), (16, "expr"), (18, "group"),
            (19, "rules")} <= found  # fmt: skip
    assert any(problem.file.endswith("missing.yml") for problem in caught.value.problems)


@pytest.mark.parametrize(
    "text",
    ["groups: [", "- a", "groups: [1]", "groups:\n  - {name: a, rules: [1]}", "a: &a [*a]", "[" * 500,
     "x: !!python/object y", "other: 1", "groups:\n - name: {a: b}"],
)  # fmt: skip
def test_what_is_no_rule_file_is_a_problem_not_a_crash(tmp_path: Path, text: str) -> None:
    """Broken and hostile YAML ends in an error with the file's name."""
    with pytest.raises(ConfigurationError, match=r"rules\.yml"):
        load_rule_files([write(tmp_path, text)])


def test_severities_are_ours_unless_somebody_elses_rules_are_tested(tmp_path: Path) -> None:
    """In force a rule needs one of the five severities; a test may look at any rule."""
    path = write(tmp_path, "groups: [{name: a, rules: [{alert: A, expr: up, labels: {severity: page}}]}]")
    with pytest.raises(ConfigurationError, match="severity"):
        load_rule_files([path])
    assert load_rule_files([path], require_severity=False).rules[0].severity == ""


def test_a_directory_stands_for_its_rule_files(tmp_path: Path) -> None:
    """Files directly in a directory are loaded, those in directories below it are not."""
    write(tmp_path, GOOD, "a.yaml")
    (tmp_path / "tests").mkdir()
    write(tmp_path / "tests", "tests: []", "a.test.yml")
    assert len(load_rule_files([tmp_path]).groups) == 2
