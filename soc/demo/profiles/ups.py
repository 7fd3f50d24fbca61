"""An uninterruptible power supply (UPS-MIB, RFC 1628)."""

from __future__ import annotations

from collections.abc import Callable

from soc.demo import ber
from soc.demo.formulas import ramp, wave, whole
from soc.demo.profiles.subject import Subject, scalar, text
from soc.demo.tree import Formula, Value, Variable

_UPS = "1.3.6.1.2.1.33.1"
_BATTERY_NORMAL = 2  # upsBatteryStatus
_SOURCE_NORMAL, _SOURCE_BATTERY = 3, 5  # upsOutputSource
_RUNTIME_MINUTES = 94
# From full to half in an hour: longer than a demo lasts, so that a low battery is never part of it.
_HALF_CHARGE_SECONDS = 3600.0


def ups(subject: Subject) -> list[Variable]:
    generator = subject.dice("ups")
    begins = subject.scenario.battery.begins
    suffers = subject.device.name == subject.scenario.battery.device

    def either(normal: Value, on_battery: Value) -> Value | Formula:
        return (lambda time: on_battery if time >= begins else normal) if suffers else normal

    charge: Callable[[float], float] = (
        ramp(100, 50, begins, begins + _HALF_CHARGE_SECONDS) if suffers else wave(100, 100, 3600, 0)
    )
    load = wave(18, generator.uniform(30, 62), 5400, generator.uniform(0, 6))
    temperature = wave(22, 27, 14_400, generator.uniform(0, 6))
    number = ber.INTEGER

    def battery_seconds(time: float) -> int:
        return int(max(0.0, time - begins)) if suffers else 0

    found: list[tuple[str, int, Value | Formula]] = [
        (f"{_UPS}.1.1.0", *text(subject.model.vendor)),
        (f"{_UPS}.1.2.0", *text(subject.model.name)),
        (f"{_UPS}.1.3.0", *text(subject.model.version)),
        (f"{_UPS}.1.4.0", *text(subject.model.version)),
        (f"{_UPS}.1.5.0", *text(subject.device.name)),
        (f"{_UPS}.2.1.0", number, _BATTERY_NORMAL),
        (f"{_UPS}.2.2.0", number, battery_seconds),
        (f"{_UPS}.2.3.0", number, whole(charge, _RUNTIME_MINUTES / 100)),
        (f"{_UPS}.2.4.0", number, whole(charge)),
        (f"{_UPS}.2.5.0", number, either(2730, 2580)),
        (f"{_UPS}.2.6.0", number, either(0, -84)),
        (f"{_UPS}.2.7.0", number, whole(temperature)),
        (f"{_UPS}.3.1.0", ber.COUNTER32, either(3, 4)),
        (f"{_UPS}.3.2.0", number, 1),
        (f"{_UPS}.3.3.1.1.1", number, 1),
        (f"{_UPS}.3.3.1.2.1", number, either(500, 0)),
        (f"{_UPS}.3.3.1.3.1", number, either(231, 0)),
        (f"{_UPS}.4.1.0", number, either(_SOURCE_NORMAL, _SOURCE_BATTERY)),
        (f"{_UPS}.4.2.0", number, 500),
        (f"{_UPS}.4.3.0", number, 1),
        (f"{_UPS}.4.4.1.1.1", number, 1),
        (f"{_UPS}.4.4.1.2.1", number, 230),
        (f"{_UPS}.4.4.1.3.1", number, whole(load, 1.3)),
        (f"{_UPS}.4.4.1.4.1", number, whole(load, 27)),
        (f"{_UPS}.4.4.1.5.1", number, whole(load)),
        (f"{_UPS}.6.1.0", ber.GAUGE32, either(0, 1)),
        (f"{_UPS}.9.1.0", number, 230),
        (f"{_UPS}.9.3.0", number, 230),
        (f"{_UPS}.9.7.0", number, 5),
    ]
    return [scalar(oid, tag, value) for oid, tag, value in found]
