"""Start and end the processes that play devices."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from soc.demo.place import SCRATCH
from soc.model import SocError

ESTATE_ROLES = ("snmp", "snmp-v3", "ssh")
_READY_SECONDS = 300.0  # hundreds of recordings take a while; one that fails is noticed at once
_END_SECONDS = 5.0


@contextlib.contextmanager
def children(roles: Sequence[str], directory: Path, seed: int, start: float) -> Iterator[None]:
    """Run a process for each role; inside, all of them answer. Raises SocError when one does not start."""
    running: list[subprocess.Popen[bytes]] = []
    # pysnmp keeps files of its engines in the temporary directory.
    environment = {**os.environ, "TMPDIR": str(directory / SCRATCH)}
    try:
        for role in roles:
            # -P: no module is taken from the directory that the user happens to stand in.
            command = [sys.executable, "-P", "-m", "soc.demo.child"]
            command += [role, str(directory), str(seed), repr(start)]
            running.append(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)  # noqa: S603
            )
        deadline = time.monotonic() + _READY_SECONDS
        for role, process in zip(roles, running, strict=True):
            _await_ready(role, process, deadline)
        yield
    finally:
        for process in running:
            if process.stdin is not None:
                process.stdin.close()
        for process in running:
            _await_end(process)


def _await_ready(role: str, process: subprocess.Popen[bytes], deadline: float) -> None:
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
    if not readable or process.stdout.readline() != b"ready\n":
        raise SocError(f"the simulated devices ({role}) did not start; their error stands above")


def _await_end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
