"""Screens on which an alert is selected, and what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from soc.console.background import start
from soc.console.dialogs import ActionDialog, Submit
from soc.console.errors import ConflictError, HubError
from soc.console.report import alert_title
from soc.console.view import View


class AlertView(View):
    """A screen with a selected alert: acknowledge, close, note."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "acknowledge", "acknowledge: it is yours"),
        Binding("c", "close", "close, with disposition and note"),
        Binding("n", "note", "add a note"),
    ]

    def selected_alert(self) -> Mapping[str, Any] | None:
        """The alert under the cursor."""
        raise NotImplementedError

    def hints(self) -> list[tuple[str, str]]:
        return [("a", "ack"), ("c", "close"), ("n", "note")]

    def action_acknowledge(self) -> None:
        alert = self.selected_alert()
        if alert is None:
            self.post_message(self.Said("no alert is selected"))
        else:
            start(self, f"action-{alert.get('id')}", partial(self._acknowledge, alert))

    async def action_close(self) -> None:
        await self._ask("close", "close", dispositions=True)

    async def action_note(self) -> None:
        await self._ask("note", "note on", dispositions=False)

    async def _acknowledge(self, alert: Mapping[str, Any]) -> None:
        try:
            await self.session.act(alert, "acknowledge")
        except HubError as error:
            self.post_message(self.Said(str(error), "error"))
        else:
            self.post_message(self.Said(f"{alert.get('label', '')} is yours"))

    async def _ask(self, action: str, verb: str, *, dispositions: bool) -> None:
        alert = self.selected_alert()
        if alert is None:
            self.post_message(self.Said("no alert is selected"))
            return
        title = f"{verb} {alert_title(alert)}"
        submit = self._submit(dict(alert), action)
        await self.app.push_screen(ActionDialog(self.painter, title, submit, dispositions=dispositions))

    def _submit(self, alert: dict[str, Any], action: str) -> Submit:
        """Sends what the dialog asked for. After a conflict the next attempt is based on what won."""
        request_id = self.session.new_request_id()

        async def submit(note: str, disposition: str) -> str:
            try:
                await self.session.act(alert, action, note, disposition, request_id)
            except ConflictError as error:
                alert.update(error.current)
                return str(error)
            except HubError as error:
                return str(error)
            self.post_message(self.Said(f"{alert.get('label', '')}: {action} done"))
            return ""

        return submit
