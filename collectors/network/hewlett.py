"""HPE and Aruba: ProCurve (HP-ICF-CHASSIS, HP-ICF-TRANSCEIVER-MIB, STATISTICS-MIB), Comware and 3Com
(HH3C-ENTITY-EXT-MIB), AOS-CX (ARUBAWIRED-*-MIB), ArubaOS and Instant (WLSX-SYSTEMEXT-MIB, AI-AP-MIB).
"""

from soc.collect import (
    Readings,
    amperes,
    celsius,
    dbm,
    pool,
    processor,
    readings,
    rpm,
    state,
    volts,
    watts,
)

ICF = "1.3.6.1.4.1.11.2.14.11.5.1."
IF_NAME = "1.3.6.1.2.1.31.1.1.1.1.1"
ENTITY_NAME = "1.3.6.1.2.1.47.1.1.1.1.7"
procurve = readings(
    "procurve",
    "ProCurve and Aruba switches: processor, memory, sensors, supplies, transceivers, PoE.",
    under=[11],
    scalars=[processor(f"{ICF}9.6.1.0", "processor")],
    tables=[
        # hpLocalMemTable: total, free, allocated
        Readings(f"{ICF}1.1.2.1.1.1", (pool(size=5, free=6, used=7),), prefix="slot"),
        # hpicfSensorTable: unknown, bad, warning, good, not present
        Readings("1.3.6.1.4.1.11.2.14.11.1.2.6.1", (state(4, {1: 3, 2: 2, 3: 1, 4: 0}),), name=(7,)),
        Readings(f"{ICF}54.2.1.1", (state(4, {0: 2, 3: 1, 4: 1, 5: 0}),), prefix="fan"),  # hpicfFanTable
        Readings(f"{ICF}55.1.1.1", (celsius(4), watts(6)), prefix="supply"),  # hpicfPsTable
        Readings(  # hpicfXcvrInfoTable: thousandths of a degree and dBm, 100 microvolts, microamperes
            f"{ICF}82.1.1.1.1",
            (
                celsius(11, per=1000), volts(12, per=10000), amperes(13, "bias", per=1e6),
                dbm(14, "transmit", per=1000), dbm(15, "receive", per=1000),
            ),
            names=IF_NAME, prefix="transceiver",
        ),
    ],
)  # fmt: skip

NONE = {0, 65535}
ENTITY_READINGS = (
    processor(6, unknown={65535}, zero_with=8),
    pool(size=10, percent=8),
    celsius(12, unknown=NONE),
    volts(14, per=1000, unknown=NONE),
)
comware_entities = readings(
    "comware_entities",
    "HPE Comware, H3C and 3Com: hh3cEntityExtStateTable; 0 or 65535 where an entity has no such thing.",
    under=[25506, 43, 2011, 11],
    tables=[
        Readings("1.3.6.1.4.1.25506.2.6.1.1.1.1", ENTITY_READINGS, names=ENTITY_NAME),
        Readings("1.3.6.1.4.1.43.45.1.10.2.6.1.1.1.1", ENTITY_READINGS, names=ENTITY_NAME),
        Readings(  # hh3cTransceiverInfoTable: hundredths of dBm, of a milliampere and of a volt
            "1.3.6.1.4.1.25506.2.70.1.1.1",
            (
                dbm(9, "transmit", per=100), dbm(12, "receive", per=100), celsius(15),
                volts(16, per=100), amperes(17, "bias", per=100_000),
            ),
            names=IF_NAME, prefix="transceiver",
        ),
    ],
)  # fmt: skip

superstack = readings(
    "superstack",
    "3Com switches (A3COM-HUAWEI-LswMIBs): processor and memory by unit, in bytes.",
    under=[43],
    tables=[
        Readings("1.3.6.1.4.1.43.45.1.6.1.1.1", (processor(3),), prefix="unit"),
        Readings("1.3.6.1.4.1.43.45.1.6.1.2.1.1", (pool(size=2, free=3),), prefix="unit"),
    ],
)

WIRED = "1.3.6.1.4.1.47196.4.1.1.3."
aos_cx = readings(
    "aos_cx",
    "AOS-CX switches: thousandths of a degree, watts, rpm, transceivers as text.",
    under=[47196],
    tables=[
        Readings(f"{WIRED}11.2.1.1", (watts(7),), name=(4,), prefix="supply"),  # arubaWiredPowerSupplyTable
        Readings(f"{WIRED}11.3.1.1", (celsius(7, per=1000),), name=(5,)),  # arubaWiredTempSensorTable
        Readings(f"{WIRED}11.5.1.1", (rpm(8),), name=(4,), prefix="fan"),  # arubaWiredFanTable
        Readings(f"{WIRED}27.1.2.1.1", (celsius(2), volts(11)), names=IF_NAME, prefix="transceiver"),
        Readings(f"{WIRED}27.1.2.2.1", (amperes(2, "bias", per=1000),), names=IF_NAME, prefix="lane"),
        Readings(f"{WIRED}21.1.2.1", (processor(3),), prefix="processor"),
    ],
)

SYSTEM = "1.3.6.1.4.1.14823.2.2.1.2.1."
INSTANT = "1.3.6.1.4.1.14823.2.3.3.1.2.1.1"
aruba_wireless = readings(
    "aruba_wireless",
    "ArubaOS controllers (WLSX-SYSTEMEXT-MIB, KiB) and Instant access points (AI-AP-MIB, bytes).",
    under=[14823],
    tables=[
        Readings(f"{SYSTEM}13.1", (processor(3),), name=(2,)),  # sysXProcessorTable
        Readings(f"{SYSTEM}15.1", (pool("memory", size=2, used=3, free=4, unit=1024),)),  # sysXMemoryTable
        Readings(INSTANT, (processor(7), pool(size=10, free=8)), name=(2, 4)),
    ],
)
