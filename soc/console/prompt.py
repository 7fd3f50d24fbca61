"""The last line as a place to type: a command after `:`, a filter after `/`."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Input

from soc.console.dialogs import CleanInput
from soc.console.lines import TextLine
from soc.console.paint import Painter


class Prompt(Widget):
    """Hidden until opened. Tells every change, and how it ended: with Enter, or with Esc."""

    def __init__(self, painter: Painter) -> None:
        super().__init__()
        self._mark = TextLine(painter)
        self._field = CleanInput(compact=True, select_on_focus=False, max_length=1000)
        self._changed: Callable[[str], None] = lambda _: None
        self._ended: Callable[[str | None], None] = lambda _: None

    def compose(self) -> ComposeResult:
        yield self._mark
        yield self._field

    def open(
        self,
        mark: str,
        text: str,
        changed: Callable[[str], None],
        ended: Callable[[str | None], None],
    ) -> None:
        """Let the reader type. `ended` gets the text, or None when it was left by Esc."""
        self._changed, self._ended = lambda _: None, ended
        self._mark.show([(f" {mark}", "key")])
        self._field.value = text
        self._field.cursor_position = len(text)
        self._changed = changed
        self.display = True
        self.screen.set_focus(self._field)

    @property
    def is_open(self) -> bool:
        return bool(self.display)

    def on_input_changed(self, message: Input.Changed) -> None:
        message.stop()
        if self.display:
            self._changed(message.value)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self._end(message.value)

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.stop()
            event.prevent_default()
            self._end(None)

    def _end(self, text: str | None) -> None:
        ended, self._changed = self._ended, lambda _: None
        self.display = False
        ended(text)
