"""What the MIB modules get to know of the device whose variables they write."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from soc.demo import ber
from soc.demo.ber import Oid
from soc.demo.formulas import dice
from soc.demo.profiles.catalogue import MODELS, UNKNOWN, Model
from soc.demo.scenario import Scenario
from soc.demo.tree import Formula, Value, Variable
from soc.model import Device

_DAY_SECONDS = 86400.0


@dataclass(frozen=True, slots=True)
class Subject:
    """A device, the devices directly behind it, and the scenario it stands in."""

    device: Device
    children: tuple[str, ...]
    scenario: Scenario
    model: Model
    booted: float  # UTC seconds

    def dice(self, purpose: str) -> random.Random:
        return dice(self.scenario.seed, self.device.name, purpose)

    @property
    def serial(self) -> str:
        return "".join(self.dice("serial").choices("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", k=11))


def subject(device: Device, children: Iterable[str], scenario: Scenario) -> Subject:
    generator = dice(scenario.seed, device.name, "model")
    model = generator.choice(MODELS.get(device.kind, (UNKNOWN,)))
    # Whole days would put every device's start at the same time of day.
    booted = scenario.start - generator.uniform(2, 220) * _DAY_SECONDS
    return Subject(device, tuple(sorted(children)), scenario, model, booted)


def scalar(oid: str, tag: int, value: Value | Formula) -> Variable:
    return Variable(ber.parse_oid(oid), tag, value)


def text(value: str) -> tuple[int, bytes]:
    return ber.OCTET_STRING, value.encode()


def row(entry: Oid, index: Oid, cells: Mapping[int, tuple[int, Value | Formula]]) -> list[Variable]:
    """A conceptual row: cells by column number, each (BER tag, value)."""
    return [Variable((*entry, column, *index), tag, value) for column, (tag, value) in cells.items()]
