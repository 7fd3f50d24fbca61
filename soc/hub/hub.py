"""The hub as its API sees it: what is in force, how it is, and what it can be asked to do."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from soc.hub.background import in_background
from soc.hub.port import Health, HubBusyError, News
from soc.hub.writer import Writer
from soc.inventory import Inventory, load_inventory, stage_accepted
from soc.model import ConfigurationError, Device, Event, StoreError
from soc.model.alerts import Alert
from soc.model.ids import ulid_time_ms
from soc.model.own import own_event
from soc.pipeline.actions import AlertAction, perform, record
from soc.pipeline.backup import back_up
from soc.pipeline.outbox import retry_notices
from soc.pipeline.site import Site
from soc.spool.layout import INVENTORY
from soc.spool.spool import Spool
from soc.store import Store

MAXIMUM_MESSAGE_CHARACTERS = 2000
_STALE_INTERVALS = 2.5
_CRON_SECONDS = 300.0  # the rarest cycles that a cron job is expected to run
_BACKUP_END_SECONDS, _INTERRUPT_AGAIN_SECONDS = 1.0, 0.05


class Hub:
    """Fulfils soc.hub.port.HubPort."""

    def __init__(
        self, site: Site, tell: Callable[[str], None], inventory_changed: Callable[[], None]
    ) -> None:
        """From within the running loop; `inventory_changed` is called after each swap."""
        self.site = site
        self.writer = Writer(site, tell, self._renew_readers)
        self.renew_readers: Callable[[], Coroutine[None, None, None]] | None = None  # once there is an API
        self.last_contact: float | None = None
        self._tell = tell
        self._inventory_changed = inventory_changed
        self._loop = asyncio.get_running_loop()
        self._applying = asyncio.Lock()
        self._backing_up: Store | None = None  # the reader that a backup is made with
        self._started = site.now()

    @property
    def data_directory(self) -> Path:
        return self.site.data

    def now(self) -> float:
        return self.site.now()

    def inventory(self) -> Inventory:
        return self.site.inventory

    def transactions(self) -> int:
        return self.writer.figures.transactions

    def reader(self) -> Store:
        return self.writer.reader()

    def submit(self, action: AlertAction) -> Future[Alert]:
        return self.writer.submit(
            lambda store: perform(store, action, self.now()), lambda alert: News(frozenset({alert.id}))
        )

    def retry_notices(self, id: str) -> Future[Sequence[str]]:
        return self.writer.submit(lambda store: retry_notices(store, id, self.now()))

    def record(self, event: Event) -> Future[None]:
        def tell_if_lost(done: Future[None]) -> None:
            if error := done.exception():
                self._tell(f"not stored: {event.message} ({error})")

        recorded = self.writer.submit(lambda store: record(store, event))
        recorded.add_done_callback(tell_if_lost)
        return recorded

    def subscribe(self, listener: Callable[[News], None]) -> Callable[[], None]:
        return self.writer.subscribe(listener)

    def health(self) -> Health:
        waiting = list(self.site.spool.glob("*.parquet"))
        oldest = ulid_time_ms(min(waiting).stem) / 1000 if waiting else 0.0
        figures = self.writer.figures
        return Health(
            pid=os.getpid(),
            started=self._started,
            blind_since=self.blind_since(),
            segments_waiting=len(waiting),
            lag_seconds=max(0.0, self.now() - oldest) if oldest else 0.0,
            transactions_total=figures.transactions,
            transaction_seconds_total=figures.seconds,
        )

    def blind_since(self) -> float | None:
        """The last contact with any device, once that is too long ago; None while we see."""
        inventory = self.site.inventory
        if not any(device.state == "active" for device in inventory.devices.values()):
            return None
        shortest = min(inventory.settings.intervals.values())
        rarest = _CRON_SECONDS if inventory.settings.collection == "external" else 60.0
        last = max(self.last_contact or 0.0, self._started)
        if self.now() <= last + _STALE_INTERVALS * max(shortest, rarest):
            return None
        return self.last_contact or self._started

    def apply_inventory(self) -> Future[Mapping[str, int]]:
        return asyncio.run_coroutine_threadsafe(self.apply(), self._loop)

    async def apply(self) -> Mapping[str, int]:
        """Read the inventory aside and put it in force; returns how many devices it adds, changes, removes.

        Raises ConfigurationError with every problem, StoreError or HubBusyError: the one in force stays.
        """
        async with self._applying:
            before = self.site.inventory
            try:
                inventory = await in_background(
                    "inventory",
                    lambda: load_inventory(before.path, self.site.data / "cache", keep_texts=True),
                )
            except ConfigurationError as error:
                self._tell(f"the inventory is not taken, the one before stays in force:\n{error}")
                self.tell_event("inventory", f"inventory refused: {error}", severity_id=3)
                raise
            counts = await in_background("inventory", lambda: difference(before.devices, inventory.devices))
            site = replace(self.site, inventory=replace(inventory, texts=()))
            accepted = site.data / INVENTORY
            staged = await in_background("inventory", lambda: _staged(accepted, inventory))
            try:
                await asyncio.wrap_future(self.writer.take_over(site))
                staged.replace(accepted)
            finally:
                staged.unlink(missing_ok=True)
            self.site = site
            self._inventory_changed()
            told = ", ".join(f"{count} {what}" for what, count in counts.items())
            self._tell(f"inventory taken: {told}")
            fields = {what: str(count) for what, count in counts.items()}
            self.tell_event("inventory", f"inventory taken: {told}", fields=fields)
            return counts

    def back_up(self, target: Path) -> Future[Mapping[str, Any]]:
        return asyncio.run_coroutine_threadsafe(self._back_up(target), self._loop)

    async def _back_up(self, target: Path) -> Mapping[str, Any]:
        if self._backing_up is not None:
            raise HubBusyError("another backup is being made")
        site = self.site
        self._backing_up = reader = self.writer.reader()
        try:
            made = await in_background(
                "backup", lambda: back_up(reader, Spool(site.spool), site.data, target, self.now())
            )
        finally:
            self._backing_up = None
            reader.close()
        fields = {name: str(made[name]) for name in ("directory", "transaction")}
        self.tell_event("backup", f"backed up into {target}", fields=fields)
        return made

    async def end_backup(self) -> None:
        """The hub is about to stop: give up a backup that is being made."""
        for _ in range(round(_BACKUP_END_SECONDS / _INTERRUPT_AGAIN_SECONDS)):
            if self._backing_up is None:
                return
            self._backing_up.interrupt()
            await asyncio.sleep(_INTERRUPT_AGAIN_SECONDS)

    def tell_event(
        self, service: str, message: str, *, severity_id: int = 1, fields: Mapping[str, str] | None = None
    ) -> None:
        """Store an event about the hub itself (`product: soc`, `category: hub`)."""
        now = self.now()
        self.record(
            own_event(
                ("hub", service, message, f"{now:.6f}"),
                now,
                "hub",
                service,
                message[:MAXIMUM_MESSAGE_CHARACTERS],
                severity_id=severity_id,
                fields=fields,
            )
        )

    def _renew_readers(self) -> None:
        """From the writer's thread: the store is about to close."""
        if self.renew_readers is not None:
            renewed: Future[None] = asyncio.run_coroutine_threadsafe(self.renew_readers(), self._loop)
            renewed.result()


def _staged(accepted: Path, inventory: Inventory) -> Path:
    try:
        return stage_accepted(accepted, inventory.texts)
    except OSError as error:
        raise StoreError(f"{accepted} cannot be written: {error.strerror}") from error


def difference(before: Mapping[str, Device], after: Mapping[str, Device]) -> dict[str, int]:
    """How many devices were added, changed and removed."""
    return {
        "added": sum(name not in before for name in after),
        "changed": sum(name in before and before[name] != device for name, device in after.items()),
        "removed": sum(name not in after for name in before),
    }
