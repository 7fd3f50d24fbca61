"""Programs over sessions that need asyncio: one thread beside the epoll loop, some devices at a time."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from soc.collect.port import Answer
from soc.collect.snmp.access import Access
from soc.collect.snmp.loop import Program

if TYPE_CHECKING:
    from soc.collect.snmp.reference import Engines

DEVICES = 20  # at a time: with more, pysnmp times out on devices that answer


class Side:
    """A thread with an event loop, begun when first needed; it ends with the last program."""

    def __init__(self, on_answer: Callable[[Answer], None]) -> None:
        self._on_answer = on_answer
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._waiting: queue.SimpleQueue[Program] = queue.SimpleQueue()
        self._ended: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._outstanding = 0
        self._thread: threading.Thread | None = None
        self._engines: Engines | None = None  # of the thread that runs

    def open_reference(self, endpoint: str, access: Access, _: bytes) -> Any:
        """A session on pysnmp, for a program in the thread."""
        assert self._engines is not None
        return self._engines.open(endpoint, access)

    def take(self, answer: Answer) -> None:
        """What a program calls with its answer, in the thread."""
        self._answers.put(answer)

    def submit(self, program: Program) -> None:
        self._outstanding += 1
        self._waiting.put(program)

    def steps(self, wait_seconds: float) -> Iterator[None]:
        """Hand on what has come, until every program has ended."""
        while self._outstanding:
            self.hand_on()
            yield
            if self._outstanding:
                self._collect(min(wait_seconds, 1.0))
        self.hand_on()

    def hand_on(self) -> None:
        """Pass answers to their taker, and see that the thread runs while there is work for it."""
        while not self._ended.empty():
            self._ended.get()
            self._outstanding -= 1
        while not self._answers.empty():
            self._on_answer(self._answers.get())
        if self._outstanding and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._work, name="snmp-side", daemon=True)
            self._thread.start()

    def _collect(self, seconds: float) -> None:
        try:
            self._ended.get(timeout=seconds)
        except queue.Empty:
            return
        self._outstanding -= 1

    def _work(self) -> None:
        asyncio.run(self._drive_all())

    async def _drive_all(self) -> None:
        from soc.collect.snmp.reference import Engines  # takes a while, and is seldom needed

        async def worker() -> None:
            while not self._waiting.empty():
                try:
                    await drive(self._waiting.get_nowait())
                except queue.Empty:
                    return
                self._ended.put(None)

        with closing(Engines()) as self._engines:
            await asyncio.gather(*(worker() for _ in range(DEVICES)))


async def drive(program: Program) -> None:
    """Run a program as the epoll loop would; its lanes one after the other."""
    outcome: Any = None
    while True:
        try:
            wanted = program.send(outcome)
        except StopIteration:
            return
        if isinstance(wanted, list):
            for lane in wanted:
                await drive(lane)
            outcome = None
        else:
            session: Any = wanted.session
            outcome = await session.perform(wanted.operation, wanted.wait_seconds)
