"""The towers, and what needs somebody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from soc.console.actions import AlertView
from soc.console.alerts import show_rows, tower_filter
from soc.console.columns import ALERTS, TOWERS
from soc.console.details import Details
from soc.console.lines import TextLine
from soc.console.paint import Painter
from soc.console.preview import Preview
from soc.console.report import alert_preview, alert_report, alert_title, items, rule
from soc.console.session import Session
from soc.console.table import Table


class OverviewView(AlertView):
    """Which tower is worst, and the alerts that nobody has taken."""

    title = "OVERVIEW"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open: the alert, or the tower's alerts", key_display="⏎"),
        Binding("tab", "app.focus_next", "towers, or what needs you"),
    ]

    def __init__(self, session: Session, painter: Painter, *, id: str) -> None:
        super().__init__(session, painter, id=id)
        self._towers = Table(painter, TOWERS, session.clock, id="towers")
        self._heading = TextLine(painter)
        self._alerts = Table(painter, ALERTS, session.clock)
        details = Details(session.client, "/v1/alerts", "id")
        self._preview = Preview(session, painter, details, alert_title, alert_preview, alert_report)

    def compose(self) -> ComposeResult:
        yield self._towers
        with Container(id="below"):
            with Container(id="needing"):
                yield self._heading
                yield self._alerts
            yield self._preview

    @property
    def wants_overview(self) -> bool:
        return True

    def entered(self) -> None:
        self.screen.set_focus(self._alerts)

    def tick(self) -> None:
        self._alerts.tick()

    def overview(self, document: Mapping[str, Any]) -> None:
        towers = items(document, "towers")
        self._towers.styles.height = len(towers) + 1
        show_rows(self._towers, towers, "tower")
        needing = items(document, "needs_you")
        show_rows(self._alerts, needing, "id")
        said = "needs you, the worst and oldest first" if needing else "nothing needs you"
        self._heading.show(rule(said, 400))

    def changed(self, kind: str, document: Mapping[str, Any]) -> None:
        if kind == "alert":
            self._alerts.update(document)

    def selected_alert(self) -> Mapping[str, Any] | None:
        return self._alerts.selected if self._alerts.has_focus else None

    def hints(self) -> list[tuple[str, str]]:
        return [("⏎", "open"), *super().hints(), ("1 2 3", "screens"), (":", "command"), ("?", "help")]

    def on_table_moved(self, message: Table.Moved) -> None:
        message.stop()
        if message.table is self._alerts:
            self._preview.follow(self._alerts)

    def on_table_opened(self, message: Table.Opened) -> None:
        message.stop()
        self.action_open()

    def action_open(self) -> None:
        if self._towers.has_focus and self._towers.selected is not None:
            self.post_message(self.Go("alerts", filter=tower_filter(self._towers.selected)))
        elif self._alerts.selected is not None:
            self.post_message(self.Go("alert", row=self._alerts.selected))
