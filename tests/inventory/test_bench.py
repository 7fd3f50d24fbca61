"""benches/inventory.py runs, at a small size."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "benches" / "inventory.py"


def test_the_bench_prints_its_figures_as_json() -> None:
    """Every measurement reads the same devices and reports CPU and memory."""
    done = subprocess.run(
        [sys.executable, str(BENCH), "--devices", "250"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    result = json.loads(done.stdout)

    assert {figure["devices"] for figure in result["figures"].values()} == {250}
    assert all(figure["peak_megabytes"] > 1 for figure in result["figures"].values())
    assert {"machine", "commit", "versions", "ratios"} <= result.keys()
