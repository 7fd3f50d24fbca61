"""Cisco's own: CISCO-ENVMON-MIB, CISCO-PROCESS-MIB, OLD-CISCO-CPU-MIB, CISCO-MEMORY-POOL-MIB,
CISCO-ENHANCED-MEMPOOL-MIB, CISCO-FLASH-MIB, CISCO-POWER-ETHERNET-EXT-MIB, AIRESPACE-SWITCHING-MIB,
CISCO-UNIFIED-COMPUTING-*-MIB (cisco.com, SNMP Object Navigator).
"""  # fmt: skip

import re
from collections import Counter
from collections.abc import Iterator

from soc.collect import (
    Readings,
    Row,
    Sample,
    SnmpScalars,
    SnmpTable,
    TypedReadings,
    amperes,
    celsius,
    collector,
    dbm,
    integer,
    pool,
    processor,
    readings,
    text,
    volts,
    watts,
)

CISCO = "1.3.6.1.4.1.9"
AIRESPACE = "1.3.6.1.4.1.14179"
IF_NAME = "1.3.6.1.2.1.31.1.1.1.1.1"

TEMPERATURES = SnmpTable(  # ciscoEnvMonTemperatureStatusTable
    f"{CISCO}.9.13.1.3.1", name=text(2), celsius=integer(3), state=integer(6)
).where(CISCO)
VOLTAGES = SnmpTable(  # ciscoEnvMonVoltageStatusTable
    f"{CISCO}.9.13.1.2.1", name=text(2), millivolts=integer(3), state=integer(7)
).where(CISCO)
FANS = SnmpTable(f"{CISCO}.9.13.1.4.1", name=text(2), state=integer(3)).where(CISCO)
SUPPLIES = SnmpTable(f"{CISCO}.9.13.1.5.1", name=text(2), state=integer(3)).where(CISCO)
ENTITY_SENSORS = SnmpTable(f"{CISCO}.9.91.1.1.1.1", type=integer(1)).where(CISCO)
# CiscoEnvMonState: normal, warning, critical, shutdown, notPresent, notFunctioning -> sensor_state
STATES = {1: 0, 2: 1, 3: 2, 4: 2, 6: 2}
STATE_WORD = re.compile(  # in ciscoEnvMon…StatusDescr of stacks: "SW#1, Sensor#1, GREEN"
    r"[,\s]+(?:green|yellow|red|normal|warning|critical|shutdown|not ?present|not ?exist|not ?functioning"
    r"|failed|faulty|good|bad|ok)\b",
    re.IGNORECASE,
)

CPUS = SnmpTable(  # cpmCPUTotalTable: of the last minute, and before IOS 12.2(3.5)
    f"{CISCO}.9.109.1.1.1.1", entity=integer(2), old_one=integer(4), old_five=integer(5), one=integer(7),
    five=integer(8),
).where(CISCO)  # fmt: skip
CORES = SnmpTable(f"{CISCO}.9.109.1.1.2.1", five=integer(5)).where(CISCO)  # cpmCoreTable
OLD_CPU = SnmpScalars(five=integer(f"{CISCO}.2.1.58.0")).where(CISCO)  # avgBusy5
NAMES = SnmpTable("1.3.6.1.2.1.47.1.1.1.1", name=text(7)).where(CISCO)  # entPhysicalName

MEMPOOLS = SnmpTable(  # ciscoMemoryPoolTable
    f"{CISCO}.9.48.1.1.1", name=text(2), used=integer(5), free=integer(6)
).where(CISCO)
ENHANCED = SnmpTable(  # cempMemPoolTable
    f"{CISCO}.9.221.1.1.1.1", name=text(3), used=integer(7), free=integer(8), wide_used=18, wide_free=20,
).where(CISCO)  # fmt: skip
FLASH = SnmpTable(  # ciscoFlashPartitionTable
    f"{CISCO}.9.10.1.1.4.1.1", size=integer(4), free=integer(5), name=text(10), wide_size=13, wide_free=14,
).where(CISCO)  # fmt: skip
DEVICES = SnmpTable(f"{CISCO}.9.10.1.1.2.1", name=text(7)).where(CISCO)  # ciscoFlashDeviceName
FULL = 2**32 - 1  # what 32-bit columns say of anything larger


@collector(
    every="health", aside={"entity_sensors"},
    fetch={"temperatures": TEMPERATURES, "voltages": VOLTAGES, "fans": FANS, "supplies": SUPPLIES,
           "entity_sensors": ENTITY_SENSORS},
)  # fmt: skip
def cisco_environment(
    temperatures: list[Row], voltages: list[Row], fans: list[Row], supplies: list[Row],
    entity_sensors: list[Row],
) -> Iterator[Sample]:  # fmt: skip
    """CISCO-ENVMON-MIB. Temperatures that CISCO-ENTITY-SENSOR-MIB has under the same index are left to it."""
    known = {row.index for row in entity_sensors}
    rows = (*temperatures, *voltages, *fans, *supplies)
    times = Counter(_name(row) for row in rows)
    labels = {
        row: {"sensor": name if times[name] == 1 else f"{name} #{row.index}"}
        for row in rows
        for name in [_name(row)]
    }
    for row in temperatures:
        if row.celsius and row.index not in known and row.state in STATES:
            yield Sample("temperature_celsius", row.celsius, labels[row])
    for row in voltages:
        if row.millivolts and row.index not in known and row.state in STATES:
            yield Sample("voltage_volts", row.millivolts / 1000, labels[row])
    for row in rows:
        if row.state in STATES:
            yield Sample("sensor_state", STATES[row.state], labels[row])


@collector(
    every="health", fetch={"cpus": CPUS, "cores": CORES, "old": OLD_CPU, "names": NAMES}, aside={"names"}
)
def cisco_processors(cpus: list[Row], cores: list[Row], old: Row, names: list[Row]) -> Iterator[Sample]:
    """Each core where the agent lists cores, else each processor: of the last five minutes."""
    entities = {row.index: row.name for row in names}
    labels = {row.index: _unique(entities.get(str(row.entity)), row.index) for row in cpus}
    measured: set[str] = set()
    for row in cores:
        cpu, _, core = row.index.rpartition(".")
        if row.five is not None and 0 <= row.five <= 100:
            measured.add(cpu)
            name = f"{labels.get(cpu, cpu)} core {core}"
            yield Sample("cpu_utilization_ratio", row.five / 100, {"cpu": name})
    for row in cpus:
        percent = next((v for v in (row.five, row.old_five, row.one, row.old_one) if v is not None), None)
        if row.index not in measured and percent is not None and 0 <= percent <= 100:
            yield Sample("cpu_utilization_ratio", percent / 100, {"cpu": labels[row.index]})
    if not cpus and old.five is not None and 0 <= old.five <= 100:
        yield Sample("cpu_utilization_ratio", old.five / 100, {"cpu": "processor"})


@collector(every="health", fetch={"enhanced": ENHANCED, "pools": MEMPOOLS, "names": NAMES}, aside={"names"})
def cisco_memory(enhanced: list[Row], pools: list[Row], names: list[Row]) -> Iterator[Sample]:
    """CISCO-ENHANCED-MEMPOOL-MIB's pools; where there are none, CISCO-MEMORY-POOL-MIB's."""
    entities = {row.index: row.name for row in names}
    seen = set()
    for row in enhanced or pools:
        entity, _, _ = row.index.rpartition(".")
        name = f"{entities.get(entity) or ''} {row.name or row.index}".strip()
        wide = enhanced and row.wide_used is not None and row.wide_free is not None
        used, free = (row.wide_used, row.wide_free) if wide else (row.used, row.free)
        if not isinstance(used, int) or not isinstance(free, int) or used < 0 or free < 0 or not used + free:
            continue
        labels = {"pool": name if name not in seen else f"{name} #{row.index}"}
        seen.add(name)
        yield Sample("memory_size_bytes", used + free, labels)
        yield Sample("memory_used_bytes", used, labels)


@collector(every="health", fetch={"partitions": FLASH, "devices": DEVICES}, aside={"devices"})
def cisco_flash(partitions: list[Row], devices: list[Row]) -> Iterator[Sample]:
    """Partitions of flash file systems; 64-bit columns where the 32-bit ones are full."""
    names = {row.index: row.name for row in devices}
    for row in partitions:
        wide = row.size == FULL or row.size is None
        size, free = (row.wide_size, row.wide_free) if wide else (row.size, row.free)
        device, _, number = row.index.partition(".")
        name = names.get(device) or row.name or row.index
        if isinstance(size, int) and isinstance(free, int) and 0 <= free <= size and size:
            labels = {"filesystem": name if number == "1" else f"{name} {number}"}
            yield Sample("filesystem_size_bytes", size, labels)
            yield Sample("filesystem_used_bytes", size - free, labels)


cisco_poe = readings(
    "cisco_poe",
    "Power over Ethernet by power supply, in milliwatts (cpeExtMainPseTable).",
    under=[9],
    tables=[
        Readings(
            f"{CISCO}.9.402.1.3.1", (watts(4, "used", per=1000), watts(5, "remaining", per=1000)),
            name=(2,), prefix="PoE",
        ),
    ],
)  # fmt: skip

cisco_wireless = readings(
    "cisco_wireless",
    "Controllers that were Airespace's (AIRESPACE-SWITCHING-MIB); memory in KiB.",
    under=[9, 14179],
    scalars=[
        processor(f"{AIRESPACE}.1.1.5.1.0", "controller"),
        pool("controller", size=f"{AIRESPACE}.1.1.5.2.0", free=f"{AIRESPACE}.1.1.5.3.0", unit=1024),
        celsius(f"{AIRESPACE}.2.3.1.13.0", "controller"),
    ],
)

UCS = f"{CISCO}.9.719.1"
cisco_ucs = readings(
    "cisco_ucs",
    "Rack servers' management controllers (CISCO-UNIFIED-COMPUTING-COMPUTE, -PROCESSOR, -MEMORY, "
    "-EQUIPMENT-MIB).",
    under=[9],
    tables=[
        # computeMbPowerStats
        Readings(
            f"{UCS}.9.14.1", (watts(4, "power"), amperes(8, "input"), volts(12, "input")), prefix="board"
        ),
        Readings(  # computeRackUnitMbTempStats: ambient, front, I/O hub, rear
            f"{UCS}.9.44.1",
            (celsius(4, "ambient"), celsius(8, "front"), celsius(13, "I/O hub"), celsius(21, "rear")),
            prefix="rack unit",
        ),
        Readings(f"{UCS}.41.2.1", (celsius(10),), prefix="processor"),  # processorEnvStats
        Readings(f"{UCS}.30.12.1", (celsius(6),), prefix="memory"),  # memoryUnitEnvStats
    ],
)

SMALL_BUSINESS = f"{CISCO}.6.1.101"  # Radlan's MIBs under Cisco's number
DDM = f"{SMALL_BUSINESS}.90.1.2.1"
small_business = readings(
    "cisco_small_business",
    "Catalyst 1200/1300, CBS and SG/SF/SX switches (CISCOSB-rndMng, -Physicaldescription-MIB, -POE-MIB).",
    under=[9],
    scalars=[processor(f"{SMALL_BUSINESS}.1.8.0", "processor", unknown={101})],
    tables=[
        # rlPhdUnitEnvParamTable
        Readings(f"{SMALL_BUSINESS}.53.15.1", (celsius(10),), prefix="unit"),
        # rlPethPsePortTable, in milliwatts
        Readings(f"{SMALL_BUSINESS}.108.1.1", (watts(5, per=1000),), prefix="PoE"),
        TypedReadings(  # rlPhyTestGetTable: what transceivers measure
            DDM,
            value=3,
            kind=-1,
            names=IF_NAME,
            prefix="transceiver",
            kinds={
                5: celsius(""),
                6: volts("", per=1e6),
                7: amperes("", per=1e6),
                8: dbm("", per=1000, name="transmit"),
                9: dbm("", per=1000, name="receive"),
            },
        ),
    ],
)


def _name(row: Row) -> str:
    """Without the state of the moment: it would make another series of each state."""
    return STATE_WORD.sub("", row.name or "").strip() or str(row.index)


def _unique(name: str | None, index: str) -> str:
    return f"{name.strip()} #{index}" if name and name.strip() else index
