"""Who collects: our own workers while collect.lock is ours, or cron."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from soc.hub.supervise import Child
from soc.model import LockHeldError, SocError
from soc.spool.layout import COLLECT_LOCK, HUB_COMMAND
from soc.spool.lock import acquire

_LOOK_SECONDS = 0.5
_SILENCE_SECONDS = 180.0  # a worker says something every ten; a machine may stand still for a while
_ON_TIME_SECONDS = 60.0
_TELL_AGAIN_SECONDS = 3600.0
_MAXIMUM_TOLD = 1000


@dataclass(slots=True)
class _Report:
    """The last of one worker."""

    at: float  # monotonic seconds
    late_seconds: float


class Collection:
    """Takes collect.lock as soon as it is free and keeps the workers running that inherit it.

    Workers share the devices among them; each has the lock's descriptor, so that nobody else collects
    before the last of them has ended, whatever becomes of the hub.
    """

    def __init__(
        self,
        data: Path,
        workers: int,
        arguments: Sequence[str],
        *,
        tell: Callable[[str], None],
        monotonic: Callable[[], float],
    ) -> None:
        """`arguments` are those of every worker (soc/hub/collect_worker.py)."""
        self._data = data
        self._count = workers
        self._arguments = tuple(arguments)
        self._tell = tell
        self._monotonic = monotonic
        self._lock = ExitStack()
        self._workers: list[Child] = []
        self._reports: dict[int, _Report] = {}
        self._told: dict[str, float] = {}
        self._internal = False
        self._changed = asyncio.Event()

    def set_internal(self, internal: bool) -> None:
        """Whether to collect ourselves; takes effect soon."""
        self._internal = internal
        self._changed.set()

    def reload(self) -> None:
        """Have the workers read the inventory again."""
        for worker in self._workers:
            worker.say(b"reload\n")

    def on_time(self) -> bool:
        """Whether every worker is at work and polls when it should."""
        now = self._monotonic()
        reports = [self._reports.get(index) for index in range(1, self._count + 1)]
        return all(
            report is not None
            and now < report.at + _ON_TIME_SECONDS
            and report.late_seconds < _ON_TIME_SECONDS
            for report in reports
        )

    async def run(self) -> None:
        """Until it is cancelled; `stop` comes after that."""
        waiting = ""
        while True:
            self._changed.clear()
            if self._internal and not self._workers:
                try:
                    self._start()
                    waiting = ""
                except SocError as error:
                    if not waiting:
                        waiting = str(error)
                        told = isinstance(error, LockHeldError)
                        self._tell(f"{waiting}; collecting begins when it is free" if told else waiting)
            elif not self._internal and self._workers:
                await self.stop(seconds=10.0)
            try:
                await asyncio.wait_for(self._changed.wait(), None if self._settled() else _LOOK_SECONDS)
            except TimeoutError:
                continue

    async def stop(self, seconds: float) -> None:
        """End the workers and give the lock up."""
        workers, self._workers = self._workers, []
        await asyncio.gather(*(worker.stop(seconds) for worker in workers))
        self._reports.clear()
        self._lock.close()

    def _settled(self) -> bool:
        return self._internal == bool(self._workers)

    def _start(self) -> None:
        descriptor = self._lock.enter_context(acquire(self._data / COLLECT_LOCK, 0.0, HUB_COMMAND))
        for index in range(1, self._count + 1):
            self._workers.append(
                Child(
                    f"collect worker {index}/{self._count}",
                    "soc.hub.collect_worker",
                    [*self._arguments, "--share", f"{index}/{self._count}"],
                    tell=self._tell,
                    on_line=lambda line, index=index: self._report(index, line),  # type: ignore[misc]
                    silence_seconds=_SILENCE_SECONDS,
                    inherited=[descriptor],
                )
            )

    def _report(self, index: int, line: bytes) -> None:
        now = self._monotonic()
        try:
            document = json.loads(line)
            self._reports[index] = _Report(now, float(document["late_seconds"]))
            problems = [str(problem) for problem in document["problems"]]
        except (ValueError, KeyError, TypeError):
            problems = ["a worker's report does not read"]
        for problem in problems:
            if now >= self._told.get(problem, float("-inf")) + _TELL_AGAIN_SECONDS:
                if len(self._told) >= _MAXIMUM_TOLD:
                    self._told.clear()
                self._told[problem] = now
                self._tell(problem)
