"""Uninterruptible power supplies (UPS-MIB, RFC 1628)."""

from collections.abc import Iterator

from soc.collect import Row, Sample, SnmpScalars, SnmpTable, collector, integer

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
LINE_METRICS = (  # column, metric, units of the MIB in one of ours
    ("frequency", "frequency_hertz", 10),
    ("voltage", "voltage_volts", 1),
    ("current", "current_amperes", 10),
    ("power", "power_watts", 1),
    ("load", "load_ratio", 100),
)


@collector(every="health", fetch={"status": STATUS, "inputs": INPUT, "outputs": OUTPUT, "bypasses": BYPASS})
def ups(status: Row, inputs: list[Row], outputs: list[Row], bypasses: list[Row]) -> Iterator[Sample]:
    """Battery, and voltage, current, power and load of every line."""
    yield from _battery(status)
    sides = (("input", INPUT, inputs), ("output", OUTPUT, outputs), ("bypass", BYPASS, bypasses))
    for side, table, rows in sides:
        for row in rows:
            for column, metric, divisor in LINE_METRICS:
                value = getattr(row, column) if column in table.columns else None
                if value is not None and value >= 0:
                    yield Sample(metric, value / divisor, {"sensor": f"{side} {row.index}"})
    for side, frequency in (("output", status.output_frequency), ("bypass", status.bypass_frequency)):
        if frequency is not None and frequency >= 0:
            yield Sample("frequency_hertz", frequency / 10, {"sensor": side})


def _battery(status: Row) -> Iterator[Sample]:
    on_battery = _on_battery(status)
    if on_battery is not None:
        yield Sample("ups_on_battery", float(on_battery))
    labels = {"sensor": "battery"}
    if status.charge is not None and 0 <= status.charge <= 100:
        yield Sample("battery_charge_ratio", status.charge / 100, labels)
    if status.minutes is not None and status.minutes >= 0:
        yield Sample("battery_runtime_seconds", status.minutes * 60, labels)
    if status.battery_status in BATTERY_STATES:
        yield Sample("sensor_state", BATTERY_STATES[status.battery_status], labels)
    if status.voltage is not None and status.voltage >= 0:
        yield Sample("voltage_volts", status.voltage / 10, labels)
    if status.current is not None:
        yield Sample("current_amperes", status.current / 10, labels)
    if status.temperature is not None:
        yield Sample("temperature_celsius", status.temperature, labels)


def _on_battery(status: Row) -> bool | None:
    """upsOutputSource says it; agents without it still count upsSecondsOnBattery."""
    if status.source is not None and OTHER_SOURCE < status.source <= HIGHEST_SOURCE:
        return bool(status.source == BATTERY_SOURCE)
    return None if status.seconds_on_battery is None else bool(status.seconds_on_battery > 0)
