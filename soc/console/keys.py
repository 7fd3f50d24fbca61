"""Keys in the order in which they were typed."""

from __future__ import annotations

import asyncio
from collections import deque

from textual import events
from textual.app import App
from textual.message import Message

PATIENCE_SECONDS = 0.3


class KeyHandled(Message):
    """Follows a key through the widgets: once it is back, so is the key, or somebody has taken it. It goes
    round a second time behind what the key made a widget say, as an input does that was submitted."""

    def __init__(self, rounds: int) -> None:
        super().__init__()
        self.rounds = rounds


class OrderedKeys(App[None]):
    """Handles a key once the one before it has done what it does.

    Over a slow line several keys come at once. What the first opens must get the others: `n` and a note
    must not become `n` and commands.
    """

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self._waiting_keys: deque[events.Key] = deque()
        self._key_began: float | None = None

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
            return
        now = asyncio.get_running_loop().time()
        # A widget that was removed meanwhile hands nothing back.
        if self._key_began is not None and now - self._key_began < PATIENCE_SECONDS:
            self._waiting_keys.append(event)
            if len(self._waiting_keys) == 1:
                self.set_timer(PATIENCE_SECONDS, self._next_key)
            return
        await self._handle(event)

    async def on_key_handled(self, message: KeyHandled) -> None:
        message.stop()
        if message.rounds > 1:
            self._follow(message.rounds - 1)
        else:
            await self._next_key()

    async def _next_key(self) -> None:
        self._key_began = None
        if self._waiting_keys:
            await self._handle(self._waiting_keys.popleft())

    async def _handle(self, key: events.Key) -> None:
        self._key_began = asyncio.get_running_loop().time()
        await super().on_event(key)
        self._follow(2)

    def _follow(self, rounds: int) -> None:
        (self.focused or self.screen).post_message(KeyHandled(rounds))
