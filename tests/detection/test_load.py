"""soc.detection.load and link: problems named, with file and line"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc.detection.load import load_rules
from soc.detection.places import load_all_rules, rule_files
from soc.model.ids import digest
from tests.support.rules import load_documents, rule_document

_RULE = """title: T
id: 00000000-0000-4000-8000-000000000001
logsource:
  product: test
detection:
  s:
    a: 1
  condition: s
level: high
"""


def _loaded(directory: Path, text: str) -> list[tuple[int, str]]:
    (directory / "r.yml").write_text(text, encoding="utf-8")
    rules = load_rules([directory])
    assert len(rules.rules) + len(rules.correlations) + rules.failed >= 1
    return [(problem.line, problem.message) for problem in rules.problems]


@pytest.mark.parametrize(
    ("old", "new", "line", "text"),
    [
        ("    a: 1", "    a|frobnicate: 1", 7, "frobnicate"),
        ("    a: 1", "    b: 1\n    a|re: '(?=x)'", 8, "'(?=x)' is not supported by RE2"),
        ("    a: 1", "    a|cidr: 10.0.0.1/8", 5, "CIDR"),
        ("    a: 1", "    a|expand: '%users%'", 7, "'expand' is not supported (placeholder %users%)"),
        ("    a: 1", "    a|hour: 3", 7, "'hour' is not supported"),
        ("    a: 1", "    a: 1\n    a: 2", 8, "given twice"),
        ("condition: s", "condition: s and", 8, "Expected"),
        ("condition: s", "condition: t", 8, "'t' not defined"),
        ("condition: s", "condition: s | count() > 5", 8, "pipe syntax"),
        ("condition: s", "condition: 1 of t*", 8, "t*"),
        ("condition: s", "condition: 5", 1, "not a Sigma rule"),
        ("level: high", "level: urgent", 9, "urgent"),
        ("id: 0", "id: z", 2, "UUID"),
        ("title: T\n", "", 1, "title"),
        ("  product: test", "  definition: x", 3, "log source"),
        ("level: high", "level: high\ntests: 5", 10, "tests: a list"),
        ("level: high", "level: high\ntests: [{name: x, events: [1], match: 1}]", 10, "tests: a list"),
        ("level: high", "level: high\ngroup_by: [1]", 10, "group_by"),
        ("level: high", "level: high\nrunbook: [x]", 10, "runbook"),
        ("detection:", "filter:", 5, "filters are not supported"),
        ("title: T", "action: global", 1, "not supported"),
        ("title: T", "title: [", 3, "not valid YAML"),
    ],
)  # fmt: skip
def test_problem(tmp_path: Path, old: str, new: str, line: int, text: str) -> None:
    """What is wrong or unsupported is refused, named, with its line; nothing of it is loaded."""
    assert old in _RULE
    source = _RULE.replace(old, new, 1)
    if old.startswith("title: T") and new.startswith("action"):
        source = source.replace("detection:", "detections:")
    problems = _loaded(tmp_path, source)
    assert any(text in message for _, message in problems), problems
    assert line in [found for found, message in problems if text in message], problems
    assert load_rules([tmp_path]).rules == ()


def test_every_problem_at_once(tmp_path: Path) -> None:
    """Problems of several files and documents come together; what is right is loaded beside them."""
    (tmp_path / "a.yml").write_text(
        _RULE.replace("level: high", "level: x") + "---\n" + _RULE, encoding="utf-8"
    )
    (tmp_path / "b.yml").write_text("- 1\n", encoding="utf-8")
    rules = load_rules([tmp_path, tmp_path / "absent"])
    assert [Path(problem.file).name for problem in rules.problems] == ["absent", "a.yml", "b.yml"]
    assert len(rules.rules) == 1
    assert rules.rules[0].origin.line == 11
    assert rules.failed == 2


def test_an_id_is_used_once(tmp_path: Path) -> None:
    """A second rule of the same id is refused; the same file named twice is read once."""
    (tmp_path / "a.yml").write_text(_RULE + "---\n" + _RULE, encoding="utf-8")
    rules = load_rules([tmp_path, tmp_path / "a.yml"])
    assert len(rules.rules) == 1
    assert [problem.code for problem in rules.problems] == ["duplicate"]


def test_a_version_is_the_hash_of_the_text(tmp_path: Path) -> None:
    """The version changes with the document's own text and not with its neighbours."""
    (tmp_path / "a.yml").write_text(
        "---\n" + _RULE + "---\n" + _RULE.replace("0001", "0002"), encoding="utf-8"
    )
    first, second = load_rules([tmp_path]).rules
    assert first.origin.text == _RULE
    assert first.origin.version == digest(_RULE)
    assert second.origin.version != first.origin.version


def test_prometheus_files_are_passed_over(tmp_path: Path) -> None:
    """Rule groups and promtool tests in the same directory are somebody else's."""
    (tmp_path / "a.yml").write_text("groups: []\n", encoding="utf-8")
    (tmp_path / "b.test.yml").write_text("rule_files: [a.yml]\n", encoding="utf-8")
    (tmp_path / "c.txt").write_text("x", encoding="utf-8")
    rules = load_rules([tmp_path])
    assert (rules.rules, rules.problems, rules.failed) == ((), (), 0)
    assert [path.name for path in rule_files([tmp_path])] == ["a.yml", "b.test.yml"]


def test_a_rule_without_a_level_is_medium(tmp_path: Path) -> None:
    """Sigma leaves the level out; an alert needs one, and lint says which it takes."""
    (tmp_path / "a.yml").write_text(_RULE.replace("level: high\n", ""), encoding="utf-8")
    rules = load_rules([tmp_path])
    assert rules.rules[0].level == "medium"
    assert [(problem.severity, problem.code) for problem in rules.problems] == [("warning", "no-level")]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: " + "[" * 100_000, id="deep"),
        pytest.param("a: &a [x]\nb: [" + "*a," * 5000 + "]", id="aliases"),
        pytest.param("x: '" + "y" * 1_100_000 + "'", id="large"),
        pytest.param("&a [*a]", id="recursive"),
        pytest.param("a: !!python/object/apply:os.system ['true']", id="tag"),
        pytest.param("\x00", id="control"),
    ],
)
def test_hostile_yaml_is_a_problem(tmp_path: Path, text: str) -> None:
    """Files made to exhaust or to run something are refused in a sentence."""
    (tmp_path / "a.yml").write_text(text, encoding="utf-8")
    rules = load_rules([tmp_path])
    assert rules.rules == ()
    assert len(rules.problems) >= 1


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=6)
    | st.sampled_from(["s", "test", "1 of s"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["s", "a|re", "|all", "condition", "type", "rules"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from([
    "title", "id", "name", "logsource", "detection", "correlation", "level", "tests", "group_by", "tags",
    "related",
]), _VALUES))  # fmt: skip
def test_any_mapping_loads_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, content: dict[str, Any]
) -> None:
    """Whatever a document says, loading ends with rules or problems, never with an exception."""
    directory = tmp_path_factory.mktemp("any")
    for base in ({"title": "T"}, rule_document({"s": {"a": 1}, "condition": "s"})):
        rules = load_documents(directory, {**base, **content})
        assert len(rules.rules) + len(rules.correlations) + rules.failed == 1


def test_directories_open_to_others_are_refused(tmp_path: Path) -> None:
    """A further rules directory that others may write to is named and not read."""
    (tmp_path / "a.yml").write_text(_RULE, encoding="utf-8")
    tmp_path.chmod(0o777)
    rules = load_all_rules([tmp_path])
    assert "writable" in rules.problems[0].message
    assert "00000000-0000-4000-8000-000000000001" not in rules.by_id


def test_an_absent_directory_is_a_problem(tmp_path: Path) -> None:
    """A further rules directory that is not there is named; what ships is loaded."""
    rules = load_all_rules([tmp_path / "absent"])
    assert [problem.message for problem in rules.problems] == ["no such file or directory"]
    assert rules.rules


def _correlation(**more: Any) -> dict[str, Any]:
    settings = {"type": "event_count", "rules": ["base"], "timespan": "5m", "group-by": ["user"]}
    return {
        "title": "C",
        "id": "00000000-0000-4000-8000-0000000000c0",
        "level": "high",
        "correlation": {**settings, "condition": {"gte": 3}, **more},
    }


_BASE = rule_document({"s": {"a": 1}, "condition": "s"}, name="base")


def test_a_correlation_silences_its_rules(tmp_path: Path) -> None:
    """Rules referred to by name or id raise no alerts of their own, and carry its group-by fields."""
    for reference in ("base", _BASE["id"]):
        rules = load_documents(tmp_path, _BASE, _correlation(rules=[reference]))
        assert rules.problems == ()
        assert not rules.rules[0].alerts
        assert rules.rules[0].correlation_fields == ("user",)
        assert rules.correlations[0].members == (_BASE["id"],)
        assert rules.correlations[0].alerts


def test_generate_keeps_them_alerting(tmp_path: Path) -> None:
    """`generate: true` keeps the alerts of rules that have a level above informational."""
    rules = load_documents(tmp_path, _BASE, _correlation(generate=True))
    assert rules.rules[0].alerts
    rules = load_documents(tmp_path, {**_BASE, "level": "informational"}, _correlation(generate=True))
    assert not rules.rules[0].alerts


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"rules": ["absent"]}, "'absent', which is not loaded"),
        ({"rules": ["C"]}, "'C', which is not loaded"),
        ({"type": "value_sum", "condition": {"field": "x", "gte": 1}}, "'value_sum' is not supported"),
        ({"type": "frequency"}, "frequency"),
        ({"timespan": "5 minutes"}, "5 minutes"),
        ({"type": "temporal", "condition": "base and base"}, "extended"),
        ({"type": "temporal_ordered", "condition": {"gte": 2}}, "temporal_ordered"),
        ({"type": "temporal", "condition": {"lt": 2}}, "'lt' on temporal"),
        ({"condition": None}, "condition"),
        ({"rules": []}, "rules"),
        ({"type": "value_count", "condition": {"gte": 2}}, "field"),
        ({"group-by": 5}, "group-by"),
    ],
)
def test_correlation_problem(tmp_path: Path, change: dict[str, Any], text: str) -> None:
    """What a correlation may not say is refused with the line of its key."""
    rules = load_documents(tmp_path, _BASE, _correlation(**change))
    assert any(text in problem.message for problem in rules.problems), rules.problems
    lines = (tmp_path / "rules.yml").read_text(encoding="utf-8").splitlines()
    assert {lines[problem.line - 1] for problem in rules.problems} == {"correlation:"}
    assert rules.correlations == ()
    assert rules.rules[0].alerts


def test_correlations_in_a_circle(tmp_path: Path) -> None:
    """Correlations that refer to one another are refused, all of them."""
    first = {**_correlation(rules=["two"]), "name": "one"}
    second = {**_correlation(rules=["one"]), "name": "two", "id": "00000000-0000-4000-8000-0000000000c1"}
    rules = load_documents(tmp_path, _BASE, first, second)
    assert rules.correlations == ()
    assert any("circle" in problem.message for problem in rules.problems)


def test_a_nested_correlation_is_grouped_as_finely(tmp_path: Path) -> None:
    """A correlation may only refer to one that is grouped by all of its own fields."""
    inner = {**_correlation(), "name": "inner"}
    outer = _correlation(rules=["inner"], **{"group-by": ["user", "device"]})
    outer["id"] = "00000000-0000-4000-8000-0000000000c1"
    rules = load_documents(tmp_path, _BASE, inner, outer)
    assert [problem.message for problem in rules.problems] == ["'inner' must be grouped by device too"]
    outer["correlation"]["group-by"] = ["user"]
    rules = load_documents(tmp_path, _BASE, inner, outer)
    assert [item.reach_seconds for item in rules.correlations] == [300.0, 600.0]
    assert {item.title: item.alerts for item in rules.items} == {"Test": False, "C": True}
    assert rules.correlations_over[_BASE["id"]] == list(rules.correlations)


def test_early_conditions_are_warned_of(tmp_path: Path) -> None:
    """'Fewer than' holds with the first event: allowed, but said."""
    rules = load_documents(tmp_path, _BASE, _correlation(condition={"lt": 3}))
    assert [(problem.severity, problem.code) for problem in rules.problems] == [
        ("warning", "early-condition")
    ]
    assert len(rules.correlations) == 1
