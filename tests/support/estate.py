"""A small estate whose segments tests write by hand, with a pipeline over a real store file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from soc.detection import RuleSet, match_events
from soc.inventory import Inventory, Settings
from soc.model import Device, Event, Poll, Sample
from soc.pipeline.pipeline import Pipeline, PipelineSummary
from soc.promql import RuleGroups, load_rule_files
from soc.spool.header import Header
from soc.spool.segment import SegmentBuilder
from soc.spool.spool import Spool
from soc.store import Store, open_store

START = 1_700_000_040.0  # a multiple of 60


def inventory(devices: Iterable[Device], settings: Settings | None = None) -> Inventory:
    """An inventory of these devices and nothing else."""
    return Inventory(
        Path("inventory.yaml"), "", settings or Settings(), {}, {}, {}, {},
        {device.name: device for device in devices},
    )  # fmt: skip


def availability_rules(directory: Path, *rules: Mapping[str, Any], interval: str = "60s") -> RuleGroups:
    """A rule file with one group `test` of these rules, loaded."""
    import yaml

    path = directory / "availability.yml"
    document = {"groups": [{"name": "test", "interval": interval, "rules": list(rules)}]}
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return load_rule_files([path])


def rule(alert: str, expr: str, hold: str = "0s", severity: str = "high", **labels: str) -> dict[str, Any]:
    """One availability rule with a summary that names the device."""
    return {
        "alert": alert,
        "expr": expr,
        "for": hold,
        "labels": {"severity": severity, **labels},
        "annotations": {"summary": alert + " on {{ $labels.device }}"},
    }


def event(number: int, time: float, **more: Any) -> Event:
    """A normalised event with a deterministic id."""
    return Event(**{
        "id": f"event-{number}", "time": time, "received": time, "device": "web-1", "product": "linux",
        "category": "authentication", "service": "sshd", "message": f"message {number}", **more,
    })  # fmt: skip


@dataclass
class Estate:
    """Devices, rules, a spool and a data directory."""

    directory: Path
    devices: tuple[Device, ...]
    groups: RuleGroups = field(default_factory=lambda: RuleGroups(()))
    rules: RuleSet = field(default_factory=RuleSet)
    settings: Settings | None = None

    def __post_init__(self) -> None:
        self.spool = Spool(self.directory / "spool")

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The store, as whoever holds its lock opens it."""
        with open_store(self.directory, spool_directory=self.spool.directory) as store:
            yield store

    def seal(self, builder: SegmentBuilder, at: float) -> Header:
        """Seal what was built as of `at`."""
        return self.spool.seal(builder, writer="test", created=at - 1, sealed=at)

    def poll(
        self,
        at: float,
        answers: Mapping[str, bool],
        *,
        collector: str = "snmp",
        interval_seconds: float = 60.0,
        builder: SegmentBuilder | None = None,
    ) -> SegmentBuilder:
        """Add one contact of each device: its poll row and `up`."""
        builder = builder or SegmentBuilder()
        for device, answered in answers.items():
            builder.add_poll(
                Poll(
                    device, collector, at, answered, answered, "" if answered else "timeout",
                    interval_seconds=interval_seconds,
                )
            )  # fmt: skip
            sample = Sample("up", float(answered), {"collector": collector}, at)
            builder.add_sample(device, sample, interval_seconds)
        return builder

    def events(self, events: Iterable[Event], builder: SegmentBuilder | None = None) -> SegmentBuilder:
        """Add refined events with their matches."""
        builder = builder or SegmentBuilder()
        events = list(events)
        for item in events:
            builder.add_event(item)
        for match in match_events(self.rules, events):
            builder.add_match(match)
        return builder

    def run(self, now: float, store: Store | None = None) -> PipelineSummary:
        """One run of the pipeline at `now`."""
        if store is not None:
            return self.pipeline(store).run(lambda: now)
        with self.store() as opened:
            return self.pipeline(opened).run(lambda: now)

    def pipeline(self, store: Store) -> Pipeline:
        """A pipeline that has not begun."""
        return Pipeline(store, self.spool, inventory(self.devices, self.settings), self.rules, self.groups)
