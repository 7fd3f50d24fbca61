"""Routers and carrier switches: Juniper (JUNIPER-MIB), Nokia TiMOS (TIMETRA-*-MIB), Ericsson IPOS, Ciena
SAOS (CIENA-CES-*-MIB, WWP-LEOS-*-MIB), Extreme (EXTREME-SYSTEM-MIB, RAPID-CITY, Enterasys
RESOURCE-UTILIZATION, S5-CHASSIS), MikroTik (MIKROTIK-MIB), ZTE, OneAccess, Zhone, LANCOM, Patton,
Teldat, Siklu, Zhone, AudioCodes.
"""

from soc.collect import (
    Readings,
    TypedReadings,
    amperes,
    celsius,
    dbm,
    hertz,
    pool,
    processor,
    readings,
    rpm,
    state,
    volts,
    watts,
)

E = "1.3.6.1.4.1."
IF_NAME = "1.3.6.1.2.1.31.1.1.1.1.1"
KIBIBYTE, MEBIBYTE = 1024, 1024 * 1024

JUNIPER = f"{E}2636.3."
# jnxOperatingState: running, ready, reset, running at full speed (fans), down, off, standby
OPERATING = {2: 0, 3: 0, 4: 1, 5: 0, 6: 2, 7: 0}
juniper = readings(
    "juniper",
    "Junos: jnxOperatingTable (percent, degrees; memory in MiB, 0 = none), transceivers' diagnostics.",
    under=[2636],
    tables=[
        Readings(
            f"{JUNIPER}1.13.1",
            (
                state(6, OPERATING),
                celsius(7, unknown={0}),
                processor(8, zero_with=11),
                pool(size=15, percent=11, unit=MEBIBYTE),
            ),
            name=(5,),
        ),
        Readings(  # jnxDomCurrentTable: hundredths of dBm, microamperes
            f"{JUNIPER}60.1.1.1.1",
            (
                dbm(5, "receive", per=100),
                amperes(6, "bias", per=1e6),
                dbm(7, "transmit", per=100),
                celsius(8),
            ),
            names=IF_NAME,
            prefix="transceiver",
        ),
    ],
)

TIMOS = f"{E}6527.3.1.2."
nokia_timos = readings(
    "nokia_timos",
    "TiMOS: memory in kilobytes (1000); transceivers as text in 1/256 degree, 2 microamperes, "
    "100 microvolts.",
    under=[6527],
    scalars=[
        processor(f"{TIMOS}1.1.1.0", "processor"),
        pool("memory", used=f"{TIMOS}1.1.11.0", free=f"{TIMOS}1.1.10.0", unit=1000),
    ],
    tables=[
        Readings(
            f"{TIMOS}2.1.8.1", (celsius(18, unknown={-128, 0, -1}),), name=(8,), prefix="hardware"
        ),  # tmnxHwTemperature
        Readings(  # tmnxDigitalDiagMonitorTable
            f"{TIMOS}2.4.31.1",
            (celsius(1, per=256), volts(6, per=10000), amperes(11, "bias", per=500_000)),
            prefix="transceiver",
        ),
        Readings(f"{TIMOS}2.4.66.1", (amperes(7, "bias", per=500_000),), prefix="lane"),
        Readings(  # MW-MIB: microwave links
            f"{E}6527.6.1.2.2.7.1.2.1", (hertz(11, per=1e-6),), prefix="radio"
        ),
        Readings(f"{E}6527.6.1.2.2.7.1.6.1", (celsius(12),), prefix="radio unit"),
    ],
)

IPOS = f"{E}193.218.2."
ericsson_ipos = readings(
    "ericsson_ipos",
    "SSR and SmartEdge (ERICSSON-ROUTER-MIBs): fans, temperatures; transceivers in thousandths by kind.",
    under=[193, 2352],
    tables=[
        Readings(f"{IPOS}4.1.5.1", (rpm(3),), name=(2,)),
        Readings(f"{IPOS}4.1.6.1", (celsius(3),), name=(2,)),
        TypedReadings(
            f"{IPOS}50.1.2.1",
            value=3,
            kind=1,
            prefix="transceiver",
            kinds={3: celsius("", per=1000), 4: amperes("", "bias", per=1e6), 6: volts("", per=1000)},
        ),
        Readings(f"{E}193.223.2.4.1.1", (celsius(2),), prefix="MINI-LINK"),
        Readings(f"{E}2352.2.4.1.6.1", (celsius(3),), name=(2,)),
        Readings(f"{E}2352.2.4.1.5.1", (rpm(3),), name=(2,)),
    ],
)

CIENA, CHASSIS = f"{E}1271.2.1.", f"{E}1271.2.1.5.1.2.1."
ciena = readings(
    "ciena",
    "SAOS: degrees, rpm, millivolts; transceivers in millivolts, milliamperes; 6500 RLS slots.",
    under=[1271, 6141],
    tables=[
        Readings(f"{CHASSIS}2.1.1", (rpm(5),), name=(2,), prefix="fan"),
        Readings(f"{CHASSIS}3.2.1", (celsius(4),), name=(3,), prefix="fan tray"),
        Readings(f"{CHASSIS}4.35.1", (celsius(4),), prefix="module"),
        Readings(f"{CHASSIS}4.37.1", (volts(4, per=1000),), prefix="supply"),
        Readings(f"{CHASSIS}4.5.1", (processor(4),), prefix="slot"),
        Readings(f"{CIENA}2.1.2.3.1", (celsius(3),), name=(2,)),
        Readings(
            f"{CIENA}9.1.1.1.1",
            (
                celsius(3),
                volts(4, per=1000),
                amperes(5, "bias", per=1000),
                watts(6, "receive", per=1e6),
                watts(35, "transmit", per=1e6),
            ),
            prefix="transceiver",
        ),
        Readings(f"{E}6141.2.60.4.1.1.1.1", (celsius(16),), prefix="transceiver"),
        Readings(f"{E}1271.4.1.1.1.1.1.1", (celsius(29),), prefix="slot"),
    ],
)

EXTREME = f"{E}1916.1."
extreme = readings(
    "extreme",
    "EXOS: temperature, fans, supplies in milliwatts, processors and memory (KiB) by slot.",
    under=[1916],
    scalars=[celsius(f"{EXTREME}1.1.8.0", "chassis"), processor(f"{EXTREME}32.1.2.0", "processor")],
    tables=[
        Readings(f"{EXTREME}1.1.9.1", (rpm(4), state(2, {1: 0, 2: 2})), prefix="fan"),
        Readings(f"{EXTREME}1.1.27.1", (watts(9, per=1000), state(2, {1: 3, 2: 0, 3: 2})), prefix="supply"),
        Readings(
            f"{EXTREME}32.1.4.1", (processor(9),), prefix="slot"
        ),  # extremeCpuMonitorTotalUtilization, 5 min
        Readings(f"{EXTREME}32.2.2.1", (pool(size=2, free=3, unit=KIBIBYTE),), prefix="slot"),
    ],
)

RAPID_CITY = f"{E}2272.1."
voss = readings(
    "voss",
    "VOSS, Fabric Engine, ERS 8000 (RAPID-CITY): percent, degrees, memory in KiB.",
    under=[2272, 1916, 45],
    scalars=[
        celsius(f"{RAPID_CITY}212.1.0", "processor"),
        celsius(f"{RAPID_CITY}212.2.0", "MAC"),
        celsius(f"{RAPID_CITY}212.3.0", "PHY 1"),
        celsius(f"{RAPID_CITY}212.4.0", "PHY 2"),
    ],
    tables=[
        Readings(
            f"{RAPID_CITY}85.10.1.1", (processor(3), pool(used=6, free=7, unit=KIBIBYTE)), prefix="slot"
        ),
        Readings(f"{RAPID_CITY}101.1.1.2.1", (celsius(3),), name=(2,)),
    ],
)

ENTERASYS = f"{E}5624.1.2.49.1."
enterasys = readings(
    "enterasys",
    "ENTERASYS-RESOURCE-UTILIZATION-MIB: tenths of a percent of the last five minutes, KiB.",
    under=[5624, 52],
    tables=[
        Readings(f"{ENTERASYS}1.1.1", (processor(4, per=10),), prefix="processor"),
        Readings(f"{ENTERASYS}3.1.1", (pool(size=4, free=5, unit=KIBIBYTE),), name=(3,)),
    ],
)

NORTEL = f"{E}45.1.6.3."
nortel = readings(
    "nortel",
    "BayStack and ERS (S5-CHASSIS-MIB): half degrees, percent, MiB.",
    under=[45],
    tables=[
        Readings(f"{NORTEL}7.1.1.5", (celsius(5, per=2),), prefix="unit"),
        Readings(f"{NORTEL}8.1.1.1", (processor(5), pool(size=9, free=10, unit=MEBIBYTE)), prefix="unit"),
    ],
)

MIKROTIK = f"{E}14988.1.1."
# mtxrGaugeUnit
UNITS = {
    1: celsius(""), 2: rpm(""), 3: volts("", per=10), 4: amperes("", per=10), 5: watts("", per=10),
    6: state("", {0: 0, 1: 2}),
}  # fmt: skip
mikrotik = readings(
    "mikrotik",
    "RouterOS and SwOS: health (tenths), gauges, PoE, transceivers; older versions without gauges "
    "have scalars only.",
    under=[14988],
    scalars=[
        volts(f"{MIKROTIK}3.8.0", "supply", per=10),
        celsius(f"{MIKROTIK}3.10.0", "system", per=10),
        celsius(f"{MIKROTIK}3.11.0", "processor", per=10),
        watts(f"{MIKROTIK}3.12.0", "system", per=10),
        amperes(f"{MIKROTIK}3.13.0", "system", per=1000),
        rpm(f"{MIKROTIK}3.17.0", "fan 1"),
        rpm(f"{MIKROTIK}3.18.0", "fan 2"),
    ],
    tables=[
        TypedReadings(f"{MIKROTIK}3.100.1", value=3, kind=4, kinds=UNITS, name=(2,), prefix="gauge"),
        Readings(
            f"{MIKROTIK}15.1.1",
            (volts(4, per=10), amperes(5, per=1000), watts(6, per=10)),
            prefix="PoE",
            names=IF_NAME,
        ),
        Readings(
            f"{MIKROTIK}19.1.1",
            (
                celsius(6),
                volts(7, per=1000),
                amperes(8, "bias", per=1000),
                dbm(9, "transmit", per=1000),
                dbm(10, "receive", per=1000),
            ),
            name=(2,),
            prefix="transceiver",
        ),
    ],
)

ZTE = f"{E}3902.1082.10."
zte = readings(
    "zte",
    "ZXA10 access nodes (ZXAN-*-MIB): memory in MiB, milliwatts, millivolts; ZXDSL.",
    under=[3902],
    scalars=[celsius(f"{E}3902.1004.3.1.2.1.0", "system")],
    tables=[
        Readings(
            f"{ZTE}1.2.4.1",
            (processor(9), pool(size=19, percent=11, unit=MEBIBYTE)),
            name=(4,),
            prefix="card",
        ),
        Readings(
            f"{ZTE}10.2.1.6.1",
            (celsius(2), watts(3, per=1000), volts(4, per=1000), amperes(5, per=1000)),
            prefix="card",
        ),
        Readings(f"{ZTE}10.2.3.11.1", (volts(2),), prefix="supply"),
        Readings(f"{ZTE}10.2.4.11.1", (rpm(7),), prefix="fan"),
    ],
)

ONEACCESS = f"{E}13191.10.3.3.1."
oneaccess = readings(
    "oneaccess",
    "OneOS (ONEACCESS-SYS-MIB): percent, bytes.",
    under=[13191],
    scalars=[pool("memory", size=f"{ONEACCESS}1.3.0", free=f"{ONEACCESS}1.1.0")],
    tables=[Readings(f"{ONEACCESS}2.3.1", (processor(3),), prefix="core")],
)

ZHONE = f"{E}5504.3.3."
zhone = readings(
    "zhone",
    "SLMS cards: percent, memory in KiB.",
    under=[5504],
    tables=[Readings(f"{ZHONE}3.1", (processor(5), pool(size=3, free=2, unit=KIBIBYTE)), prefix="card")],
)

small_routers = readings(
    "small_routers",
    "LANCOM (LCOS-MIB), Patton (SMARTNODE-MIB), Siklu, DrayTek, Adtran, Firetide and others: "
    "degrees, percent, KiB.",
    under=[2356, 1768, 31926, 7367, 664, 30140, 13191, 161, 1732, 40748, 4413],
    scalars=[
        celsius(f"{E}2356.11.1.47.20.0", "system"), processor(f"{E}2356.11.1.47.2.0", "processor"),
        pool("memory", size=f"{E}2356.11.1.47.6.0", free=f"{E}2356.11.1.47.7.0", unit=KIBIBYTE),
        celsius(f"{E}31926.1.2.0", "system"), volts(f"{E}31926.1.1.0", "system"),
        processor(f"{E}664.5.53.1.4.1.0", "processor"),
        pool("memory", size=f"{E}664.5.53.1.4.7.0", free=f"{E}664.5.53.1.4.8.0"),
        celsius(f"{E}30140.3.3.0", "system"), volts(f"{E}30140.3.4.0", "supply", per=1000),
        celsius(f"{E}161.19.3.3.1.35.0", "radio"),
        celsius(f"{E}1732.2.1.10.0", "system"),
        celsius(f"{E}40748.2.3.0", "system"),
        celsius(f"{E}12919.6.5.0", "transceiver"), volts(f"{E}12919.6.6.0", "transceiver"),
    ],
    tables=[
        Readings(f"{E}1768.100.70.10.2.1", (processor(2),), prefix="processor"),
        Readings(f"{E}1768.100.70.20.2.1", (pool(used=3, free=4),), name=(1,)),
        Readings(f"{E}1768.100.70.30.2.1", (celsius(2),), prefix="probe"),
    ],
)  # fmt: skip
