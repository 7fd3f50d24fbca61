"""Readings by unit: what a vendor's MIB says a column or scalar holds. `per` is how many of it make one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from soc.collect.quantities import PERCENT, Pool, Reading

# What can be true of a device; outside of it an agent means "not measured".
PLAUSIBLE: Mapping[str, tuple[float, float]] = {
    "temperature_celsius": (-90, 500),
    "voltage_volts": (-1e6, 1e6),
    "current_amperes": (-1e5, 1e5),
    "power_watts": (-1e9, 1e9),
    "frequency_hertz": (0, 1e15),
    "fan_speed_rpm": (0, 200_000),
    "humidity_ratio": (0, 1),
    "battery_charge_ratio": (0, 1),
    "battery_runtime_seconds": (0, 1e8),
    "load_ratio": (0, 10),
    "optical_power_dbm": (-60, 40),
    "cpu_utilization_ratio": (0, 1),
}


def _reading(
    metric: str, id: int | str, name: str, per: float, unknown: Iterable[int], offset: float = 0,
    *, pattern: str = "", zero_with: str = "",
) -> Reading:  # fmt: skip
    return Reading(
        metric, str(id), name, per, offset, frozenset(unknown), None, PLAUSIBLE[metric], pattern, zero_with
    )


def celsius(
    id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = (), pattern: str = ""
) -> Reading:
    """Of a text, what `pattern` finds."""
    return _reading("temperature_celsius", id, name, per, unknown, pattern=pattern)


def fahrenheit(
    id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = (), pattern: str = ""
) -> Reading:
    """In degrees Fahrenheit, given in degrees Celsius; of a text, what `pattern` finds."""
    return _reading("temperature_celsius", id, name, per * 1.8, unknown, -32 / 1.8, pattern=pattern)


def volts(id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    return _reading("voltage_volts", id, name, per, unknown)


def amperes(id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    return _reading("current_amperes", id, name, per, unknown)


def watts(id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    return _reading("power_watts", id, name, per, unknown)


def hertz(id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    return _reading("frequency_hertz", id, name, per, unknown)


def rpm(id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    return _reading("fan_speed_rpm", id, name, per, unknown)


def humidity(id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    """In percent."""
    return _reading("humidity_ratio", id, name, per * PERCENT, unknown)


def charge(id: int | str, name: str = "battery", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    """In percent."""
    return _reading("battery_charge_ratio", id, name, per * PERCENT, unknown)


def minutes(id: int | str, name: str = "battery", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    """What the battery lasts, in minutes."""
    return _reading("battery_runtime_seconds", id, name, per / 60, unknown)


def seconds(id: int | str, name: str = "battery", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    """What the battery lasts, in seconds; TimeTicks with `per=100`."""
    return _reading("battery_runtime_seconds", id, name, per, unknown)


def load_ratio(id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    """In percent of what the thing can bear."""
    return _reading("load_ratio", id, name, per * PERCENT, unknown)


def dbm(id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    """Light at a transceiver, in decibels of a milliwatt."""
    return _reading("optical_power_dbm", id, name, per, unknown)


def processor(
    id: int | str,
    name: str = "",
    per: float = 1,
    unknown: Iterable[int] = (),
    pattern: str = "",
    zero_with: int | str = "",
) -> Reading:
    """Use in percent; of a text, what `pattern` finds. Its 0 counts where column `zero_with` is above 0."""
    return _reading(
        "cpu_utilization_ratio",
        id,
        name,
        per * PERCENT,
        unknown,
        pattern=pattern,
        zero_with=str(zero_with),
    )


def idle_processor(id: int | str, name: str = "", per: float = 1) -> Reading:
    """Idle time in percent."""
    return _reading("cpu_utilization_ratio", id, name, -per * PERCENT, (), 1)


def state(id: int | str, states: Mapping[int, int], name: str = "") -> Reading:
    """A condition: `states` turns the MIB's numbers into 0 ok, 1 warning, 2 critical, 3 unknown."""
    return Reading("sensor_state", str(id), name, states=states)


def pool(
    name: str = "",
    *,
    size: int | str = "",
    used: int | str = "",
    free: int | str = "",
    percent: int | str = "",
    unit: float = 1,
) -> Pool:
    """Memory by columns or scalars that hold `unit` bytes each."""
    return Pool(name, str(size), str(used), str(free), str(percent), unit)


def filesystem(
    name: str = "",
    *,
    size: int | str = "",
    used: int | str = "",
    free: int | str = "",
    percent: int | str = "",
    unit: float = 1,
) -> Pool:
    """A file system or volume by columns or scalars that hold `unit` bytes each."""
    return Pool(name, str(size), str(used), str(free), str(percent), unit, of="filesystem")
