"""Work beside the screen: a widget's questions to the hub."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual.dom import DOMNode
from textual.message import Message
from textual.worker import Worker


class Failed(Message):
    """Work broke off by an error nobody expected."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def start(widget: DOMNode, group: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work`; what runs in the same group of the widget is cancelled. An error never ends the
    application: it is told by a `Failed` message."""

    async def guarded() -> None:
        try:
            await work()
        except Exception as error:
            widget.post_message(Failed(error))

    _: Worker[None] = widget.run_worker(guarded, group=group, exclusive=True, exit_on_error=False)
