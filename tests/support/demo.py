"""One headless demo run, shared by all tests that look at its outcome."""

from __future__ import annotations

import fcntl
import json
import os
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
    """A short run with its store kept, one for all processes that test. Nobody may write into its data
    directory."""
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "demo"
    place.mkdir(exist_ok=True)
    printed = place / "printed.jsonl"
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not printed.exists():
            done = soc(
                "demo", "--headless", "--for", "10s", "--json", "--seed", str(SEED),
                "--data", str(place / "data"), check=True, timeout=240,
            )  # fmt: skip
            printed.write_text(done.stdout)
    return DemoRun(place / "data", [json.loads(line) for line in printed.read_text().splitlines()])


@pytest.fixture(scope="session")
def demo_data(demo_run: DemoRun) -> Path:
    """The data directory of the run."""
    return demo_run.data
