"""Hostile text in every field: no crash, nothing that acts."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.support import console_estate as estate
from tests.support.console import Driver, running_console
from tests.support.fake_hub import FakeHub

FORBIDDEN = ("\x1b", "\x07", "\x9b", "\x9d", "\x00", "\u202e", "\u2066", "\u200f")


def hub(socket: Path) -> FakeHub:
    now = time.time()
    devices = estate.devices(8, now)
    for device, text in zip(devices, estate.HOSTILE.values(), strict=False):
        device |= {"device": text, "kind": text, "site": text, "cause": text, "supplier": text}
    return FakeHub(socket, estate.hostile_alerts(now), devices)


def harmless(console: Driver) -> None:
    screen = console.text()
    assert not [character for character in FORBIDDEN if character in screen]
    for strip in console.app.screen._compositor.render_strips():
        assert not [segment for segment in strip if segment.style and segment.style.link]
        assert "app.quit" not in str([segment.style.meta for segment in strip if segment.style])


@pytest.mark.parametrize(
    "size", [(120, 40), *(pytest.param(size, marks=pytest.mark.soak) for size in ((80, 24), (200, 50)))]
)
def test_every_screen_survives(socket: Path, size: tuple[int, int]) -> None:
    """Every attack selected once on every screen, and opened on the whole screen."""

    async def run() -> None:
        async with hub(socket), running_console(socket, size) as console:
            await console.until("A-65")
            harmless(console)
            seen = ""
            for screen in ("2", "3"):
                await console.press(screen)
                for _ in estate.HOSTILE:
                    await console.press("enter")
                    harmless(console)
                    seen += console.text()
                    await console.press("escape", "j")
                    harmless(console)
            assert "[@click=app.quit]" in seen
            await console.press("2", "c")
            harmless(console)

    asyncio.run(run())


def test_pasted_text_is_cleaned(socket: Path) -> None:
    """What is pasted into filter, command and note is text; the note goes to the hub cleaned."""

    async def run() -> None:
        async with hub(socket) as fake, running_console(socket, (100, 30), screen="alerts") as console:
            await console.until("A-60")
            for opener in ("slash", "colon"):
                await console.press(opener)
                await console.paste(estate.HOSTILE["osc"] + estate.HOSTILE["bidi"] + "[/x]")
                harmless(console)
                await console.press("enter")
                harmless(console)
            await console.press("2", "slash", "ctrl+u")
            await console.press("enter")
            await console.until("A-60")
            await console.press("n")
            await console.paste("note " + estate.HOSTILE["osc"])
            harmless(console)
            await console.press("enter")
            await console.until("note done")
            [note] = [body["note"] for method, _, body in fake.requests if method == "POST"]
            assert "\x1b" not in note

    asyncio.run(run())


def test_messages_of_the_hub_are_cleaned(socket: Path) -> None:
    """Error messages may quote what attackers wrote."""

    async def run() -> None:
        async with hub(socket) as fake, running_console(socket, (100, 30), screen="alerts") as console:
            await console.until("A-60")
            text = " ".join(estate.HOSTILE.values())
            fake.refuse = lambda method, path: (
                (403, {"code": text, "message": text}) if method == "POST" else None
            )
            await console.press("a")
            await console.until("]0;owned")
            harmless(console)

    asyncio.run(run())
