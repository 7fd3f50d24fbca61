"""The past of a demo run: one process writes it, this one ingests and judges it as it comes."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from soc.demo.children import Children
from soc.demo.scenario import HISTORY_SECONDS
from soc.pipeline.pipeline import Pipeline
from soc.pipeline.site import Site
from soc.spool.spool import Spool
from soc.store import Store, open_store

HISTORY = "history"  # the process that writes it
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Control:
    """What a run is told from outside, and tells."""

    stopped: Callable[[], bool]
    sleep: Callable[[float], None]  # seconds; returns early when stopped
    tell: Callable[[str], None]  # progress, for people


def past(site: Site, start: float, processes: Children, control: Control) -> None:
    """Ingest and judge the history, with the time at which each minute was now, until all is in.

    The caller holds store.lock, and has started the process HISTORY. Raises StoreError, SocError.
    """
    begun, minutes = site.monotonic(), 0
    with open_store(site.data, spool_directory=site.spool) as store:
        pipeline = _pipeline(site, store, start - HISTORY_SECONDS)
        for sealed in _times(processes.output(HISTORY), control.stopped):
            minutes += len(sealed)
            while not control.stopped() and pipeline.step(sealed[-1]):
                pass
            processes.check(but=HISTORY)
        done = pipeline.summary
    if control.stopped():
        return
    processes.finish(HISTORY)
    control.tell(
        f"{minutes} minutes of history: {done.samples} samples and {done.events} events stored, "
        f"{done.rule_times} rule times evaluated, {done.alerts_opened} alerts opened "
        f"in {site.monotonic() - begun:.1f} s"
    )


def _pipeline(site: Site, store: Store, now: float) -> Pipeline:
    pipeline = Pipeline(store, Spool(site.spool), site.inventory, site.rules, site.groups)
    pipeline.prepare(now)
    return pipeline


def _times(descriptor: int, stopped: Callable[[], bool]) -> Iterator[list[float]]:
    """The times of the minutes that are sealed, as they come; those that came meanwhile together."""
    said = b""
    while not stopped():
        if not select.select([descriptor], [], [], _LOOK_SECONDS)[0]:
            continue
        new = os.read(descriptor, 65536)
        if not new:
            return
        *lines, said = (said + new).split(b"\n")
        if lines:
            yield [float(line) for line in lines]
