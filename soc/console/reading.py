"""One alert, or one device, on the whole screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from soc.console.actions import AlertView
from soc.console.background import start
from soc.console.details import Details
from soc.console.errors import HubError
from soc.console.lines import TextLine, TextPane
from soc.console.palette import Line
from soc.console.report import alert_report, alert_title, device_report
from soc.console.view import View
from soc.console.words import clock

REFRESH_SECONDS = 5


class ReadingView(View):
    """The full report on one row; the place of reading stays while it grows."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "app.back", "back", show=False)]
    path = ""
    key = "id"
    back = ""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.row: Mapping[str, Any] = {}
        self._details = Details(self.session.client, self.path, self.key)
        self._heading = TextLine(self.painter, row="bar")
        self._pane = TextPane(self.painter)

    def compose(self) -> ComposeResult:
        yield self._heading
        yield self._pane

    def report(self, document: Mapping[str, Any], now: float, width: int) -> list[Line]:
        raise NotImplementedError

    def name_of(self, row: Mapping[str, Any]) -> str:
        raise NotImplementedError

    def open(self, row: Mapping[str, Any]) -> None:
        """Show this row: at once what it says, then what the hub adds."""
        self.row = row
        self._show(self._details.known(row) or row, keep_place=False)
        self.refetch()

    def entered(self) -> None:
        self.screen.set_focus(self._pane)

    def resumed(self) -> None:
        self.refetch()

    def reread(self) -> None:
        self.refetch()

    def refetch(self) -> None:
        if self.row:
            start(self, "detail", self._fetch)

    def escape(self) -> bool:
        self.post_message(self.Go(self.back))
        return True

    def hints(self) -> list[tuple[str, str]]:
        return [("Esc", "back"), *super().hints(), ("-", "last view"), (":", "command"), ("?", "help")]

    async def _fetch(self) -> None:
        row = self.row
        try:
            document = await self._details.fetch(row)
        except HubError as error:
            now = clock(self.session.clock())
            self._heading.show([(f" {self.name_of(row)} ", "title"), (f" {error}, at {now} ", "error")])
            return
        if row is self.row:
            self.row = document
            self._show(document, keep_place=True)

    def _show(self, document: Mapping[str, Any], *, keep_place: bool) -> None:
        now = self.session.clock()
        self._heading.show([(f" {self.title} › ", "title"), (self.name_of(document), "strong")])
        self._pane.show(lambda width: self.report(document, now, width), keep_place=keep_place)


class AlertReadingView(ReadingView, AlertView):
    """Why it fired, what happened to it since, the evidence."""

    title = "ALERTS"
    path = "/v1/alerts"
    back = "alerts"

    def report(self, document: Mapping[str, Any], now: float, width: int) -> list[Line]:
        return alert_report(document, now, width)

    def name_of(self, row: Mapping[str, Any]) -> str:
        return alert_title(row)

    def selected_alert(self) -> Mapping[str, Any] | None:
        return self.row or None

    def changed(self, kind: str, document: Mapping[str, Any]) -> None:
        if kind == "alert" and document.get("id") == self.row.get("id"):
            self.row = document
            self.refetch()


class DeviceReadingView(ReadingView):
    """State, facts, values, events."""

    title = "DEVICES"
    path = "/v1/devices"
    key = "device"
    back = "devices"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._age = 0

    def report(self, document: Mapping[str, Any], now: float, width: int) -> list[Line]:
        return device_report(document, now, width)

    def name_of(self, row: Mapping[str, Any]) -> str:
        return str(row.get("device", ""))

    def tick(self) -> None:
        self._age += 1
        if self._age >= REFRESH_SECONDS:
            self._age = 0
            self.refetch()
