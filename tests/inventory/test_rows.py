"""CSV and JSON lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from soc.inventory.nodes import MappingNode, ScalarNode, SequenceNode
from soc.inventory.report import Findings, Report
from soc.inventory.rows import csv_rows, json_rows


@pytest.fixture
def report() -> Report:
    """A report of its own for each test."""
    return Report(Findings(), "f", Path("/"))


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_csv_lines_count_quoted_newlines(newline: str, report: Report) -> None:
    """A record's line is the one it begins on, whatever its cells span and however lines end."""
    text = newline.join(
        ["name,tower,labels.a", 'a,print,"x', 'y ""z"""', "", "b,print,", '"c",print,"', '"', "d,print,"]
    )

    rows = list(csv_rows(text, report))

    assert [row.line for row in rows] == [2, 5, 6, 8]
    assert rows[0].entries["labels"] == MappingNode({"a": ScalarNode(f'x{newline}y "z"', 2)}, 2)
    assert not report.findings.problems


def test_csv_cells_become_lists_and_mappings(report: Report) -> None:
    """`;` separates the items of a list, a dot leads into a mapping, an empty cell is nothing."""
    (row,) = csv_rows("name,credentials,snmp.port,ssh.port\na, x;;y ,161,\n", report)

    assert row.entries == {
        "name": ScalarNode("a", 2),
        "credentials": SequenceNode([ScalarNode("x", 2), ScalarNode("y", 2)], 2),
        "snmp": MappingNode({"port": ScalarNode("161", 2)}, 2),
    }


def test_json_values_become_nodes(report: Report) -> None:
    """Numbers keep their digits, null is nothing, lists and objects nest."""
    (row,) = json_rows('\n{"name": 007.50, "x": null, "y": [true, {"z": 1e400}]}'.replace("007", "7"), report)

    assert row == MappingNode(
        {
            "name": ScalarNode("7.50", 2),
            "x": ScalarNode("", 2, null=True),
            "y": SequenceNode([ScalarNode("true", 2), MappingNode({"z": ScalarNode("1e400", 2)}, 2)], 2),
        },
        2,
    )


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"a":' * 20_000, "1" * 100_000, '"\\ud800"', '{"a": Infinity}']
)
def test_hostile_json_is_a_problem_of_its_line(text: str, report: Report) -> None:
    """Depth, huge numbers, lone surrogates and constants are reported, and the next line is read."""
    rows = list(json_rows(f'{text}\n{{"name": "a"}}\n', report))

    assert [row.line for row in rows] == [2]
    assert [problem.line for problem in report.findings.problems] == [1]
