"""The console without its hub: stale, read-only, back by itself."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.support import console_estate as estate
from tests.support.console import running_console
from tests.support.fake_hub import FakeHub


def hub(socket: Path) -> FakeHub:
    now = time.time()
    return FakeHub(socket, estate.alerts(18, now), estate.devices(20, now))


def test_lost_hub_is_said_and_nothing_is_sent(socket: Path) -> None:
    """The header turns stale, the data stays, actions are refused; the hub comes back and all is live."""

    async def run() -> None:
        async with hub(socket) as fake, running_console(socket, (100, 24), screen="alerts") as console:
            await console.until("● live")
            await fake.followed()
            await fake.stop()
            text = await console.until("? STALE since")
            assert "read-only" in text
            assert "live" not in text.splitlines()[0]
            assert "A-4811" in text
            fake.requests.clear()
            await console.press("a")
            await console.until("read-only: the hub is gone")
            assert not [method for method, *_ in fake.requests if method == "POST"]
            fake.alerts.pop(next(iter(fake.alerts)))
            await fake.start()
            await console.until("● live")
            text = await console.until("17 of 17")
            assert "A-4812" not in text

    asyncio.run(run())


def test_blind_hub_is_never_green(socket: Path) -> None:
    """When collection is stale the header says since when, and not that it is live."""

    async def run() -> None:
        async with hub(socket) as fake, running_console(socket) as console:
            await console.until("● live")
            fake.blind_since = estate.rfc3339(time.time() - 600)
            text = await console.until("BLIND since")
            assert "live" not in text.splitlines()[0]
            fake.blind_since = None
            await console.until("● live")

    asyncio.run(run())


def test_panel_that_fails_says_so_and_tries_again(socket: Path) -> None:
    """A list that cannot be read shows the error over its last good rows."""

    async def run() -> None:
        async with hub(socket) as fake, running_console(socket, (120, 24), screen="alerts") as console:
            await console.until("18 of 18")
            fake.refuse = lambda method, path: (
                (500, {"code": "store", "message": "the store is gone"}) if path == "/v1/alerts" else None
            )
            await console.press("slash", "x", "enter")
            text = await console.until("the store is gone")
            assert "last good" in text
            assert "A-4811" in text
            fake.refuse = lambda method, path: None
            await console.press("slash", "enter")
            await console.until(lambda text: "the store is gone" not in text)

    asyncio.run(run())


def test_reread_is_a_look_at_the_list(socket: Path) -> None:
    """When the hub has more news than it tells, the list is compared with the hub's."""

    async def run() -> None:
        async with hub(socket) as fake, running_console(socket, (100, 24), screen="alerts") as console:
            await console.until("18 of 18")
            await fake.followed()
            alert = next(iter(fake.alerts.values()))
            alert |= {"owner": "ben", "workflow": "acknowledged"}
            fake._push("reread", {"reason": "many", "dropped": 900})
            await console.until(
                lambda text: any("A-4812" in line and "ben" in line for line in text.splitlines())
            )

    asyncio.run(run())
