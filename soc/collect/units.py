"""Readings by unit: what a vendor's MIB says a column or scalar holds. `per` is how many of it make one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from soc.collect.quantities import PERCENT, Pool, Reading


def celsius(id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    return Reading("temperature_celsius", str(id), name, per, 0, frozenset(unknown), range=(-90, 500))


def fahrenheit(id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    """In degrees Fahrenheit, given in degrees Celsius."""
    return Reading(
        "temperature_celsius", str(id), name, per * 1.8, -32 / 1.8, frozenset(unknown), range=(-90, 500)
    )


def volts(id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    return Reading("voltage_volts", str(id), name, per, 0, frozenset(unknown))


def amperes(id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    return Reading("current_amperes", str(id), name, per, 0, frozenset(unknown))


def watts(id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    return Reading("power_watts", str(id), name, per, 0, frozenset(unknown))


def hertz(id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    return Reading("frequency_hertz", str(id), name, per, 0, frozenset(unknown))


def rpm(id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    return Reading("fan_speed_rpm", str(id), name, per, 0, frozenset(unknown), range=(0, 200_000))


def humidity(id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    """In percent."""
    return Reading("humidity_ratio", str(id), name, per * PERCENT, 0, frozenset(unknown), range=(0, 1))


def charge(id: int | str, name: str = "battery", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    """In percent."""
    return Reading("battery_charge_ratio", str(id), name, per * PERCENT, 0, frozenset(unknown), range=(0, 1))


def minutes(id: int | str, name: str = "battery", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    """What the battery lasts, in minutes."""
    return Reading("battery_runtime_seconds", str(id), name, per / 60, 0, frozenset(unknown))


def seconds(id: int | str, name: str = "battery", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    """What the battery lasts, in seconds; TimeTicks with `per=100`."""
    return Reading("battery_runtime_seconds", str(id), name, per, 0, frozenset(unknown))


def load_ratio(id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    """In percent of what the thing can bear."""
    return Reading("load_ratio", str(id), name, per * PERCENT, 0, frozenset(unknown), range=(0, 10))


def dbm(id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = ()) -> Reading:
    """Light at a transceiver, in decibels of a milliwatt."""
    return Reading("optical_power_dbm", str(id), name, per, 0, frozenset(unknown), range=(-60, 40))


def processor(
    id: int | str, name: str = "", per: float = 1, unknown: Iterable[int] = (), pattern: str = ""
) -> Reading:
    """Use in percent; of a text, what `pattern` finds."""
    return Reading(
        "cpu_utilization_ratio", str(id), name, per * PERCENT, 0, frozenset(unknown), None, (0, 1), pattern
    )


def idle_processor(id: int | str, name: str = "", per: float = 1) -> Reading:
    """Idle time in percent."""
    return Reading("cpu_utilization_ratio", str(id), name, -per * PERCENT, 1, range=(0, 1))


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
