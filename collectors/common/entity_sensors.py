"""Sensors (ENTITY-SENSOR-MIB, RFC 3433; CISCO-ENTITY-SENSOR-MIB, which has the same columns)."""

from collections import Counter
from collections.abc import Iterator

from soc.collect import Row, Sample, SnmpTable, collector, integer, text
from soc.collect.units import PLAUSIBLE

COLUMNS = {"type": integer(1), "scale": integer(2), "precision": integer(3), "value": integer(4),
           "status": integer(5)}  # fmt: skip
SENSORS = SnmpTable("1.3.6.1.2.1.99.1.1.1", **COLUMNS)  # entPhySensorTable
CISCO = SnmpTable("1.3.6.1.4.1.9.9.91.1.1.1.1", **COLUMNS).where("1.3.6.1.4.1.9")  # entSensorValueTable
NAMES = SnmpTable("1.3.6.1.2.1.47.1.1.1.1", description=text(2), name=text(7))  # entPhysicalTable
METRICS = {  # EntitySensorDataType: metric, its unit in one of the MIB's
    3: ("voltage_volts", 1), 4: ("voltage_volts", 1), 5: ("current_amperes", 1), 6: ("power_watts", 1),
    7: ("frequency_hertz", 1), 8: ("temperature_celsius", 1), 9: ("humidity_ratio", 0.01),
    10: ("fan_speed_rpm", 1), 14: ("optical_power_dbm", 1),
}  # fmt: skip
UNITS = 9  # EntitySensorDataScale: 10 to the power of 0; a step is three powers
EXA, PETA = 14, 15  # these two stand the other way round
LARGEST = 10**9  # +-1,000,000,000: under- or overflow (EntitySensorValue)
OK = 1  # EntitySensorStatus


@collector(every="health", fetch={"standard": SENSORS, "cisco": CISCO, "entities": NAMES}, aside={"entities"})
def entity_sensors(standard: list[Row], cisco: list[Row], entities: list[Row]) -> Iterator[Sample]:
    """Every sensor that works. Of one that both tables have, the standard one counts."""
    known = {row.index for row in standard}
    rows = standard + [row for row in cisco or () if row.index not in known]
    names = {row.index: (row.name or "").strip() or (row.description or "").strip() for row in entities}
    labels = {row.index: names.get(row.index) or row.index for row in rows}
    times = Counter((METRICS.get(row.type), labels[row.index]) for row in rows)
    for row in rows:
        if row.type not in METRICS or row.value is None or row.status not in (None, OK):
            continue
        metric, unit = METRICS[row.type]
        name = labels[row.index]
        if times[METRICS[row.type], name] > 1:
            name = f"{name} #{row.index}"
        value = row.value * unit * _factor(row)
        lowest, highest = PLAUSIBLE[metric]
        if abs(row.value) < LARGEST and lowest <= value <= highest:
            yield Sample(metric, value, {"sensor": name})


def _factor(row: Row) -> float:
    """Scale and precision: a tenth of a milliampere is scale 8 (milli), precision 1."""
    scale = {EXA: PETA, PETA: EXA}.get(row.scale, row.scale)
    exponent = 3 * (scale - UNITS) if scale and 1 <= scale <= 17 else 0
    if row.precision and -8 <= row.precision <= 9:
        exponent -= row.precision
    return float(f"1e{exponent}")
