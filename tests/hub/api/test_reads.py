"""Questions in threads: one state each, ended when they take too long or nobody waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from soc.hub.api.reads import ReadPool
from soc.model import SocError, StoreError
from soc.store import InterruptedQueryError, Store
from tests.support.hub import WriterHub

ENDLESS = "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range + b.range = 7"


def with_pool(hub: WriterHub, work: Callable[[ReadPool], Awaitable[None]], seconds: float = 20.0) -> None:
    async def run() -> None:
        pool = ReadPool(hub, seconds, threads=1)
        try:
            await work(pool)
        finally:
            await pool.close()

    asyncio.run(run())
    hub.close()


def events(store: Store) -> int:
    return int(store.query("SELECT count(*) FROM event")[0][0])


def test_one_state_throughout(hub: WriterHub) -> None:
    """What the writer commits during a question is not seen by it."""

    def question(store: Store) -> tuple[int, int]:
        before = events(store)
        hub.write(lambda writing: writing.query("DELETE FROM hot_event RETURNING 1"))
        return before, events(store)

    async def work(pool: ReadPool) -> None:
        before, after = await pool.ask(question)
        assert before == after > 0
        assert await pool.ask(events) == 0

    with_pool(hub, work)


def test_an_endless_question_is_ended(hub: WriterHub) -> None:
    """After the limit it raises; the thread takes the next question."""

    async def work(pool: ReadPool) -> None:
        with pytest.raises(InterruptedQueryError):
            await pool.ask(lambda store: store.query(ENDLESS))
        assert await pool.ask(events) > 0

    with_pool(hub, work, seconds=0.1)


def test_a_question_of_many_statements_is_ended(hub: WriterHub) -> None:
    """An interrupt that falls between two statements is repeated."""

    def question(store: Store) -> None:
        while True:
            events(store)

    async def work(pool: ReadPool) -> None:
        with pytest.raises(InterruptedQueryError):
            await pool.ask(question)

    with_pool(hub, work, seconds=0.1)


def test_nobody_waits_any_more(hub: WriterHub) -> None:
    """A client that goes away takes its question along."""

    async def work(pool: ReadPool) -> None:
        asking = asyncio.ensure_future(pool.ask(lambda store: store.query(ENDLESS)))
        await asyncio.sleep(0.1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await pool.ask(events) > 0

    with_pool(hub, work)


def test_what_a_question_raises_comes_back(hub: WriterHub) -> None:
    """Its own errors and the store's; neither costs the pool a thread."""

    def refuse(_: Store) -> None:
        raise SocError("no")

    async def work(pool: ReadPool) -> None:
        for _ in range(3):
            with pytest.raises(SocError, match="no"):
                await pool.ask(refuse)
            with pytest.raises(StoreError):
                await pool.ask(lambda store: store.query("SELECT nothing"))
        assert await pool.ask(events) > 0

    with_pool(hub, work)


def test_renewed_readers(hub: WriterHub) -> None:
    """After `renew` the hub is asked for a new connection."""
    opened: list[Store] = []
    reader = hub.reader
    hub.reader = lambda: opened.append(reader()) or opened[-1]  # type: ignore[method-assign, func-returns-value]

    async def work(pool: ReadPool) -> None:
        await pool.ask(events)
        await pool.ask(events)
        assert len(opened) == 1
        await pool.renew()
        await pool.ask(events)
        assert len(opened) == 2

    with_pool(hub, work)
