"""Dialogs: note, close, and the keys of a screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from soc.console.background import start
from soc.console.keys import OrderedKeys
from soc.console.lines import TextLine, TextPane
from soc.console.paint import Painter
from soc.console.palette import Line, Span
from soc.model.text import clean

DISPOSITIONS = ("true-positive", "benign", "false-positive", "duplicate", "undetermined")
MAXIMUM_NOTE_CHARACTERS = 2000

# Takes (note, disposition); says what is wrong, or "" once it is done.
Submit = Callable[[str, str], Awaitable[str]]


class CleanInput(Input):
    """A line to type in; what is pasted is cleaned before it is shown."""

    def validate_value(self, value: str) -> str:
        return clean(value, MAXIMUM_NOTE_CHARACTERS)


class ActionDialog(ModalScreen[bool]):
    """Asks for a note, and for a disposition where one is due. It stays, with all that was typed, until
    the hub has agreed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave it"),
        Binding("up", "choose(-1)"),
        Binding("down", "choose(1)"),
    ]

    def __init__(self, painter: Painter, title: str, submit: Submit, *, dispositions: bool) -> None:
        super().__init__()
        self._painter = painter
        self._heading = title
        self._submit = submit
        self._dispositions: Sequence[str] = DISPOSITIONS if dispositions else ()
        self._chosen = -1
        self.sending = False
        self._choices = [TextLine(painter, row="panel") for _ in self._dispositions]
        self._note = CleanInput(placeholder="note", compact=True, max_length=MAXIMUM_NOTE_CHARACTERS)
        self._answer = TextLine(painter, row="panel")

    def compose(self) -> ComposeResult:
        heading = TextLine(self._painter, row="panel")
        heading.show([(f" {self._heading}", "strong")])
        with Vertical():
            yield heading
            yield from self._choices
            yield self._note
            yield self._answer

    def on_mount(self) -> None:
        self._say()
        self._show_choice()
        self.set_focus(self._note)

    def action_leave(self) -> None:
        self.dismiss(False)

    def action_choose(self, step: int) -> None:
        if self._dispositions:
            self._chosen = max(0, self._chosen + step) % len(self._dispositions)
            self._show_choice()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        message.stop()
        note = self._note.value.strip()
        if self._dispositions and self._chosen < 0:
            self._say("choose a disposition with ↑ ↓")
        elif not note:
            self._say("a note is needed: what was it, what was done?")
        else:
            disposition = self._dispositions[self._chosen] if self._dispositions else ""
            self.sending = True
            self._answer.show([(" sending; Esc leaves it, done or not ", "dim")])
            start(self, "action", partial(self._send, note, disposition))

    async def _send(self, note: str, disposition: str) -> None:
        try:
            problem = await self._submit(note, disposition)
        finally:
            self.sending = False
        if problem:
            if isinstance(self.app, OrderedKeys):
                self.app.forget_typed()
            self._say(f"{problem}; your note is kept")
        else:
            self.dismiss(True)

    def _say(self, problem: str = "") -> None:
        line: Line = [(f" {problem} ", "error")] if problem else self._keys()
        self._answer.show(line)

    def _keys(self) -> list[Span]:
        choose: list[Span] = [(" ↑ ↓ ", "key"), ("disposition ", "dim")] if self._dispositions else []
        return [*choose, (" ⏎ ", "key"), ("send ", "dim"), (" Esc ", "key"), ("leave it", "dim")]

    def _show_choice(self) -> None:
        for number, (name, line) in enumerate(zip(self._dispositions, self._choices, strict=True)):
            chosen = number == self._chosen
            line.show([(f" {'>' if chosen else ' '} {name} ", "tab" if chosen else "text")])


class HelpDialog(ModalScreen[None]):
    """The keys of a screen."""

    def __init__(self, painter: Painter, lines: Sequence[Line]) -> None:
        super().__init__()
        self._painter = painter
        self._lines = lines

    def compose(self) -> ComposeResult:
        pane = TextPane(self._painter, row="panel")
        pane.styles.height = len(self._lines)
        yield pane

    def on_mount(self) -> None:
        self.query_one(TextPane).show(lambda _: self._lines)
        self.set_focus(self.query_one(TextPane))

    def on_key(self, event: events.Key) -> None:
        if event.key in ("escape", "question_mark", "q", "enter"):
            event.stop()
            self.dismiss(None)
