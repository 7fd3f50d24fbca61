"""Answers worked out once for all who ask the same of the same state of the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from soc.hub.api.encoding import encode
from soc.hub.api.reads import ReadPool
from soc.hub.port import HubPort
from soc.store import Store

_LIFE_SECONDS = 1.0  # answers speak of ages, and polls expire, without any transaction
_MAXIMUM_KEPT = 32


@dataclass(slots=True)
class _Answer:
    work: asyncio.Task[bytes]
    transactions: int
    begun: float
    waiting: int = 0

    def holds(self, transactions: int, now: float) -> bool:
        if self.work.done() and (self.work.cancelled() or self.work.exception() is not None):
            return False
        return self.transactions == transactions and 0 <= now - self.begun < _LIFE_SECONDS


class Answers:
    """Documents as JSON. One is given again until a transaction commits, and for a second at most: who has
    just changed something sees it."""

    def __init__(self, port: HubPort, readers: ReadPool) -> None:
        self._port = port
        self._readers = readers
        self._kept: dict[tuple[str, ...], _Answer] = {}

    async def get(self, key: tuple[str, ...], question: Callable[[Store], Any]) -> bytes:
        """The document that the question returns. Who gives the same key asks the same question.

        Raises as ReadPool.ask. The question is ended when nobody waits for it any more.
        """
        now, transactions = self._port.now(), self._port.transactions()
        answer = self._kept.get(key)
        if answer is None or not answer.holds(transactions, now):
            work = asyncio.create_task(self._readers.ask(lambda store: encode(question(store))))
            answer = self._keep(key, _Answer(work, transactions, now))
        answer.waiting += 1
        try:
            return await asyncio.shield(answer.work)
        finally:
            answer.waiting -= 1
            if not answer.waiting and not answer.work.done():
                answer.work.cancel()
                if self._kept.get(key) is answer:  # who asks next must not wait for what is ending
                    del self._kept[key]

    def _keep(self, key: tuple[str, ...], answer: _Answer) -> _Answer:
        self._kept.pop(key, None)
        while len(self._kept) >= _MAXIMUM_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = answer
        return answer
