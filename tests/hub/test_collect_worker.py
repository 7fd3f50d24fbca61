"""soc.hub.collect_worker: the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

COMMAND = (sys.executable, "-m", "soc.hub.collect_worker", "--data")


def test_what_cannot_be_said_changes_nothing(tmp_path: Path) -> None:
    """Without an inventory in force it ends with 2 and says why, also where nobody can be told."""
    done = subprocess.run([*COMMAND, tmp_path], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 2
    assert "inventory.accepted, cannot be read: No such file" in done.stderr
    with Path("/dev/full").open("w") as full:
        unsaid = subprocess.run([*COMMAND, tmp_path], stdin=subprocess.DEVNULL, stderr=full)
    assert unsaid.returncode == 2
