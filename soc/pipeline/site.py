"""What pipelines and cycles run on; apart from them, since a hub needs no code that polls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from soc.detection import RuleSet
from soc.inventory import Inventory
from soc.promql import RuleGroups
from soc.spool.layout import SPOOL

if TYPE_CHECKING:
    from soc.collect.declare import Collector


@dataclass(frozen=True, slots=True)
class Site:
    """A data directory and everything that is loaded to run cycles on it."""

    data: Path
    inventory: Inventory
    collectors: Sequence[Collector]
    rules: RuleSet
    groups: RuleGroups
    now: Callable[[], float]  # UTC seconds
    monotonic: Callable[[], float]
    command: str  # who holds the locks, for people

    @property
    def spool(self) -> Path:
        return self.data / SPOOL
