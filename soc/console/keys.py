"""Keys in the order in which they were typed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable

from textual import events
from textual.app import App
from textual.dom import DOMNode

INTERRUPTS = ("escape", "ctrl+c", "ctrl+q")
POLL_SECONDS = 0.01  # while a key is held back
_ALIVE_SECONDS = 0.05  # between two looks whether a widget still handles anything
# A key goes round once; what it made a widget say, as an input does that was submitted, goes round behind it.
_ROUNDS = 2


class OrderedKeys(App[None]):
    """Handles a key, or what was pasted, once the one before it has done what it does.

    Over a slow line or on a busy machine several come at once. What the first opens must get the others:
    `n` and a note must not become `n` and commands. No clock decides this: a key is done when every widget
    that it could reach has handled what came before.
    """

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self._typed: deque[events.Key | events.Paste] = deque()
        self._waiting: asyncio.Task[None] | None = None

    def holds(self, event: events.Key | events.Paste) -> bool:  # noqa: ARG002 - for the application to say
        """Whether what was typed has to wait for an answer of the hub. An interrupt discards it."""
        return False

    def forget_typed(self) -> None:
        """Discard what was typed ahead of something that then went wrong: it was meant for something else."""
        self._typed.clear()

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        if _interrupts(event) and self._held():
            self.forget_typed()
        self._typed.append(event)
        if self._waiting is None:
            await self._next()

    async def _next(self) -> None:
        self._waiting = None
        if self._held():
            self._then_next(self._released())
        elif self._typed:
            await super().on_event(self._typed.popleft())
            self._then_next(self._handled())

    def _then_next(self, waiting: Awaitable[None]) -> None:
        async def wait() -> None:
            try:
                await waiting
            finally:
                self.call_later(self._next)

        self._waiting = asyncio.create_task(wait())

    def _held(self) -> bool:
        event = self._typed[0] if self._typed else None
        return event is not None and not _interrupts(event) and self.holds(event)

    async def _released(self) -> None:
        while self.is_running and self._held():
            await asyncio.sleep(POLL_SECONDS)

    async def _handled(self) -> None:
        for _ in range(_ROUNDS):
            if not self.screen_stack:
                return  # the application ends
            for node in (self.focused or self.screen).ancestors_with_self:
                await _reached(node)


def _interrupts(event: events.Key | events.Paste) -> bool:
    return isinstance(event, events.Key) and event.key in INTERRUPTS


async def _reached(node: DOMNode) -> None:
    """Return when `node` has handled all that was sent to it so far, or is gone and will not."""
    reached = asyncio.Event()
    if not node.call_later(reached.set):
        return
    while not reached.is_set() and node.is_running and node.is_attached:
        try:
            await asyncio.wait_for(reached.wait(), _ALIVE_SECONDS)
        except TimeoutError:
            continue
