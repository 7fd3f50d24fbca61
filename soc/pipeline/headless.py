"""A whole cycle without a hub: poll what is due, then ingest, evaluate and alert. What cron runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from soc.collect.cycle import Progress, run_cycle
from soc.collect.environment import WRITER, Environment, Summary
from soc.collect.outstanding import Outstanding
from soc.collect.port import Transport
from soc.collect.state import CollectState, open_state
from soc.intake.raw import Refined, refine_waiting
from soc.intake.refine import Refiner
from soc.model import LockHeldError
from soc.pipeline.delivery import Delivered, deliver_due
from soc.pipeline.pipeline import Pipeline, PipelineSummary
from soc.pipeline.site import Site
from soc.spool.layout import COLLECT_LOCK, COLLECT_STATE, HUB_COMMAND, OUTSTANDING, STORE_WANTED
from soc.spool.lock import acquire, is_held
from soc.spool.spool import Spool
from soc.spool.store_lock import store_lock
from soc.store import Store, open_store

DEADLINE_SECONDS = 55.0
STORE_WAIT_SECONDS = 30.0
_Result = TypeVar("_Result")


def collect(
    site: Site,
    transports: Mapping[str, Transport],
    *,
    deadline_seconds: float = DEADLINE_SECONDS,
    everything: bool = False,
    progress: Progress | None = None,
) -> Summary:
    """Poll what is due and seal it, holding collect.lock.

    Raises LockHeldError before any packet when another process collects; SpoolError as run_cycle;
    StateError when the collection state can be neither used nor begun anew.
    """
    with acquire(site.data / COLLECT_LOCK, 0.0, site.command):
        state, damage = open_state(site.data / COLLECT_STATE)
        try:
            summary = run_cycle(
                environment(site, transports, state),
                deadline_seconds=deadline_seconds,
                everything=everything,
                progress=progress,
            )
        finally:
            state.close()
    summary.problems += [damage] if damage else []
    return summary


def environment(site: Site, transports: Mapping[str, Transport], state: CollectState) -> Environment:
    """What a collection cycle on the site works with; the caller holds collect.lock."""
    return Environment(
        inventory=site.inventory,
        collectors=site.collectors,
        transports=transports,
        state=state,
        spool=Spool(site.spool),
        outstanding=Outstanding(site.data / OUTSTANDING, WRITER),
        refine=_refiner(site).refine,
        now=site.now,
        monotonic=site.monotonic,
    )


def _refiner(site: Site) -> Refiner:
    return Refiner.of(site.inventory, site.rules)


def refine(site: Site) -> Refined:
    """Refine the raw segments that wait; those another process is at are left to it.

    Raises SpoolError when the spool takes no segment: they wait on.
    """
    return refine_waiting(site.spool, _refiner(site), site.now)


def ingest(site: Site, wait_seconds: float = STORE_WAIT_SECONDS) -> PipelineSummary:
    """Take the store: ingest what waits, evaluate every rule time missed, alert.

    Raises LockHeldError when a hub has the store, or another process kept it for `wait_seconds`: the
    segments wait for it, or for the next cycle. A hub that asks for the store gets it after the
    transaction at hand. Raises StoreError when the store cannot take them; they wait then as well.
    """
    wanted = site.data / STORE_WANTED
    with _store_lock(site, wait_seconds), open_store(site.data, spool_directory=site.spool) as store:
        pipeline = Pipeline(store, Spool(site.spool), site.inventory, site.rules, site.groups)
        return pipeline.run(site.now, lambda: is_held(wanted))


def notify(site: Site, draw: Callable[[], float], wait_seconds: float = STORE_WAIT_SECONDS) -> Delivered:
    """Send what the outbox holds, for a bounded time; `draw` gives numbers in [0, 1).

    The store is held only to note what is sent, not while it is. Raises LockHeldError and StoreError as
    `ingest`: what was sent but could not be noted is sent again.
    """

    def in_store(work: Callable[[Store], _Result]) -> _Result:
        with _store_lock(site, wait_seconds), open_store(site.data, spool_directory=site.spool) as store:
            return work(store)

    settings = site.inventory.settings.notify
    if not settings.targets:
        return Delivered()
    return deliver_due(in_store, settings, now=site.now, monotonic=site.monotonic, draw=draw)


@contextmanager
def _store_lock(site: Site, wait_seconds: float) -> Iterator[None]:
    if is_held(site.data / STORE_WANTED):
        raise LockHeldError("a hub that starts is about to take the store", command=HUB_COMMAND)
    with store_lock(site.data, wait_seconds, site.command):
        yield
