"""The past of a demo run: one process writes it, then this one ingests and judges it, all at once."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Iterator

from soc.demo.children import Children
from soc.demo.control import Control
from soc.demo.scenario import HISTORY_SECONDS
from soc.pipeline.pipeline import Pipeline
from soc.pipeline.site import Site
from soc.spool.spool import Spool
from soc.store import open_store

HISTORY = "history"  # the process that writes it
_LOOK_SECONDS = 0.2


def past(site: Site, start: float, processes: Children, control: Control) -> None:
    """Ingest and judge the history once it is written, as what waits after a night without a hub.

    The caller holds store.lock, and has started the process HISTORY. Raises StoreError, SocError.
    """
    begun = site.monotonic()
    with open_store(site.data, spool_directory=site.spool) as store:
        pipeline = Pipeline(store, Spool(site.spool), site.inventory, site.rules, site.groups)
        pipeline.prepare(start - HISTORY_SECONDS)  # since then the devices are known
        minutes = []
        for minute in _times(processes.output(HISTORY), control.stopped):
            minutes.append(minute)
            processes.check(but=HISTORY)
        if control.stopped():
            return
        processes.finish(HISTORY)
        done = pipeline.run(lambda: minutes[-1], control.stopped)
    if control.stopped():
        return
    control.tell(
        f"{len(minutes)} minutes of history: {done.samples} samples and {done.events} events stored, "
        f"{done.rule_times} rule times evaluated, {done.alerts_opened} alerts opened "
        f"in {site.monotonic() - begun:.1f} s"
    )


def _times(descriptor: int, stopped: Callable[[], bool]) -> Iterator[float]:
    """The times of the minutes that are sealed, as they come."""
    said = b""
    while not stopped():
        if not select.select([descriptor], [], [], _LOOK_SECONDS)[0]:
            continue
        new = os.read(descriptor, 65536)
        if not new:
            return
        *lines, said = (said + new).split(b"\n")
        yield from map(float, lines)
