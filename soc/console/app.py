"""The application: one header, one screen at a time, one line for what was said."""

from __future__ import annotations

import asyncio
import difflib
import signal
from collections.abc import Mapping
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import ContentSwitcher

from soc.console import terminal
from soc.console.alerts import AlertsView
from soc.console.background import Failed, start
from soc.console.devices import DevicesView
from soc.console.dialogs import ActionDialog, HelpDialog
from soc.console.errors import HubError
from soc.console.header import header
from soc.console.keys import OrderedKeys
from soc.console.lines import Lines, TextLine
from soc.console.overview import OverviewView
from soc.console.paint import Painter
from soc.console.palette import Line
from soc.console.prompt import Prompt
from soc.console.reading import AlertReadingView, DeviceReadingView, ReadingView
from soc.console.session import Session
from soc.console.view import TOWERS_CELLS, WIDE_CELLS, View, hint_spans

COMMANDS = ("overview", "alerts", "devices", "quit")
NOTICE_SECONDS = 8.0
SESSION_GROUP = "session"  # of the work that goes on as long as the application
UNOWNED_CRITICAL = "status:open severity:critical -owner:*"


class ConsoleApp(OrderedKeys):
    """The console of one hub. `terminal_descriptor` is watched for the terminal's loss."""

    CSS_PATH = "console.tcss"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-narrow"),
        (WIDE_CELLS, "-wide"),
        (TOWERS_CELLS, "-towers"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "go('overview')", "overview"),
        Binding("2", "go('alerts')", "alerts"),
        Binding("3", "go('devices')", "devices"),
        Binding("minus", "last_view", "last view", key_display="-"),
        Binding("slash", "filter", "filter the list", key_display="/"),
        Binding("colon", "command", "command: " + ", ".join(COMMANDS), key_display=":"),
        Binding("question_mark", "keys", "the keys of this screen", key_display="?"),
        Binding("escape", "back", "back, cancel", key_display="Esc"),
        Binding("ctrl+c", "how_to_leave", show=False, system=True, priority=True),
        Binding("ctrl+q", "quit", "leave (or :quit)", key_display="^q", priority=True),
    ]

    def __init__(
        self,
        session: Session,
        painter: Painter,
        *,
        first: str = "overview",
        filter: str = "",
        terminal_descriptor: int | None = None,
    ) -> None:
        super().__init__(ansi_color=True)
        self.title = "soc"
        self.set_class(painter.colours != "full", "-poor")
        self.session = session
        self.painter = painter
        self._terminal_descriptor = terminal_descriptor
        self._current = first
        self._first_filter = filter
        self._before = ""
        self._unowned_critical: int | None = None
        self._asking_overview = False
        self._counting: Timer | None = None
        self._notice: Timer | None = None

        self._header_line = TextLine(painter, row="bar")
        self._notice_line = TextLine(painter, row="bar")
        self._prompt = Prompt(painter)
        views: dict[str, type[View]] = {
            "overview": OverviewView,
            "alerts": AlertsView,
            "alert": AlertReadingView,
            "devices": DevicesView,
            "device": DeviceReadingView,
        }
        self._views = {name: view(session, painter, id=name) for name, view in views.items()}
        self._switcher = ContentSwitcher(*self._views.values(), initial=first)

    def compose(self) -> ComposeResult:
        yield self._header_line
        yield self._switcher
        yield self._notice_line
        yield self._prompt

    def on_mount(self) -> None:
        self.session.listen(self._heard)
        start(self, SESSION_GROUP, self.session.run)
        self.set_interval(1.0, self._tick)
        if self._terminal_descriptor is not None:
            loop = asyncio.get_running_loop()
            terminal.watch(
                self._terminal_descriptor, lambda: loop.call_soon_threadsafe(self.exit, None, terminal.LOST)
            )
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # the terminal is left as it was
                loop.add_signal_handler(number, self.exit)
        if self._first_filter:
            self.view.set_filter(self._first_filter)
        self._count_unowned()
        self._enter()

    @property
    def view(self) -> View:
        """The screen that is shown."""
        return self._views[self._current]

    def holds(self, event: events.Key | events.Paste) -> bool:
        if isinstance(self.screen, ActionDialog):
            return self.screen.sending
        return isinstance(event, events.Key) and not self._prompt.is_open and self.view.holds(event.key)

    def go(self, name: str, row: Mapping[str, Any] | None = None, filter: str | None = None) -> None:
        """Show a screen."""
        if name != self._current:
            self._before = self._current
        self._current = name
        self._switcher.current = name
        view = self.view
        if row is not None and isinstance(view, ReadingView):
            view.open(row)
        if filter is not None:
            view.set_filter(filter)
        self._enter()

    def say(self, text: str = "", style: str = "strong") -> None:
        """Show `text` in the last line for a while; without one, the keys."""
        if self._notice is not None:
            self._notice.stop()
            self._notice = None
        line: Line = [(f" {text} ", style)] if text else hint_spans(self.view.hints())
        self._notice_line.show(line)
        if text:
            self._notice = self.set_timer(NOTICE_SECONDS, self.say)

    def on_view_said(self, message: View.Said) -> None:
        self.say(message.text, message.style)

    def on_view_go(self, message: View.Go) -> None:
        self.go(message.name, message.row, message.filter)

    def on_failed(self, message: Failed) -> None:
        self.say(f"this failed: {message.error!r}", "error")

    def on_resize(self) -> None:
        self._header()

    def action_go(self, name: str) -> None:
        self.go(name)

    def action_last_view(self) -> None:
        if self._before:
            self.go(self._before)

    async def action_back(self) -> None:
        """Esc."""
        if not self.view.escape():
            self.say()

    def action_filter(self) -> None:
        before = self.view.filter
        if before is None:
            self.say("nothing to filter here")
            return
        view = self.view

        def ended(text: str | None) -> None:
            view.set_filter(before if text is None else text)
            self._prompt_closed()

        self._notice_line.display = False
        self._prompt.open(
            "/", before + " " if before else "", lambda text: view.set_filter(text.strip()), ended
        )

    def action_command(self) -> None:
        self._notice_line.display = False
        self._prompt.open(":", "", lambda _: None, self._command)

    async def action_keys(self) -> None:
        focused = self.focused
        where: list[tuple[str, type]] = [
            (self.view.title.lower(), type(self.view)),
            ("everywhere", ConsoleApp),
        ]
        if isinstance(focused, Lines):
            where.insert(1, ("moving", type(focused)))
        lines: list[Line] = []
        for heading, owner in where:
            lines += [[(f"  {heading}", "title")]]
            for key, what in _keys(owner):
                lines += [[(f"  {key:>8}  ", "key"), (what, "text")]]
        await self.push_screen(HelpDialog(self.painter, lines))

    def action_how_to_leave(self) -> None:
        self.say("to leave: :quit, or Ctrl-Q")

    def _command(self, text: str | None) -> None:
        self._prompt_closed()
        name = (text or "").strip().removesuffix("!")
        if name in ("q", "quit"):
            self.exit()
        elif name in COMMANDS:
            self.go(name)
        elif name:
            nearest = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f"did you mean :{nearest[0]}?" if nearest else "there are :" + " :".join(COMMANDS)
            self.say(f"no command {name[:40]!r}; {hint}", "error")

    def _prompt_closed(self) -> None:
        self._notice_line.display = True
        self.view.entered()

    def _enter(self) -> None:
        self.view.entered()
        self.say()
        self._header()
        self._ask_overview()

    def _tick(self) -> None:
        self._header()
        self.view.tick()
        self._ask_overview()

    def _header(self) -> None:
        line = header(
            self.view.title, self.session.live, self._unowned_critical, self.session.clock(), self.size.width
        )
        self._header_line.show(line)

    def _heard(self, kind: str, document: Mapping[str, Any]) -> None:
        if kind == "resumed":
            for view in self._views.values():
                view.resumed()
            self._count_unowned()
        elif kind == "reread":
            for view in self._views.values():
                view.reread()
            self._count_unowned()
        elif kind in ("alert", "device"):
            for view in self._views.values():
                view.changed(kind, document)
            if kind == "alert" and self._counting is None:
                self._counting = self.set_timer(1.0, self._count_unowned)
        else:
            self._header()

    def _ask_overview(self) -> None:
        wanted = self.view.wants_overview and self.session.live.state != "lost"
        if wanted and not self._asking_overview:
            self._asking_overview = True
            start(self, "overview", self._overview)

    async def _overview(self) -> None:
        try:
            document = await self.session.client.get("/v1/overview")
        except HubError:
            return  # the header says that the hub is gone
        finally:
            self._asking_overview = False
        for view in self._views.values():
            view.overview(document)

    def _count_unowned(self) -> None:
        self._counting = None
        start(self, "unowned", self._unowned)

    async def _unowned(self) -> None:
        try:
            answer = await self.session.client.get("/v1/alerts", filter=UNOWNED_CRITICAL, limit=1)
        except HubError:
            return
        total = answer.get("total")
        self._unowned_critical = total if isinstance(total, int) else None
        self._header()


def _keys(owner: type) -> list[tuple[str, str]]:
    """(key, what it does) of every binding that a class and its own bases declare, the nearest first."""
    found: dict[str, str] = {}
    for base in owner.__mro__:
        if not base.__module__.startswith("soc.console"):
            continue
        for binding in base.__dict__.get("BINDINGS", ()):
            if isinstance(binding, Binding) and binding.description:
                found.setdefault(binding.key_display or binding.key, binding.description)
    return list(found.items())
