"""What collection works with, and what it says it did."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from soc.collect.batch import Refine
from soc.collect.declare import Collector
from soc.collect.outstanding import Outstanding
from soc.collect.port import Transport
from soc.collect.state import CollectState
from soc.inventory import Inventory
from soc.spool.spool import Spool

WRITER = "collect"
ALMOST_FULL = "the spool is over 80 % full: ingestion lags, or the disk is small"


@dataclass(frozen=True, slots=True)
class Environment:
    """What a cycle, or a worker, works with; times and transports come from outside."""

    inventory: Inventory
    collectors: Sequence[Collector]
    transports: Mapping[str, Transport]  # by name; a missing one does not apply on this machine
    state: CollectState
    spool: Spool
    outstanding: Outstanding  # of this writer
    refine: Refine
    now: Callable[[], float]  # UTC seconds
    monotonic: Callable[[], float]
    writer: str = WRITER  # names whose segments these are; several at once have several names


@dataclass(slots=True)
class Summary:
    """What was done. `problems` are failures of collection itself, for people."""

    devices: int = 0
    ok: int = 0
    failed: int = 0
    samples: int = 0
    facts: int = 0
    events: int = 0
    seconds: float = 0.0
    segments: int = 0
    problems: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, float]:
        document = asdict(self)
        del document["problems"]
        return document


def spare_the_garbage_collector() -> None:
    """For the process that collects: inventory and collectors stay, and what an answer is made of goes
    by itself. Looking for cycles among them takes a tenth of a cycle's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
