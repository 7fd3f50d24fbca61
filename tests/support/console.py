"""The console under test: its screen as text, its keys, and waiting until something shows."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from textual import events
from textual.keys import key_to_character
from textual.message import Message
from textual.pilot import Pilot

from soc.console.app import ConsoleApp
from soc.console.background import Failed
from soc.console.client import Client
from soc.console.paint import Painter
from soc.console.palette import Colours
from soc.console.session import Session

PATIENCE_SECONDS = 20.0


@dataclass
class Driver:
    """Drives a console that runs without a terminal."""

    app: ConsoleApp
    pilot: Pilot[None]

    def lines(self) -> list[str]:
        """The screen, a text a line."""
        return [strip.text for strip in self.app.screen._compositor.render_strips()]

    def text(self) -> str:
        return "\n".join(self.lines())

    async def press(self, *keys: str) -> None:
        """Each key once the one before is taken in; then wait until nothing is to be done any more."""
        for key in keys:
            self.app.post_message(events.Key(key, key_to_character(key)))
            await self.pilot.pause(0)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        await self.press(*("space" if key == " " else key for key in text))

    async def paste(self, text: str) -> None:
        """As a terminal hands over what was pasted: at once."""
        self.app.post_message(events.Paste(text))
        await self.pilot.pause()

    async def until(self, wanted: str | Callable[[str], bool]) -> str:
        """Wait until the screen has this text, or fits; the screen."""
        fits = wanted if callable(wanted) else lambda text: wanted in text
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            await self.pilot.pause(0.02)
            if fits(text := self.text()):
                return text
        raise AssertionError(f"not on the screen within {PATIENCE_SECONDS} s: {wanted}\n{self.text()}")


def new_session(socket: Path, clock: Callable[[], float] = time.time) -> Session:
    """A session of its own; request ids count up."""
    numbers = count(1)
    return Session(Client(socket), clock, lambda: f"request-{next(numbers)}")


@asynccontextmanager
async def running_console(
    socket: Path,
    size: tuple[int, int] = (80, 24),
    *,
    screen: str = "overview",
    filter: str = "",
    colours: Colours = "full",
    ascii_only: bool = False,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[Driver]:
    """A console of the hub at `socket`; an error in it is the test's error."""
    painter = Painter(colours, ascii_only=ascii_only)
    app = ConsoleApp(new_session(socket, clock), painter, first=screen, filter=filter)
    failures: list[Exception] = []

    def watch(message: Message) -> None:
        if isinstance(message, Failed):
            failures.append(message.error)

    async with app.run_test(size=size, message_hook=watch) as pilot:
        yield Driver(app, pilot)
    assert not failures
