"""soc.detection.testing"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from soc.detection.testing import run_tests
from tests.support.rules import load_documents, rule_document


def _base(*tests: dict[str, Any]) -> dict[str, Any]:
    detection = {"s": {"a": 1}, "condition": "s"}
    return rule_document(detection, name="base", **({"tests": list(tests)} if tests else {}))


def test_cases_of_a_rule(tmp_path: Path) -> None:
    """Events take the rule's log source unless they say otherwise; the number of matches decides."""
    cases = [
        {"name": "right", "events": [{"a": 1}, {"a": 2}, {"a": 1, "product": "other"}], "match": 1},
        {"name": "wrong", "events": [{"a": 1}], "match": 0},
    ]
    rules = load_documents(tmp_path, _base(*cases))
    assert [(result.ok, result.got) for result in run_tests(rules, rules.rules[0])] == [(True, 1), (False, 1)]


def test_cases_of_a_correlation(tmp_path: Path) -> None:
    """Events go through the rules it refers to, are grouped and timed, and findings are counted."""
    event = {"product": "test", "a": 1, "user": "ann"}
    cases = [
        {"name": "two users", "match": 2, "events": [
            {**event, "time": 0}, {**event, "time": "1m"},
            {**event, "user": "bob", "time": 5}, {**event, "user": "bob", "time": 6.5},
        ]},
        {"name": "not matched by the rule", "match": 0, "events": [{**event, "a": 2, "time": 0}] * 2},
        {"name": "no time", "match": 0, "events": [event]},
    ]  # fmt: skip
    correlation = {
        "title": "C", "id": "00000000-0000-4000-8000-0000000000c0", "level": "high", "tests": cases,
        "correlation": {
            "type": "event_count", "rules": ["base"], "timespan": "1m", "group-by": ["user"],
            "condition": {"gte": 2},
        },
    }  # fmt: skip
    rules = load_documents(tmp_path, _base(), correlation)
    assert rules.problems == ()
    results = run_tests(rules, rules.correlations[0])
    assert [result.ok for result in results] == [True, True, False]
    assert "needs a time" in results[2].error
