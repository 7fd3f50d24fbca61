"""benches/ssh.py runs, and its figures are those of hosts that all answered."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[3] / "benches" / "ssh.py"


def test_bench_prints_figures() -> None:
    """A few hosts, cold and over kept connections."""
    if not shutil.which("sshd", path="/usr/sbin"):
        pytest.skip("needs Debian package openssh-server")
    words = [sys.executable, BENCH, "--hosts", "4", "--scenario", "reused", "--no-peer"]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    document = json.loads(done.stdout)
    figures = document["results"]["reused"]["soc"]
    for found in (figures["first"], *figures["rounds"]):
        assert (found["failed_hosts"], found["commands"]) == (0, 20)
    assert document["versions"]["paramiko"]
