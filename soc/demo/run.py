"""One demo run: half an hour of history, then real cycles over loopback, the pipeline after each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from soc.collect.state import CollectState
from soc.collect.transports import transports_for
from soc.demo.estate import Estate
from soc.demo.history import write_history
from soc.pipeline.headless import Site, collect, environment, ingest
from soc.spool.layout import COLLECT_LOCK, COLLECT_STATE
from soc.spool.lock import acquire

CYCLE_SECONDS = 10.0  # how often is looked for what is due
_CYCLE_DEADLINE_SECONDS = 50.0


@dataclass(frozen=True, slots=True)
class Control:
    """What a run is told from outside, and tells."""

    stopped: Callable[[], bool]
    sleep: Callable[[float], None]  # seconds; returns early when stopped
    tell: Callable[[str], None]  # progress, for people


def past(site: Site, estate: Estate, control: Control) -> None:
    """Write and ingest the history. Raises SpoolError, StoreError."""
    begun = site.monotonic()
    with acquire(site.data / COLLECT_LOCK, 0.0, site.command):
        state = CollectState(site.data / COLLECT_STATE)
        try:
            minutes = sum(1 for _ in write_history(environment(site, {}, state), estate, control.stopped))
        finally:
            state.close()
    control.tell(f"{minutes} minutes of history collected in {site.monotonic() - begun:.1f} s")
    done = ingest(site)
    control.tell(
        f"{done.samples} samples and {done.events} events stored, {done.rule_times} rule times "
        f"evaluated, {done.alerts_opened} alerts opened after {site.monotonic() - begun:.1f} s"
    )


def live(site: Site, seconds: float, control: Control) -> None:
    """Poll what is due over real SNMP and SSH, and judge it, for a time. Raises SpoolError, StoreError."""
    transports = transports_for(site.inventory)
    ends = site.monotonic() + seconds
    while not control.stopped():
        begun = site.monotonic()
        summary = collect(site, transports, deadline_seconds=_CYCLE_DEADLINE_SECONDS)
        done = ingest(site)
        control.tell(
            f"{summary.devices} devices polled, {summary.failed} failed, {summary.samples} samples; "
            f"{done.rule_times} rule times evaluated; {site.monotonic() - begun:.1f} s"
        )
        for problem in summary.problems[:5]:
            control.tell(problem)
        left = ends - site.monotonic()
        if left <= 0:
            return
        control.sleep(min(left, max(0.0, begun + CYCLE_SECONDS - site.monotonic())))
