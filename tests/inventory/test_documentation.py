"""docs/inventory.md and docs/security.md: their examples and commands work as printed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from soc.inventory import check_inventory
from soc.inventory.devices import DEVICE_FIELDS
from soc.inventory.settings import DEFAULT_INTERVALS

DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(document: str, language: str) -> list[str]:
    """The document's fenced blocks in this language."""
    return [text for kind, text in _BLOCK.findall((DOCS / document).read_text()) if kind == language]


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The documentation's inventory with its CSV file."""
    (tmp_path / "inventory.yaml").write_text(blocks("inventory.md", "yaml")[0])
    (tmp_path / "fleet.csv").write_text(blocks("inventory.md", "csv")[0])
    return tmp_path / "inventory.yaml"


def test_the_example_is_valid(example: Path) -> None:
    """Without an error or a warning, YAML and CSV together."""
    inventory, problems = check_inventory(example)

    assert problems == []
    assert inventory is not None
    assert list(inventory.devices) == ["fw-01", "sw-core-01", "prn-3-east", "prn-1", "prn-2"]


@pytest.mark.parametrize("document", ["inventory.md", "security.md"])
def test_the_commands_work(document: str, example: Path) -> None:
    """Every command line ends with 0 in a directory that holds the example."""
    programs = example.parent / "bin"
    programs.mkdir()
    (programs / "soc").write_text(
        f"#!{sys.executable}\nimport sys\nfrom soc.cli import main\nsys.exit(main())\n"
    )
    (programs / "soc").chmod(0o700)
    environment = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "SOC_DATA": str(example.parent / "data"),
    }
    environment.pop("SOC_INVENTORY", None)
    commands = [line for block in blocks(document, "console") for line in block.splitlines()]

    assert commands
    for command in commands:
        done = subprocess.run(
            [shutil.which("sh") or "/bin/sh", "-c", command], cwd=example.parent, env=environment,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (command, done.returncode, done.stderr) == (command, 0, "")


def test_every_key_is_documented() -> None:
    """Each device key and interval class stands in the reference."""
    text = (DOCS / "inventory.md").read_text()

    assert [key for key in (*DEVICE_FIELDS, *DEFAULT_INTERVALS) if f"`{key}`" not in text] == []
