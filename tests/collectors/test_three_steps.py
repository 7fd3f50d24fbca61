"""Adding an SNMP collector by the three steps of docs/collectors.md, followed to the letter."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
import yaml

from soc.collect.declare import Collector
from soc.collect.load import load_collectors
from tests.support.agent_values import check_fixture

DOCS = Path(__file__).parent.parent.parent / "docs"


@pytest.fixture(scope="module")
def steps() -> str:
    """The section, from its heading to the next."""
    text = (DOCS / "collectors.md").read_text("utf-8")
    (section,) = re.findall(r"^### Add an SNMP collector\n(.*?)^###? ", text, re.MULTILINE | re.DOTALL)
    return str(section)


def block(section: str, language: str, number: int = 0) -> str:
    found = re.findall(rf"^   ```{language}\n(.*?)^   ```", section, re.MULTILINE | re.DOTALL)
    return textwrap.dedent(found[number])


@pytest.fixture(scope="module")
def added(steps: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Collector]:
    """Step 1: the files written where the page says, found because they are there."""
    directory = tmp_path_factory.mktemp("site")
    path = directory / "example_cooling.py"
    assert f"collectors/power/{path.name}`" in steps
    path.write_text(block(steps, "python"), "utf-8")
    (directory / "example_compressors.py").write_text(block(steps, "python", 1), "utf-8")
    shipped = {item.name for item in load_collectors()}
    return {item.name: item for item in load_collectors([directory]) if item.name not in shipped}


def test_the_file_is_the_collector(added: dict[str, Collector]) -> None:
    """Both examples load, each says for whose agents it is, and nothing else was edited."""
    assert sorted(added) == ["example_compressors", "example_cooling"]
    assert {item.object_ids for item in added.values()} == {("1.3.6.1.4.1.99999",)}


def test_the_fixture_is_the_test(steps: str, added: dict[str, Collector], tmp_path: Path) -> None:
    """Step 2: what the agent holds comes to the samples that the page promises."""
    path = tmp_path / "one_unit.yaml"
    assert f"tests/collectors/example_cooling/{path.name}`" in steps
    path.write_text(block(steps, "yaml"), "utf-8")
    check_fixture(added["example_cooling"], path)


def test_its_metrics_are_listed(steps: str) -> None:
    """Step 3: nothing is left to do for metrics that the reference has."""
    reference = (DOCS / "reference.md").read_text("utf-8")
    for metric, _, _ in yaml.safe_load(block(steps, "yaml"))["samples"]:
        assert f"| `{metric}` |" in reference
