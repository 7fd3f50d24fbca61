"""Answers are shared as long as nothing has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from soc.hub.api.answers import Answers
from soc.hub.api.reads import ReadPool
from soc.model import StoreError
from soc.store import Store
from tests.hub.api.test_reads import ENDLESS
from tests.support.hub import WriterHub
from tests.support.unix_http import Client

KEY = ("/v1/alerts", "")


class Asked:
    """A question that counts how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, store: Store) -> dict[str, int]:
        self.times += 1
        [(one,)] = store.query("SELECT 1")
        return {"one": one}


def with_answers(hub: WriterHub, work: Callable[[Answers], Awaitable[None]]) -> None:
    async def run() -> None:
        pool = ReadPool(hub, 20.0)
        try:
            await work(Answers(hub, pool))
        finally:
            await pool.close()

    asyncio.run(run())
    hub.close()


def test_many_ask_and_one_works(hub: WriterHub) -> None:
    """At the same time or after one another: while nothing commits, the question is put once."""
    asked = Asked()

    async def work(answers: Answers) -> None:
        bodies = await asyncio.gather(*(answers.get(KEY, asked) for _ in range(8)))
        bodies.append(await answers.get(KEY, asked))
        assert set(bodies) == {b'{"one":1}'}
        assert asked.times == 1
        await answers.get(("/v1/devices", ""), asked)
        assert asked.times == 2

    with_answers(hub, work)


def test_a_commit_and_time_make_it_old(hub: WriterHub) -> None:
    """After a transaction, a second, or a clock set back, it is worked out again."""
    asked = Asked()

    async def work(answers: Answers) -> None:
        await answers.get(KEY, asked)
        hub.write(lambda store: None)
        await answers.get(KEY, asked)
        assert asked.times == 2
        for seconds in (1.0, -3600.0):
            hub.time += seconds
            await answers.get(KEY, asked)
        assert asked.times == 4

    with_answers(hub, work)


def test_what_failed_is_asked_again(hub: WriterHub) -> None:
    """An error goes to who asked, and is nobody's answer afterwards."""
    asked = Asked()

    def fail(_: Store) -> None:
        raise StoreError("gone")

    async def work(answers: Answers) -> None:
        with pytest.raises(StoreError):
            await answers.get(KEY, fail)
        assert await answers.get(KEY, asked) == b'{"one":1}'

    with_answers(hub, work)


def test_nobody_waits_any_more(hub: WriterHub) -> None:
    """The last one to go takes the question along; while another waits it goes on."""

    async def work(answers: Answers) -> None:
        waiting = [
            asyncio.create_task(answers.get(KEY, lambda store: store.query(ENDLESS))) for _ in range(2)
        ]
        await asyncio.sleep(0.1)
        for task in waiting:
            assert not task.done()
            task.cancel()
            await asyncio.wait({task})
        assert await answers.get(KEY, Asked()) == b'{"one":1}'

    with_answers(hub, work)


def test_each_has_their_own_mine(client: Client) -> None:
    """A filter that speaks of whoever asks is answered for them, the rest for all alike."""
    client.post("/v1/alerts/A-1/acknowledge", based_on=0, request_id="r")
    [mine] = client.get("/v1/alerts", filter="owner:me").document["items"]
    assert mine["label"] == "A-1"
    assert client.get("/v1/alerts", filter="-owner:me").document["total"] == 4
