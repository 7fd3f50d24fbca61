"""The alert queue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from textual.app import ComposeResult

from soc.console.actions import AlertView
from soc.console.browser import Browser
from soc.console.columns import ALERTS, TOWERS
from soc.console.details import Details
from soc.console.listing import Listing
from soc.console.pages import Pages
from soc.console.paint import Painter
from soc.console.preview import Preview
from soc.console.report import alert_preview, alert_report, alert_title, items
from soc.console.session import Session
from soc.console.table import Table
from soc.console.view import TOWERS_CELLS

DEFAULT_FILTER = "status:open"


class AlertsView(Browser, AlertView):
    """Triage: towers | queue | detail, as far as there is room."""

    title = "ALERTS"
    kind = "alert"
    opens = "alert"
    acting_keys = frozenset({"enter", "a", "c", "n"})

    def __init__(self, session: Session, painter: Painter, *, id: str) -> None:
        super().__init__(session, painter, id=id)
        self._towers = Table(painter, TOWERS, session.clock, id="towers")

    def compose(self) -> ComposeResult:
        yield self._towers
        yield from super().compose()

    def make_listing(self) -> Listing:
        return Listing(
            self.session, self.painter,
            path="/v1/alerts", key="id", columns=ALERTS, filter=DEFAULT_FILTER,
        )  # fmt: skip

    def make_preview(self) -> Preview:
        details = Details(self.session.client, "/v1/alerts", "id")
        return Preview(self.session, self.painter, details, alert_title, alert_preview, alert_report)

    def selected_alert(self) -> Mapping[str, Any] | None:
        return self.listing.selected

    @property
    def wants_overview(self) -> bool:
        return self.app.size.width >= TOWERS_CELLS

    def overview(self, document: Mapping[str, Any]) -> None:
        show_rows(self._towers, items(document, "towers"), "tower")

    def action_open(self) -> None:
        if self._towers.has_focus and self._towers.selected is not None:
            self.post_message(self.Go("alerts", filter=tower_filter(self._towers.selected)))
        else:
            super().action_open()


def tower_filter(tower: Mapping[str, Any]) -> str:
    """The open alerts of a tower."""
    return f"{DEFAULT_FILTER} tower:{tower.get('tower', '')}"


def show_rows(table: Table, rows: Iterable[Mapping[str, Any]], key: str) -> None:
    """Show rows that are all here, unless they are what is shown."""
    found = list(rows)
    shown = table.pages
    if shown is None or [shown.row(index) for index in range(len(shown))] != found:
        table.show(Pages.of(found, key))
