"""A child process that is kept running: started again when it ends, later each time it does so soon."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence

FIRST_DELAY_SECONDS = 0.5
MAXIMUM_DELAY_SECONDS = 60.0
HEALTHY_SECONDS = 60.0  # who has run for so long begins anew with the first delay
_LINE_BYTES = 1024 * 1024


class Backoff:
    """How long to wait before the next start."""

    def __init__(self) -> None:
        self._next = FIRST_DELAY_SECONDS

    def delay(self, lived_seconds: float) -> float:
        if lived_seconds >= HEALTHY_SECONDS:
            self._next = FIRST_DELAY_SECONDS
        delay, self._next = self._next, min(2 * self._next, MAXIMUM_DELAY_SECONDS)
        return delay


class Child:
    """One Python process, `python -P -m MODULE ARGUMENTS…`, with a pipe to us as its standard input.

    It ends when that pipe closes: with `stop`, or with this process, however that ends. What it writes to
    standard error goes where ours goes.
    """

    def __init__(
        self,
        name: str,
        module: str,
        arguments: Sequence[str],
        *,
        tell: Callable[[str], None],
        on_line: Callable[[bytes], None] | None = None,
        silence_seconds: float | None = None,
        inherited: Sequence[int] = (),
    ) -> None:
        """`on_line` takes its standard output; after `silence_seconds` without a line it is replaced.

        `inherited` are descriptors that it keeps open.
        """
        self.name = name
        # -P: no module is taken from the directory that the user happens to stand in.
        self._command = (sys.executable, "-P", "-m", module, *arguments)
        self._tell = tell
        self._on_line = on_line
        self._silence_seconds = silence_seconds
        self._inherited = tuple(inherited)
        self._process: Process | None = None
        self._stopping = asyncio.Event()
        self._again = False
        self._task = asyncio.create_task(self._keep(), name=name)

    @property
    def pid(self) -> int | None:
        """The running process's; None between two."""
        return self._process.pid if self._process else None

    def say(self, line: bytes) -> None:
        """Write to its standard input; a child that is just being started does without."""
        if self._process and self._process.stdin:
            self._process.stdin.write(line)

    def start_again(self) -> None:
        """End the running process in peace and start the next at once."""
        if self._process:
            self._again = True
            self._close_pipe(self._process)

    async def stop(self, seconds: float) -> None:
        """Close its pipe and wait for it; kill it when that takes longer."""
        self._stopping.set()
        process = self._process
        if process is not None:
            self._close_pipe(process)
            # A child at work ignores it and looks at its pipe; one that still loads its code just ends.
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), seconds)
            except TimeoutError:
                self._tell(f"{self.name} (pid {process.pid}) does not end: killed")
                self._kill(process)
        await self._task

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        backoff = Backoff()
        while not self._stopping.is_set():
            begun = loop.time()
            ended = await self._run()
            if self._stopping.is_set():
                return
            if self._again:
                self._again = False
                continue
            delay = backoff.delay(loop.time() - begun)
            self._tell(f"{self.name} {ended}; started again in {delay:g} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)

    async def _run(self) -> str:
        """One process from start to end; returns how it ended."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, limit=_LINE_BYTES,
                pass_fds=self._inherited, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            return f"was not started: {os.strerror(error.errno or 0)}"
        self._process = process
        if self._stopping.is_set():
            self._close_pipe(process)
        try:
            silent = await self._listen(process)
            code = await process.wait()
        finally:
            self._process = None
        if silent:
            return f"(pid {process.pid}) said nothing for {self._silence_seconds:g} s and was killed"
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        return f"(pid {process.pid}) ended {how}"

    async def _listen(self, process: Process) -> bool:
        """Take its lines until the last; True when it was killed for its silence."""
        assert process.stdout is not None
        while True:
            try:
                line = await asyncio.wait_for(process.stdout.readline(), self._silence_seconds)
            except TimeoutError:
                self._kill(process)
                return True
            except ValueError:  # longer than any line of ours
                continue
            if not line:
                return False
            if self._on_line is not None:
                self._on_line(line)

    @staticmethod
    def _close_pipe(process: Process) -> None:
        if process.stdin is not None:
            process.stdin.close()

    @staticmethod
    def _kill(process: Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
