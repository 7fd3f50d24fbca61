"""Start and end the processes of a demo. Each ends when its standard input does, so with the demo,
however that ends; signals to the terminal's group reach none of them."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

from soc.demo.place import LOG, SCRATCH
from soc.model import SocError
from soc.model.text import clean

ESTATE_ROLES = ("snmp", "snmp-v3", "ssh")
SYSLOG_ROLE = "syslog"
_READY_SECONDS = 300.0  # hundreds of recordings take a while; one that fails is noticed at once
_END_SECONDS = 4.5
_LOOK_SECONDS = 0.1
_LOG_LINES = 5


class Children:
    """Processes by name. What they write to standard error goes to a file in the demo's directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        # pysnmp keeps files of its engines in the temporary directory.
        self._environment = {**os.environ, "TMPDIR": str(directory / SCRATCH)}

    def start(self, name: str, module: str, *arguments: str) -> None:
        """Run a module of Python; what it says on standard output is for `first_line` or `lines`."""
        # -P: no module is taken from the directory that the user happens to stand in.
        command = [sys.executable, "-P", "-m", module, *arguments]
        with (self._directory / LOG).open("ab") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                env=self._environment, start_new_session=True,
            )  # fmt: skip

    def play(self, roles: Sequence[str], seed: int, start: float) -> None:
        """Start the processes that play devices (soc/demo/child.py)."""
        for role in roles:
            self.start(role, "soc.demo.child", role, str(self._directory), str(seed), repr(start))

    def first_line(self, name: str, stopped: Callable[[], bool] = lambda: False) -> bytes:
        """What a process says once it is ready; b"" when stopped before. It says nothing to us after that.

        Raises SocError when it ends, or takes for ever.
        """
        output = self._output(name)
        deadline = time.monotonic() + _READY_SECONDS
        while not select.select([output], [], [], _LOOK_SECONDS)[0]:
            if stopped():
                return b""
            if time.monotonic() > deadline:
                raise self._failed(name, "does not start")
        line = output.readline()
        if not line:
            raise self._failed(name, "did not start")
        output.close()
        return line

    def output(self, name: str) -> int:
        """The descriptor of what a process says on standard output."""
        return self._output(name).fileno()

    def say(self, name: str, line: bytes) -> None:
        """Write to a process's standard input."""
        stdin = self._running[name].stdin
        assert stdin is not None
        with contextlib.suppress(BrokenPipeError):
            stdin.write(line)
            stdin.flush()

    def check(self, but: str = "") -> None:
        """Raises SocError when a process has ended that was to go on; the one named `but` may."""
        for name, process in self._running.items():
            if name != but and process.poll() is not None:
                raise self._failed(name, "ended")

    def finish(self, name: str) -> None:
        """Wait for a process that ends by itself. Raises SocError when it failed."""
        process = self._running[name]
        if process.wait() != 0:
            raise self._failed(name, "failed")
        self._close(process)
        del self._running[name]

    def end(self) -> None:
        """Close every pipe, wait for all, kill who takes long."""
        for process in self._running.values():
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        deadline = time.monotonic() + _END_SECONDS
        for process in self._running.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self._close(process)
        self._running.clear()

    @staticmethod
    def _close(process: subprocess.Popen[bytes]) -> None:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _output(self, name: str) -> IO[bytes]:
        output = self._running[name].stdout
        assert output is not None
        return output

    def _failed(self, name: str, what: str) -> SocError:
        log = (self._directory / LOG).read_text(encoding="utf-8", errors="replace").splitlines()
        told = "".join(f"\n  {clean(line)}" for line in log[-_LOG_LINES:])
        return SocError(f"a process of the demo ({name}) {what}{':' if told else ''}{told}")


@contextlib.contextmanager
def children(directory: Path) -> Iterator[Children]:
    """No process for now; whatever is started inside has ended afterwards."""
    processes = Children(directory)
    try:
        yield processes
    finally:
        processes.end()


@contextlib.contextmanager
def played(roles: Sequence[str], directory: Path, seed: int, start: float) -> Iterator[Children]:
    """A process for each role; inside, all of them answer. Raises SocError when one does not start."""
    with children(directory) as processes:
        processes.play(roles, seed, start)
        for role in roles:
            processes.first_line(role)
        yield processes
