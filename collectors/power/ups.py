"""Uninterruptible power supplies (UPS-MIB, RFC 1628)."""

from collections.abc import Iterator

from soc.collect import (
    Reading,
    Row,
    Sample,
    SnmpScalars,
    SnmpTable,
    amperes,
    celsius,
    charge,
    collector,
    hertz,
    integer,
    load_ratio,
    minutes,
    volts,
    watts,
)

UPS = "1.3.6.1.2.1.33.1."
STATUS = SnmpScalars(
    battery_status=integer(f"{UPS}2.1.0"), seconds_on_battery=integer(f"{UPS}2.2.0"),
    minutes=integer(f"{UPS}2.3.0"), charge=integer(f"{UPS}2.4.0"), voltage=integer(f"{UPS}2.5.0"),
    current=integer(f"{UPS}2.6.0"), temperature=integer(f"{UPS}2.7.0"),
    source=integer(f"{UPS}4.1.0"), output_frequency=integer(f"{UPS}4.2.0"),
    bypass_frequency=integer(f"{UPS}5.1.0"),
)  # fmt: skip
INPUT = SnmpTable(
    f"{UPS}3.3.1", frequency=integer(2), voltage=integer(3), current=integer(4), power=integer(5)
)
OUTPUT = SnmpTable(f"{UPS}4.4.1", voltage=integer(2), current=integer(3), power=integer(4), load=integer(5))
BYPASS = SnmpTable(f"{UPS}5.3.1", voltage=integer(2), current=integer(3), power=integer(4))

BATTERY_STATES = {1: 3, 2: 0, 3: 2, 4: 2}  # unknown, normal, low, depleted -> sensor_state
OTHER_SOURCE, BATTERY_SOURCE, HIGHEST_SOURCE = 1, 5, 7
FREQUENCY = hertz("", per=10)
LINE = {
    "frequency": FREQUENCY, "voltage": volts(""), "current": amperes("", per=10), "power": watts(""),
    "load": load_ratio(""),
}  # fmt: skip
BATTERY = {  # by column of STATUS; -1 is what agents say that do not measure
    "charge": charge(""), "minutes": minutes(""), "voltage": volts("", per=10, unknown={-1}),
    "current": amperes("", per=10, unknown={-1}), "temperature": celsius(""),
}  # fmt: skip


@collector(every="health", fetch={"status": STATUS, "inputs": INPUT, "outputs": OUTPUT, "bypasses": BYPASS})
def ups(status: Row, inputs: list[Row], outputs: list[Row], bypasses: list[Row]) -> Iterator[Sample]:
    """Battery, and voltage, current, power and load of every line."""
    yield from _battery(status)
    sides = (("input", INPUT, inputs), ("output", OUTPUT, outputs), ("bypass", BYPASS, bypasses))
    for side, table, rows in sides:
        for row in rows:
            for column in table.columns:
                yield from _sample(LINE[column], getattr(row, column), f"{side} {row.index}")
    for side, frequency in (("output", status.output_frequency), ("bypass", status.bypass_frequency)):
        yield from _sample(FREQUENCY, frequency, side)


def _sample(reading: Reading, raw: int | None, sensor: str) -> Iterator[Sample]:
    """Of a line nothing is below 0."""
    value = reading.value(raw)
    if value is not None and value >= 0:
        yield Sample(reading.metric, value, {"sensor": sensor})


def _battery(status: Row) -> Iterator[Sample]:
    on_battery = _on_battery(status)
    if on_battery is not None:
        yield Sample("ups_on_battery", float(on_battery))
    labels = {"sensor": "battery"}
    if status.battery_status in BATTERY_STATES:
        yield Sample("sensor_state", BATTERY_STATES[status.battery_status], labels)
    for column, reading in BATTERY.items():
        value = reading.value(getattr(status, column))
        if value is not None and (value >= 0 or column in ("current", "temperature")):
            yield Sample(reading.metric, value, labels)


def _on_battery(status: Row) -> bool | None:
    """upsOutputSource says it; agents without it still count upsSecondsOnBattery."""
    if status.source is not None and OTHER_SOURCE < status.source <= HIGHEST_SOURCE:
        return bool(status.source == BATTERY_SOURCE)
    return None if status.seconds_on_battery is None else bool(status.seconds_on_battery > 0)
