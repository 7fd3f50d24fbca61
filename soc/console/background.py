"""Work beside the screen: a widget's questions to the hub."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from textual.app import App
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget


class Failed(Message):
    """Work broke off by an error nobody expected."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def start(widget: Widget | App[Any] | Screen[Any], group: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work`; what runs in the same group of the widget is cancelled. An error never ends the
    application: it is told by a `Failed` message."""

    async def guarded() -> None:
        try:
            await work()
        except Exception as error:
            widget.post_message(Failed(error))

    beginning: Callable[[], Coroutine[None, None, None]] = guarded
    widget.run_worker(beginning, group=group, exclusive=True, exit_on_error=False)
