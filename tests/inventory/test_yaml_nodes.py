"""YAML composed under caps."""

from __future__ import annotations

from pathlib import Path

import pytest

from soc.inventory import yaml_nodes
from soc.inventory.nodes import MappingNode, ScalarNode, SequenceNode
from soc.inventory.report import Findings, Report
from soc.inventory.yaml_nodes import YamlError, compose


@pytest.fixture
def report() -> Report:
    """A report of its own for each test."""
    return Report(Findings(), "f.yaml", Path("/"))


def test_nodes_know_their_lines(report: Report) -> None:
    """Keys, values and items carry the line they begin on, those after a block of text too."""
    root, _ = compose("a: |\n  x\n  y\nb:\n  - 1\n  - [2,\n     3]\n", report)

    assert isinstance(root, MappingNode)
    assert [root.line_of(key) for key in ("a", "b")] == [1, 4]
    assert isinstance(root.entries["b"], SequenceNode)
    assert [item.line for item in root.entries["b"].items] == [5, 6]


def test_only_plain_nulls_are_null(report: Report) -> None:
    """`~` and nothing are null, the same in quotes is text."""
    root, _ = compose("[~, null, '~', 'null', '', ]", report)

    assert isinstance(root, SequenceNode)
    assert [isinstance(item, ScalarNode) and item.null for item in root.items] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_the_span_of_devices_can_be_cut_out(report: Report) -> None:
    """What the span leaves is YAML again, with the other keys unchanged, in block and in flow style."""
    for text in (
        "version: 1\ndevices:\n  - {name: ä}\n  # note\nsites: {}\n",
        "version: 1\ndevices:\n- name: a\n- name: b\nsites: {}\n",
        "version: 1\r\ndevices: [{name: a}] # note\r\nsites: {}\r\n",
        "{version: 1, devices: [{name: a}], sites: {}}",
        "version: 1\nsites: {}\ndevices:\n  - {name: a}",
    ):
        _, span = compose(text, report)
        assert span is not None
        rest, _ = compose(f"{text[: span[0]]} []\n{text[span[1] :]}", report)
        assert isinstance(rest, MappingNode)
        assert set(rest.entries) == {"version", "devices", "sites"}
        devices = rest.entries["devices"]
        assert isinstance(devices, SequenceNode)
        assert devices.items == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "nested deeper"),
        ("{a: " * 100_000, "nested deeper"),
        ("a: &a []\nb: [" + "*a, " * 1001 + "]", "aliases"),
        ("a: &a " + "x" * 10 + "\nb: *b", "alias"),
        ("? [a]\n: b", "key of a mapping"),
        ("a: !secret hunter2", "tags"),
        ("%YAML 9.9\n---\na", "incompatible"),
        ("a: 'b", "unexpected end of stream"),
        ("\ta: b", "cannot start any token"),
    ],
)
def test_hostile_yaml_is_refused(text: str, message: str, report: Report) -> None:
    """Depth, aliases, tags, keys and syntax that could harm are refused before anything is built."""
    with pytest.raises(YamlError, match=message) as caught:
        compose(text, report)

    assert "hunter2" not in str(caught.value)


def test_nodes_behind_aliases_count_each_time(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few lines that stand for a thousand values hit the cap on values."""
    monkeypatch.setattr(yaml_nodes, "MAXIMUM_NODES", 500)
    lines = ["a0: &a0 [x, x, x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 8)]

    with pytest.raises(YamlError, match="more than 500 values"):
        compose("\n".join(lines), report)


def test_duplicate_keys_are_reported_and_the_first_counts(report: Report) -> None:
    """Both lines are named, and reading goes on."""
    root, _ = compose("a: 1\nb: 2\na: 3\n", report)

    assert isinstance(root, MappingNode)
    assert root.entries["a"] == ScalarNode("1", 1)
    assert [(problem.line, problem.code) for problem in report.findings.problems] == [(3, "duplicate-key")]
