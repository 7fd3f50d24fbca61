"""soc.console.actions: what analysts do, and what they are told."""

from __future__ import annotations

import asyncio
import time
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from tests.support import console_estate as estate
from tests.support.console import Driver, running_console
from tests.support.fake_hub import FakeHub


def hub(socket: Path) -> FakeHub:
    now = time.time()
    return FakeHub(socket, estate.alerts(18, now), estate.devices(20, now))


def queue(socket: Path) -> AbstractAsyncContextManager[Driver]:
    return running_console(socket, (100, 30), screen="alerts")


def actions(fake: FakeHub) -> list[tuple[str, dict[str, object]]]:
    return [(path, body) for method, path, body in fake.requests if method == "POST"]


def test_acknowledge_by_one_key(socket: Path) -> None:
    """`a` takes the selected alert, based on the version shown; its row says whose it is, in place."""

    async def run() -> None:
        async with hub(socket) as fake, queue(socket) as console:
            await console.until("A-4811")
            await console.press("j", "a")
            text = await console.until("A-4811 is yours")
            row = next(line for line in text.splitlines() if line.startswith(" !!CRIT A-4811"))
            assert row.rstrip().endswith("mia")
            [(path, body)] = actions(fake)
            assert path.endswith("/acknowledge")
            assert body["based_on"] == 0
            assert body["request_id"]

    asyncio.run(run())


def test_two_acknowledgements_in_a_row_are_both_sent(socket: Path) -> None:
    """Quick fingers: the second action does not cancel the first, however slow the hub is."""

    async def run() -> None:
        async with hub(socket) as fake, queue(socket) as console:
            await console.until("A-4811")
            fake.delay_seconds = 0.2
            await console.press("a", "j", "a")
            await console.until(lambda text: sum("mia" in line for line in text.splitlines()[3:5]) == 2)
            assert len(actions(fake)) == 2

    asyncio.run(run())


def test_close_needs_disposition_and_note(socket: Path) -> None:
    """Enter alone sends nothing and says what is missing; with both the alert is closed, in place."""

    async def run() -> None:
        async with hub(socket) as fake, queue(socket) as console:
            await console.until("A-4811")
            await console.press("c", "enter")
            await console.until("choose a disposition")
            await console.press("down", "down", "enter")
            await console.until("a note is needed")
            await console.type("switch replaced")
            await console.press("enter")
            text = await console.until("A-4812: close done")
            [(path, body)] = actions(fake)
            assert path.endswith("/close")
            assert (body["disposition"], body["note"]) == ("benign", "switch replaced")
            assert any("A-4812" in line and "closed" in line for line in text.splitlines())

    asyncio.run(run())


def test_note(socket: Path) -> None:
    """`n` adds a note; Esc leaves without one."""

    async def run() -> None:
        async with hub(socket) as fake, queue(socket) as console:
            await console.until("A-4811")
            await console.press("n", "x", "escape")
            await console.press("n")
            await console.type("supplier called")
            await console.press("enter")
            await console.until("A-4812: note done")
            assert [body["note"] for _, body in actions(fake)] == ["supplier called"]

    asyncio.run(run())


def test_conflict_names_who_was_first_and_keeps_the_note(socket: Path) -> None:
    """Somebody else acted: the dialog stays with the note, the row shows the winner, Enter sends it anew."""

    async def run() -> None:
        async with hub(socket) as fake, queue(socket) as console:
            await console.until("A-4811")
            await console.press("n")
            await console.type("my finding")
            first = next(iter(fake.alerts.values()))
            first |= {"version": 3, "owner": "sam", "workflow": "acknowledged"}
            await console.press("enter")
            text = await console.until("sam took this 4 s ago; your note is kept")
            assert "my finding" in text
            await console.press("enter")
            text = await console.until("A-4812: note done")
            assert [body["based_on"] for _, body in actions(fake)] == [0, 3]
            assert len({body["request_id"] for _, body in actions(fake)}) == 1
            assert any("A-4812" in line and "sam" in line for line in text.splitlines())

    asyncio.run(run())


def test_conflict_of_an_acknowledgement(socket: Path) -> None:
    """The last line says who was first, and the row is theirs."""

    async def run() -> None:
        async with hub(socket) as fake, queue(socket) as console:
            await console.until("A-4811")
            next(iter(fake.alerts.values())).update(version=1, owner="sam", workflow="acknowledged")
            await console.press("a")
            text = await console.until("sam took this 4 s ago")
            assert any(line.startswith(" !!CRIT A-4812") and "sam" in line for line in text.splitlines())

    asyncio.run(run())


def test_forbidden(socket: Path) -> None:
    """A viewer is told so, in the hub's words."""

    async def run() -> None:
        async with hub(socket) as fake, queue(socket) as console:
            fake.refuse = lambda method, path: (
                (403, {"code": "forbidden", "message": "viewers read only"}) if method == "POST" else None
            )
            await console.until("A-4811")
            await console.press("a")
            await console.until("viewers read only")
            assert next(iter(fake.alerts.values()))["owner"] == ""

    asyncio.run(run())


def test_acts_on_the_whole_screen_and_from_the_overview(socket: Path) -> None:
    """The same keys work wherever an alert is selected; the report grows by what was done."""

    async def run() -> None:
        async with hub(socket), running_console(socket, (100, 40)) as console:
            await console.until("A-4811")
            await console.press("a")
            await console.until("A-4812 is yours")
            await console.press("j", "enter")
            await console.until("history, 1")
            await console.press("a")
            await console.until("acknowledged by mia")

    asyncio.run(run())
