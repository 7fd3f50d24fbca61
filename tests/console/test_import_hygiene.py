"""What the console may import, seen from outside."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("duckdb", "polars", "pyarrow", "aiohttp", "paramiko", "pysnmp", "sigma")
UPPER = ("soc.hub", "soc.pipeline", "soc.store", "soc.alerting", "soc.promql", "soc.collect", "soc.spool")
HEADLESS = ("client", "session", "pages", "details", "places", "words", "report", "header", "plain")


def imported(statement: str) -> set[str]:
    """Names of all modules after a statement in a fresh interpreter."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_console_is_a_thin_client() -> None:
    """The whole console with its command: Textual and h11, nothing of the hub's side."""
    modules = imported("import soc.console.app, soc.console.screenshot, soc.cli.console")
    assert "textual" in modules
    assert not modules & {*HEAVY, *UPPER}


@pytest.mark.parametrize("module", HEADLESS)
def test_core_knows_no_terminal(module: str) -> None:
    """What asks the hub and says what it answered works without Textual."""
    assert "textual" not in imported(f"import soc.console.{module}")


def test_command_imports_textual_only_to_draw() -> None:
    """`soc --help` and `soc console --help` stay instant."""
    assert "textual" not in imported("import soc.cli.console")
