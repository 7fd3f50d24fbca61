"""Questions to the store from a few threads of their own: the loop never waits, a slow question is ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from soc.hub.port import HubPort
from soc.model import StoreError
from soc.store import InterruptedQueryError, Store

_INTERRUPT_AGAIN_SECONDS = 0.05
T = TypeVar("T")


class ReadPool:
    """Readers of the store, one per thread; each question sees one state of the store throughout."""

    def __init__(self, port: HubPort, limit_seconds: float, threads: int = 4) -> None:
        self._port = port
        self._limit_seconds = limit_seconds
        self._threads = threads
        self._executor = ThreadPoolExecutor(threads, "api-read")
        self._idle: asyncio.LifoQueue[Store | None] = asyncio.LifoQueue()
        self._renewing = asyncio.Lock()
        for _ in range(threads):
            self._idle.put_nowait(None)

    async def ask(self, question: Callable[[Store], T]) -> T:
        """What the question returns, asked in a thread. It is ended after the time limit, or when nobody
        waits for it any more.

        Raises InterruptedQueryError after the limit, StoreError, and what the question raises.
        """
        reader = await self._idle.get()
        try:
            if reader is None:
                reader = await self._run(self._port.reader)
            return await self._limited(reader, question)
        except InterruptedQueryError:
            raise
        except StoreError:
            # The store may have stopped: whoever asks next begins with a connection to the present one.
            if reader is not None:
                reader.close()
                reader = None
            raise
        finally:
            self._idle.put_nowait(reader)

    async def renew(self) -> None:
        """Close every reader, as soon as its question is answered; the next ones are opened anew."""
        async with self._renewing:
            for reader in [await self._idle.get() for _ in range(self._threads)]:
                if reader is not None:
                    reader.close()
                self._idle.put_nowait(None)

    async def close(self) -> None:
        await self.renew()
        self._executor.shutdown()

    async def _limited(self, reader: Store, question: Callable[[Store], T]) -> T:
        work = asyncio.ensure_future(self._run(lambda: _in_one_state(reader, question)))
        try:
            done, _ = await asyncio.wait({work}, timeout=self._limit_seconds)
        except asyncio.CancelledError:
            await self._end(reader, work)
            raise
        if not done:
            await self._end(reader, work)
        return work.result()

    async def _end(self, reader: Store, work: asyncio.Future[T]) -> None:
        # A question may consist of several statements: it is interrupted until it has ended.
        while not work.done():
            reader.interrupt()
            await asyncio.wait({work}, timeout=_INTERRUPT_AGAIN_SECONDS)
        work.exception()  # whoever still waits is told; if nobody does, it is no news

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)


def _in_one_state(reader: Store, question: Callable[[Store], T]) -> T:
    with reader.transaction():
        return question(reader)
