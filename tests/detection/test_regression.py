"""Public Sigma rules against the events they must detect (shared test data)"""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

from soc.detection import EventBatch, match
from soc.detection.load import load_rules


@pytest.fixture(scope="module")
def cases() -> Path:
    """The folder of regression cases."""
    shared = os.environ.get("SOC_TEST_DATA")
    if not shared:
        pytest.skip("needs shared test data: set SOC_TEST_DATA to the folder that holds sigma-regression")
    return Path(shared) / "sigma-regression"


def _events(path: Path) -> list[dict[str, object]]:
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".json":
        content = json.loads(text)
        return content if isinstance(content, list) else [content]
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def test_every_rule_detects_its_events(cases: Path) -> None:
    """Each of the 82 rules loads and matches at least as many of its events as it must."""
    rules = load_rules([cases / "rules"])
    assert rules.problems == ()
    missed = []
    with (cases / "cases.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        batch = EventBatch.from_mappings(_events(cases / row["events_file"]))
        found = {number for number, rule in match(rules, batch) if rule.id == row["rule_id"]}
        if len(found) < int(row["expected_count"]):
            missed.append(row["rule_file"])
    assert len(rows) == 82
    assert missed == []


def test_linux_rules_load(cases: Path) -> None:
    """Every rule for Linux and network logs is understood."""
    rules = load_rules([cases / "linux-sample"])
    assert (len(rules.rules), rules.problems) == (24, ())
