"""soc.console.keys: keys that come all at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input

from soc.console.prompt import Prompt
from tests.support import console_estate as estate
from tests.support.console import Driver, running_console
from tests.support.fake_hub import FakeHub


@asynccontextmanager
async def queue(socket: Path) -> AsyncIterator[tuple[FakeHub, Driver]]:
    """A console that shows the alert queue."""
    now = time.time()
    async with (
        FakeHub(socket, estate.alerts(18, now), (), now) as fake,
        running_console(socket, (100, 30), screen="alerts") as console,
    ):
        await console.until("18 of 18")
        yield fake, console


def burst(console: Driver, *keys: str) -> None:
    """All these keys before any of them is handled."""
    for key in keys:
        console.app.post_message(events.Key(key, key if len(key) == 1 else None))


def posted(fake: FakeHub) -> list[tuple[str, str, str]]:
    """(label of the alert, action, note) of everything that was sent."""
    labels = {alert["id"]: alert["label"] for alert in fake.alerts.values()}
    return [
        (labels[path.split("/")[3]], path.split("/")[4], body.get("note", ""))
        for method, path, body in fake.requests
        if method == "POST"
    ]


def test_what_a_key_opens_gets_the_next_ones(socket: Path) -> None:
    """`n`, a note that is full of command keys, Enter, and a command, in one burst: each goes where it
    belongs."""

    async def run() -> None:
        async with queue(socket) as (fake, console):
            burst(console, "n", *"a1c2q-", "enter", "colon", *"devices", "enter")
            await console.until(lambda text: text.startswith(" DEVICES"))
            assert posted(fake) == [("A-4812", "note", "a1c2q-")]

    asyncio.run(run())


def test_widget_that_goes_away_holds_no_key_back(socket: Path) -> None:
    """A dialog closed by a key never hands it back: the next keys still work."""

    async def run() -> None:
        async with queue(socket) as (_, console):
            burst(console, "n", "escape", "question_mark", "escape", "3")
            await console.until(lambda text: text.startswith(" DEVICES"))

    asyncio.run(run())


def test_no_key_overtakes_a_slow_one(socket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a busy machine needs for Enter, `:quit` behind it is a command and not `uit`."""

    async def slow(self: Prompt, message: Input.Submitted) -> None:
        message.stop()
        await asyncio.sleep(0.7)
        self._end(message.value)

    monkeypatch.setattr(Prompt, "on_input_submitted", slow)

    async def run() -> None:
        async with queue(socket) as (_, console):
            burst(console, "slash", *"tower:print", "enter", "colon", *"overview", "enter")
            await console.until(lambda text: text.startswith(" OVERVIEW"))
            assert "no command" not in console.text()

    asyncio.run(run())


def test_paste_stays_in_line(socket: Path) -> None:
    """Text pasted right behind the key that opens a field lands in that field."""

    async def run() -> None:
        async with queue(socket) as (fake, console):
            burst(console, "n")
            console.app.post_message(events.Paste("3 hosts, see ticket"))
            burst(console, "enter")
            await console.until("note done")
            assert posted(fake) == [("A-4812", "note", "3 hosts, see ticket")]

    asyncio.run(run())


def test_action_waits_for_the_rows_it_is_meant_for(socket: Path) -> None:
    """A filter and `a` in one burst: the alert that the filter found is taken, not the one before it."""

    async def run() -> None:
        async with queue(socket) as (fake, console):
            fake.delay_seconds = 0.2
            burst(console, "slash", "space", *"tower:print", "enter", "a")
            await console.until("is yours")
            [(label, action, _)] = posted(fake)
            assert action == "acknowledge"
            assert next(one for one in fake.alerts.values() if one["label"] == label)["tower"] == "print"

    asyncio.run(run())


def test_keys_wait_for_a_dialog_that_sends(socket: Path) -> None:
    """What is typed behind the Enter that sends a note acts on the list, once the dialog is gone."""

    async def run() -> None:
        async with queue(socket) as (fake, console):
            fake.delay_seconds = 0.2
            burst(console, "n", *"seen", "enter", "j", "a")
            await console.until("A-4811 is yours")
            assert posted(fake) == [("A-4812", "note", "seen"), ("A-4811", "acknowledge", "")]

    asyncio.run(run())


def test_escape_discards_what_waits(socket: Path) -> None:
    """Esc stops the question and forgets the keys that waited for it."""

    async def run() -> None:
        async with queue(socket) as (fake, console):
            fake.delay_seconds = 600
            burst(console, "slash", "space", *"tower:print", "enter", "a")
            await console.until("querying")
            burst(console, "escape")
            await console.until(lambda text: "querying" not in text)
            burst(console, "3")
            await console.until(lambda text: text.startswith(" DEVICES"))
            assert not posted(fake)

    asyncio.run(run())


def test_typed_ahead_of_a_refusal_is_forgotten(socket: Path) -> None:
    """Keys meant for the list do not end up in a dialog that stays, nor send it again unseen."""

    async def run() -> None:
        async with queue(socket) as (fake, console):
            first = next(iter(fake.alerts.values()))
            first |= {"version": 1, "owner": "sam", "workflow": "acknowledged"}
            fake.delay_seconds = 0.2
            burst(console, "n", *"seen", "enter", "enter", "j", "a")
            text = await console.until("sam took this 4 s ago; your note is kept")
            assert "seenja" not in text
            assert posted(fake) == [("A-4812", "note", "seen")]

    asyncio.run(run())
