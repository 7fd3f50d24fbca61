"""docs/rules.md, the Sigma part"""

from __future__ import annotations

from pathlib import Path

from soc.detection import Correlation, Rule
from soc.detection.load import load_rules
from soc.model.shipped import shipped

DOCUMENT = shipped("rules").parent / "docs" / "rules.md"


def test_every_shipped_rule_is_listed_with_its_level() -> None:
    """The table of what ships names each rule and correlation, and nothing that does not ship."""
    rules = load_rules([shipped("rules") / "detection", shipped("rules") / "correlation"])
    table = DOCUMENT.read_text(encoding="utf-8").partition("## What ships")[2].partition("\n## ")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| `")]
    assert {(row[1].strip(" `"), row[2].strip()) for row in rows} == {
        (item.name, item.level) for item in rules.items
    }


def test_the_examples_load_and_their_tests_pass(tmp_path: Path) -> None:
    """The rule and the correlation shown are valid beside what ships."""
    from soc.detection.testing import run_tests

    blocks = DOCUMENT.read_text(encoding="utf-8").split("```yaml\n")[1:]
    for number, block in enumerate(blocks):
        text = block.partition("```")[0]
        if "logsource:" in text or "correlation:" in text:
            (tmp_path / f"{number}.yml").write_text(text, encoding="utf-8")
    rules = load_rules([tmp_path, shipped("rules")])
    assert [problem for problem in rules.problems if str(tmp_path) in problem.file] == []
    own = [item for item in rules.items if item.origin.file.startswith(str(tmp_path))]
    assert {type(item) for item in own} == {Rule, Correlation}
    assert all(result.ok for item in own for result in run_tests(rules, item))
