"""soc.console.listing: the list that does not move under the cursor."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.support import console_estate as estate
from tests.support.console import running_console
from tests.support.fake_hub import FakeHub

SIZE = (100, 24)


def hub(socket: Path, alerts: int = 18) -> FakeHub:
    now = time.time()
    return FakeHub(socket, estate.alerts(alerts, now), estate.devices(2000, now))


def _add_first(fake: FakeHub, label: str) -> None:
    """A critical alert, newer than all others: the hub lists it first."""
    number = 500 + len(fake.alerts)
    new = estate.alert(number, fake._now(), label=label, severity="critical", owner="", workflow="open")
    fake.alerts = {new["id"]: new, **fake.alerts}
    fake._push("alert", new)


def test_new_rows_are_counted_and_come_when_wanted(socket: Path) -> None:
    """A new alert moves nothing: a chip counts it; `gg` lets it in."""

    async def run() -> None:
        async with hub(socket) as fake, running_console(socket, SIZE, screen="alerts") as console:
            await console.until("A-4811")
            await fake.followed()
            await console.press("j", "j")
            before = console.lines()[2:12]
            _add_first(fake, "A-9001")
            _add_first(fake, "A-9002")
            text = await console.until("2 new ↑")
            assert "A-9001" not in text
            assert [line[:14] for line in console.lines()[2:12]] == [line[:14] for line in before]
            await console.press("g", "g")
            text = await console.until("A-9002")
            assert "new ↑" not in text
            assert "A-9001" in text

    asyncio.run(run())


def test_changed_row_changes_in_place(socket: Path) -> None:
    """What others do to an alert shows in its row at once; a closed one stays where it was."""

    async def run() -> None:
        async with hub(socket) as fake, running_console(socket, SIZE, screen="alerts") as console:
            await console.until("A-4811")
            await fake.followed()
            row = next(number for number, line in enumerate(console.lines()) if "A-4811" in line)
            alert = next(alert for alert in fake.alerts.values() if alert["label"] == "A-4811")
            fake.push_alert(id=alert["id"], owner="sam", workflow="acknowledged", version=1)
            await console.until(lambda _: "sam" in console.lines()[row])
            fake.push_alert(id=alert["id"], workflow="closed", version=2)
            await console.until(lambda _: "closed" in console.lines()[row])

    asyncio.run(run())


def test_filter_as_one_types(socket: Path) -> None:
    """`/` filters while typing, asking once the typing rests; Esc restores what was."""

    async def run() -> None:
        async with hub(socket), running_console(socket, SIZE, screen="alerts") as console:
            await console.until("18 of 18")
            await console.press("slash")
            await console.type("tower:print")
            text = await console.until("2 of 18")
            assert "prn-4-017" in text
            await console.press("enter")
            await console.until(lambda text: "tower:print" in text.splitlines()[1])
            await console.press("slash", "x", "escape")
            text = await console.until("2 of 18")
            assert "status:open" in text

    asyncio.run(run())


def test_keystrokes_share_a_question(socket: Path) -> None:
    """A filter that changes again before it has rested is never asked for."""

    async def run() -> None:
        async with hub(socket) as fake, running_console(socket, SIZE, screen="alerts") as console:
            await console.until("18 of 18")
            fake.requests.clear()
            for text in ("t", "to", "tower", "tower:print"):
                console.app.view.set_filter(text)
            await console.until("2 of 18")
            asked = [path for _, path, _ in fake.requests if path.startswith("/v1/alerts?filter=to")]
            assert len(asked) == 1

    asyncio.run(run())


def test_filter_that_the_hub_refuses(socket: Path) -> None:
    """The hub's words about a wrong filter, and the rows of before."""

    async def run() -> None:
        async with hub(socket), running_console(socket, SIZE, screen="alerts") as console:
            await console.until("18 of 18")
            await console.press("slash")
            await console.paste("nonsense:1")
            await console.press("enter")
            text = await console.until("no field 'nonsense'")
            assert "A-4811" in text

    asyncio.run(run())


def test_slow_question_says_so_and_can_be_cancelled(socket: Path) -> None:
    """After a moment the title says what is going on; Esc cancels and the rows stay."""

    async def run() -> None:
        async with hub(socket) as fake, running_console(socket, SIZE, screen="alerts") as console:
            await console.until("18 of 18")
            fake.delay_seconds = 30.0
            await console.press("slash", "x", "enter")
            await console.until("Esc cancels")
            await console.press("escape")
            text = await console.until(lambda text: "Esc cancels" not in text)
            assert "A-4811" in text

    asyncio.run(run())


def test_long_lists_are_fetched_as_they_are_looked_at(socket: Path) -> None:
    """2,000 devices: the first page at first, the rest on the way to the end and back."""

    async def run() -> None:
        async with hub(socket) as fake, running_console(socket, SIZE, screen="devices") as console:
            await console.until("2 000 of 2 000")
            assert len([path for _, path, _ in fake.requests if path == "/v1/devices?limit=512"]) == 1
            await console.press("G")
            text = await console.until("prox-1999")
            await console.press("pageup", "ctrl+u", "k")
            await console.until("─ fire-1982")
            await console.press("g", "g")
            text = await console.until("swit-0000")
            assert "─ swit-0000" in text

    asyncio.run(run())


def test_selection_survives_a_reload(socket: Path) -> None:
    """Asked anew, the list keeps the selected row selected, at the same height."""

    async def run() -> None:
        async with hub(socket) as fake, running_console(socket, SIZE, screen="alerts") as console:
            await console.until("A-4811")
            await console.press("j", "j", "j")
            await console.until("─ A-4809")
            await fake.followed()
            _add_first(fake, "A-9001")
            await fake.stop()
            await console.until("? STALE")
            await fake.start()
            await console.until("● live")
            await console.until("19 of 19")
            assert "─ A-4809" in console.text()

    asyncio.run(run())
