"""soc.cli.rules"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from soc.cli import main
from tests.support.rules import rule_document

RULE = rule_document(
    {"s": {"a": 1}, "condition": "s"},
    author="Ann",
    tests=[{"name": "one", "events": [{"a": 1}, {"a": 2}], "match": 1}],
)


def _write(path: Path, *documents: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump_all(documents, sort_keys=False), encoding="utf-8")
    return path


def _run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[dict[str, Any]], str]:
    code = main(["rules", *map(str, arguments), "--json"])
    output = capsys.readouterr()
    return code, [json.loads(line) for line in output.out.splitlines()], output.err


def test_match_prints_a_line_per_match(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Matches name rule and event; the summary counts; several files and shapes of files are read."""
    rule = _write(tmp_path / "r.yml", RULE)
    hit, miss = {"product": "test", "a": 1}, {"product": "test", "a": 2}
    lines, array, single = tmp_path / "l.jsonl", tmp_path / "a.json", tmp_path / "s.json"
    lines.write_text(f"{json.dumps(miss)}\n\n{json.dumps(hit)}\n", encoding="utf-8")
    array.write_text(json.dumps([hit, miss, hit], indent=1), encoding="utf-8")
    single.write_text("\ufeff" + json.dumps(hit, indent=1), encoding="utf-8")
    code, printed, _ = _run(capsys, "match", "--rules", rule, "--events", lines, array, "--events", single)
    assert code == 0
    *matches, last = printed
    assert [(Path(match["file"]).name, match["line"]) for match in matches] == [
        ("l.jsonl", 1), ("a.json", 0), ("a.json", 2), ("s.json", 0),
    ]  # fmt: skip
    assert {key: matches[0][key] for key in ("rule_id", "rule_title", "level", "author")} == {
        "rule_id": RULE["id"], "rule_title": "Test", "level": "high", "author": "Ann",
    }  # fmt: skip
    summary = last["summary"]
    assert {key: summary[key] for key in ("events", "rules", "rules_failed", "matches")} == {
        "events": 6, "rules": 1, "rules_failed": 0, "matches": 4,
    }  # fmt: skip
    assert summary["seconds_load"] >= 0
    assert summary["seconds_match"] >= 0


def test_match_reports_what_it_could_not_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Broken rules and lines are named on standard error and end with 1; the rest is matched."""
    _write(tmp_path / "r.yml", RULE, rule_document({"s": {"a|frobnicate": 1}, "condition": "s"}))
    events = tmp_path / "e.jsonl"
    events.write_text('{"product":"test","a":1}\nnot json\n[]\n{"product":"test","a":1}\n', encoding="utf-8")
    code, printed, errors = _run(capsys, "match", "--rules", tmp_path / "r.yml", "--events", events)
    assert code == 1
    assert [line.get("line") for line in printed[:-1]] == [0, 1]
    assert printed[-1]["summary"]["rules_failed"] == 1
    assert "frobnicate" in errors
    assert "e.jsonl:2" in errors
    assert "e.jsonl:3" in errors


@pytest.mark.parametrize("content", [None, "[1, 2", "evtx"])
def test_match_needs_readable_events(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    """A file that is not there, not JSON or a binary log is a usage error."""
    events = tmp_path / ("e.evtx" if content == "evtx" else "e.json")
    if content is not None:
        events.write_text(content, encoding="utf-8")
    code, printed, errors = _run(
        capsys, "match", "--rules", _write(tmp_path / "r.yml", RULE), "--events", events
    )
    assert (code, printed) == (2, [])
    assert events.name in errors


def test_match_prints_for_people_without_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text from rules reaches the terminal without control characters."""
    rule = _write(tmp_path / "r.yml", {**RULE, "title": "Te\x1b[31mst"})
    events = tmp_path / "e.json"
    events.write_text('{"product":"test","a":1}', encoding="utf-8")
    assert main(["rules", "match", "--rules", str(rule), "--events", str(events)]) == 0
    output = capsys.readouterr().out
    assert "\x1b" not in output
    assert "(by Ann)" in output


def test_lint_prints_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Errors end with 1, warnings alone with 0; each finding has its place."""
    bad = _write(tmp_path / "bad.yml", {**RULE, "level": "urgent"})
    code, printed, _ = _run(capsys, "lint", bad)
    assert code == 1
    (finding,) = printed
    assert set(finding) == {"file", "line", "severity", "code", "message"}
    assert (finding["file"], finding["severity"]) == (str(bad), "error")
    warned = _write(tmp_path / "warned.yml", {key: value for key, value in RULE.items() if key != "level"})
    code, printed, _ = _run(capsys, "lint", warned)
    assert (code, [finding["severity"] for finding in printed]) == (0, ["warning"])
    assert _run(capsys, "lint", tmp_path / "absent")[0] == 1


def test_lint_resolves_references_to_shipped_rules(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A correlation of one's own may build on what ships; findings elsewhere are not asked for."""
    correlation = {
        "title": "C", "id": "00000000-0000-4000-8000-0000000000c0", "level": "high",
        "correlation": {
            "type": "event_count", "rules": ["ssh_login_failure"], "timespan": "1m", "condition": {"gte": 2},
        },
    }  # fmt: skip
    assert _run(capsys, "lint", _write(tmp_path / "c.yml", correlation))[:2] == (0, [])


def test_test_runs_inline_cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line per case, a summary, and 1 when a case fails or a file does not load."""
    good = _write(tmp_path / "good.yml", RULE)
    code, printed, _ = _run(capsys, "test", good)
    assert code == 0
    assert printed[0] == {
        "file": str(good), "test": "Test", "case": "one", "kind": "sigma",
        "ok": True, "got": 1, "expected": 1, "error": "",
    }  # fmt: skip
    assert {key: printed[-1]["summary"][key] for key in ("passed", "failed", "errors")} == {
        "passed": 1, "failed": 0, "errors": 0,
    }  # fmt: skip
    failing = {**RULE, "tests": [{"name": "two", "events": [], "match": 2}]}
    code, printed, _ = _run(capsys, "test", _write(tmp_path / "failing.yml", failing))
    assert (code, printed[0]["ok"], printed[0]["got"], printed[0]["expected"]) == (1, False, 0, 2)
    code, printed, _ = _run(capsys, "test", _write(tmp_path / "broken.yml", {**RULE, "level": "x"}))
    assert (code, printed[-1]["summary"]["errors"]) == (1, 1)


def test_list_names_every_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Shipped rules and those of further directories are listed with kind, level and origin."""
    tmp_path.chmod(0o700)
    _write(tmp_path / "r.yml", RULE)
    down = {"alert": "Down", "expr": "up == 0", "labels": {"severity": "high"}}
    _write(tmp_path / "availability.yml", {"groups": [{"name": "g", "rules": [down]}]})
    code, printed, _ = _run(capsys, "list", "--rules", tmp_path)
    assert code == 0
    kinds = {row["kind"] for row in printed}
    assert {"sigma", "correlation", "availability"} <= kinds
    assert [row["line"] for row in printed if row["id"] == RULE["id"]] == [1]


def test_both_kinds_are_tested_and_linted_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A directory may hold Sigma rules, Prometheus rules and promtool tests: each is run as what it is."""
    _write(tmp_path / "r.yml", RULE)
    down = {"alert": "Down", "expr": "up == 0", "labels": {"severity": "high"}}
    _write(tmp_path / "availability.yml", {"groups": [{"name": "g", "rules": [down]}]})
    expected = {"exp_labels": {"severity": "high", "device": "a"}}
    unit = {
        "rule_files": ["availability.yml"],
        "tests": [
            {
                "input_series": [{"series": 'up{device="a"}', "values": "0x5"}],
                "alert_rule_test": [{"eval_time": "1m", "alertname": "Down", "exp_alerts": [expected]}],
            }
        ],
    }
    _write(tmp_path / "availability.test.yml", unit)
    code, printed, _ = _run(capsys, "test", tmp_path)
    assert (code, [line.get("kind") for line in printed[:-1]]) == (0, ["sigma", "alert"])
    assert _run(capsys, "lint", tmp_path)[:2] == (0, [])
    _write(tmp_path / "availability.yml", {"groups": [{"name": "g", "rules": [{**down, "expr": "up =="}]}]})
    code, printed, _ = _run(capsys, "lint", tmp_path)
    assert code == 1
    assert {Path(finding["file"]).name for finding in printed} == {"availability.yml"}
    code, printed, _ = _run(capsys, "test", tmp_path)
    assert (code, printed[-1]["summary"]["errors"]) == (1, 1)
