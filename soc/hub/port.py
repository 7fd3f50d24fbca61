"""What the API needs of the hub it belongs to: questions, actions, news."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from soc.inventory import Inventory
from soc.model import Event, SocError
from soc.model.alerts import Alert
from soc.pipeline.actions import AlertAction
from soc.store import Store


class HubBusyError(SocError):
    """Too much waits to be written, or the hub is about to stop; nothing was done."""


@dataclass(frozen=True, slots=True)
class Health:
    """How the hub is. Times are UTC seconds; totals count from its start."""

    pid: int
    started: float
    blind_since: float | None  # collection has been stale since then
    segments_waiting: int
    lag_seconds: float  # how long the oldest waiting segment has waited
    transactions_total: int
    transaction_seconds_total: float


@dataclass(frozen=True, slots=True)
class News:
    """What one committed transaction changed: ids of alerts, names of devices whose state changed."""

    alerts: frozenset[str] = frozenset()
    devices: frozenset[str] = frozenset()


class HubPort(Protocol):
    """Every method may be called from any thread and returns at once, `reader` within milliseconds."""

    @property
    def data_directory(self) -> Path: ...

    def now(self) -> float:
        """UTC seconds."""
        ...

    def inventory(self) -> Inventory:
        """The one in force."""
        ...

    def health(self) -> Health:
        """May take as long as it takes to list the spool."""
        ...

    def transactions(self) -> int:
        """How many have been committed since the hub began."""
        ...

    def reader(self) -> Store:
        """A further connection to the open store (`Store.reader`), which the caller closes.

        The API keeps a few; before the hub closes the store it stops the API, or has it renew them
        (`Api.renew_readers`). Raises StoreError while there is no store.
        """
        ...

    def submit(self, action: AlertAction) -> Future[Alert]:
        """Have the writer perform the action between two transactions (soc.pipeline.actions.perform).

        The future raises what `perform` raises, or HubBusyError.
        """
        ...

    def retry_notices(self, id: str) -> Future[Sequence[str]]:
        """Have the writer make notices due again (soc.pipeline.outbox.retry_notices).

        The future raises HubBusyError or StoreError.
        """
        ...

    def record(self, event: Event) -> Future[None]:
        """Have the writer store an own event (soc.pipeline.actions.record); may be lost when the hub dies.

        The future raises StoreError or HubBusyError.
        """
        ...

    def apply_inventory(self) -> Future[Mapping[str, int]]:
        """Put the inventory file in force as it is now: how many devices it adds, changes and removes.

        The future raises ConfigurationError with every problem, HubBusyError or StoreError; the inventory
        before stays in force then.
        """
        ...

    def back_up(self, target: Path) -> Future[Mapping[str, Any]]:
        """Back the store up into the new directory, beside everything else (soc.pipeline.backup.back_up).

        The future raises what that raises, or HubBusyError while another backup is being made.
        """
        ...

    def subscribe(self, listener: Callable[[News], None]) -> Callable[[], None]:
        """Call the listener, in the writer's thread, after each commit that changed something.

        Listeners return at once and never raise. Returns what ends the subscription.
        """
        ...
