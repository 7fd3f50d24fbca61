"""A list with the preview of what is selected: what the alert queue and the devices have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from soc.console.listing import Listing
from soc.console.paint import Painter
from soc.console.preview import Preview
from soc.console.session import Session
from soc.console.table import Table
from soc.console.view import View


class Browser(View):
    """List | detail where there is room, list over preview where there is not."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "open", "open", key_display="⏎")]
    kind = ""  # of the changes that concern the list
    acting_keys = frozenset({"enter"})
    opens = ""  # the screen that shows one row

    def __init__(self, session: Session, painter: Painter, *, id: str) -> None:
        super().__init__(session, painter, id=id)
        self.listing = self.make_listing()
        self._preview = self.make_preview()
        self.listing.selection_changed = lambda: self._preview.follow(self.listing.table)

    def make_listing(self) -> Listing:
        raise NotImplementedError

    def make_preview(self) -> Preview:
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield self.listing
        yield self._preview

    def entered(self) -> None:
        self.screen.set_focus(self.listing.table)

    def tick(self) -> None:
        self.listing.table.tick()

    def resumed(self) -> None:
        self.listing.reload()

    def reread(self) -> None:
        self.listing.look_soon()

    def changed(self, kind: str, document: Mapping[str, Any]) -> None:
        if kind == self.kind:
            self.listing.changed(document)

    @property
    def filter(self) -> str | None:
        return self.listing.filter

    def set_filter(self, text: str) -> None:
        self.listing.set_filter(text)

    def escape(self) -> bool:
        return self.listing.cancel()

    def holds(self, key: str) -> bool:
        return key in self.acting_keys and self.listing.asking

    def hints(self) -> list[tuple[str, str]]:
        return [("⏎", "open"), *super().hints(), ("/", "filter"), (":", "command"), ("?", "help")]

    def on_table_opened(self, message: Table.Opened) -> None:
        message.stop()
        self.action_open()

    def action_open(self) -> None:
        row = self.listing.selected
        if row is not None:
            self.post_message(self.Go(self.opens, row=row))
