"""One headless demo run, shared by all tests that look at its outcome."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import soc

SEED = 5


@dataclass(frozen=True)
class DemoRun:
    """The data directory a run left, and the lines it printed."""

    data: Path
    lines: list[dict[str, Any]]


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    """A short run with its store kept. Nobody may write into its data directory."""
    data = tmp_path_factory.mktemp("demo") / "data"
    done = soc(
        "demo", "--headless", "--for", "15s", "--json", "--seed", str(SEED), "--data", str(data),
        check=True, timeout=240,
    )  # fmt: skip
    return DemoRun(data, [json.loads(line) for line in done.stdout.splitlines()])


@pytest.fixture(scope="session")
def demo_data(demo_run: DemoRun) -> Path:
    """The data directory of the run."""
    return demo_run.data
