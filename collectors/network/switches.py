"""Switches: Edgecore (ECS*-MIB), IP Infusion OcNOS (IPI-CMM-CHASSIS-MIB), Zyxel (ZYXEL-*-MIB), FS
(FS-*-MIB), D-Link (DLINKSW-*-MIB), TP-Link (TPLINK-*-MIB), Allied Telesis (AT-ENVMONv2-MIB,
AT-SYSINFO-MIB), DCN and SNR, Netonix (NETONIX-SWITCH-MIB), Raisecom (RAISECOM-SYSTEM-MIB).
"""

from soc.collect import (
    Readings,
    TypedReadings,
    amperes,
    celsius,
    dbm,
    pool,
    processor,
    readings,
    rpm,
    volts,
    watts,
)

E = "1.3.6.1.4.1."
IF_NAME = "1.3.6.1.2.1.31.1.1.1.1.1"
KIBIBYTE = 1024

# each series of switches has the same tables under a number of its own
_SERIES = (22, 24, 27, 39, 42, 43, 45, 46)
edgecore = readings(
    "edgecore",
    "Processor, memory in bytes, fans, temperatures, and transceivers, whose values are text.",
    under=[259],
    scalars=[
        item
        for series in _SERIES
        for item in (
            processor(f"{E}259.10.1.{series}.1.39.2.1.0", "processor"),
            pool("memory", size=f"{E}259.10.1.{series}.1.39.3.1.0", free=f"{E}259.10.1.{series}.1.39.3.3.0"),
        )
    ],
    tables=[
        item
        for series in _SERIES
        for item in (
            Readings(
                f"{E}259.10.1.{series}.1.1.9.1", (rpm(6),), prefix="fan", under=(f"{E}259.10.1.{series}",)
            ),
            Readings(
                f"{E}259.10.1.{series}.1.1.11.1",
                (celsius(3),),
                prefix="switch",
                under=(f"{E}259.10.1.{series}",),
            ),
            Readings(
                f"{E}259.10.1.{series}.1.2.11.1",
                (celsius(2), volts(3), amperes(4, "bias", per=1000), dbm(5, "transmit"), dbm(6, "receive")),
                prefix="port",
                under=(f"{E}259.10.1.{series}",),
            ),
        )
    ],
)

OCNOS = f"{E}36673.100.1."
OCNOS_NONE = {-100001}
ocnos = readings(
    "ocnos",
    "Sensors in thousandths of the unit that stands beside them; transceivers.",
    under=[36673],
    tables=[
        TypedReadings(
            f"{OCNOS}5.1.1",
            value=3,
            kind=4,
            name=(2,),
            kinds={
                "degrees c": celsius("", per=1000, unknown=OCNOS_NONE),
                "rpm": rpm("", per=1000),
                "volts": volts("", per=1000, unknown=OCNOS_NONE),
                "amps": amperes("", per=1000, unknown=OCNOS_NONE),
                "watts": watts("", per=1000, unknown=OCNOS_NONE),
            },
        ),
        Readings(
            f"{OCNOS}2.3.1",
            (celsius(2, per=100, unknown=OCNOS_NONE), volts(7, per=1000, unknown=OCNOS_NONE)),
            prefix="transceiver",
        ),
        Readings(f"{OCNOS}2.3.1", (amperes(12, "bias", per=1000, unknown=OCNOS_NONE),), prefix="lane"),
    ],
)

ES = f"{E}890.1.15.3."
zyxel = readings(
    "zyxel",
    "Switches (ZYXEL-HW-MONITOR-MIB, ZYXEL-SYS-MEMORY-MIB): rpm, degrees, millivolts; ZyWALL.",
    under=[890],
    scalars=[
        processor(f"{ES}2.7.0", "processor"),
        processor(f"{E}890.1.15.3.2.4.0", "processor"),
        processor(f"{E}890.1.6.22.1.1.0", "processor"), pool("memory", percent=f"{E}890.1.6.22.1.2.0"),
        processor(f"{E}890.1.15.3.80.1.2.0", "processor"),
    ],
    tables=[
        Readings(f"{ES}26.1.1.1", (rpm(3),), name=(2,)),
        Readings(f"{ES}26.1.2.1", (celsius(3),), name=(2,)),
        Readings(f"{ES}26.1.3.1", (volts(3, per=1000),), name=(2,)),
        Readings(f"{ES}50.1.1.1", (pool(size=3, used=4, percent=5),), name=(2,)),
    ],
)  # fmt: skip

IES, MSC = f"{E}890.1.5.13.5.11.3.", f"{E}890.1.5.13.13.5."
zyxel_access = readings(
    "zyxel_access",
    "IES and MSAN shelves: fans, temperatures, millivolts, processors and memory in percent.",
    under=[890],
    tables=[
        Readings(f"{IES}1.1", (rpm(2),), prefix="fan"),
        Readings(f"{IES}2.1", (volts(2, per=1000),), prefix="voltage"),
        Readings(f"{IES}3.1", (celsius(2),), prefix="temperature"),
        Readings(f"{IES}4.1", (processor(2),), prefix="processor"),
        Readings(f"{MSC}4.1", (rpm(1),), prefix="fan"),
        Readings(f"{MSC}5.1", (celsius(1),), prefix="slot"),
        Readings(f"{MSC}6.1", (volts(1, per=1000),), prefix="slot"),
        Readings(f"{MSC}8.1", (pool(percent=3),), prefix="slot"),
        Readings(f"{MSC}9.1", (processor(3),), prefix="slot"),
    ],
)

RUIJIE = f"{E}52642.1.1.10.2."
CENTEC = f"{E}52642.1.37.1."
SW27975 = f"{E}27975.37.1."
fs = readings(
    "fs",
    "FS.com: switches after Ruijie's MIBs (FS-SYSTEM-MIB, FS-MEMORY-MIB) and after Centec's.",
    under=[52642, 27975],
    tables=[
        Readings(f"{RUIJIE}36.1.2.1", (processor(5), processor(4)), name=(2,)),
        Readings(f"{RUIJIE}35.1.2.1", (pool(size=6, used=7, unit=KIBIBYTE),), name=(2,)),
        Readings(
            f"{RUIJIE}1.1.41.1", (volts(11, "input", unknown={-1}), watts(15, unknown={-1})), prefix="supply"
        ),
        Readings(f"{RUIJIE}1.1.43.1", (rpm(6),), prefix="fan"),
        Readings(f"{RUIJIE}1.1.44.1", (celsius(5),), name=(3,), prefix="temperature"),
        Readings(
            f"{RUIJIE}105.1.1.1",
            (celsius(17), volts(19, per=1000), amperes(21, "bias", per=1000)),
            names=IF_NAME,
        ),
        *(
            item
            for base in (CENTEC, SW27975)
            for item in (
                Readings(f"{base}3.1.4.1", (celsius(1),), prefix="system"),
                Readings(f"{base}10.2.1", (celsius(5),), name=(2,), prefix="transceiver"),
                Readings(f"{base}10.3.1", (volts(5),), name=(2,), prefix="transceiver"),
                Readings(f"{base}10.4.1", (amperes(5, "bias", per=1000),), name=(2,), prefix="transceiver"),
            )
        ),
    ],
)

DLINK = f"{E}171.14.5.1."
d_link = readings(
    "d_link",
    "D-Link (DLINKSW-ENTITY-EXT-MIB, DLINKSW-DDM-MIB, AGENT-GENERAL-MIB): memory in KiB, thousandths.",
    under=[171],
    scalars=[processor(f"{E}171.12.1.1.6.2.0", "processor")],
    tables=[
        item
        for base, optics in (
            (DLINK, f"{E}171.14.72.1.4.1"),
            (f"{E}171.11.165.1000.5.1.", f"{E}171.11.165.1000.72.1.4.1"),
        )
        for item in (
            Readings(f"{base}1.1.1", (celsius(4),), name=(3,), prefix="temperature"),
            Readings(f"{base}4.1", (pool(size=3, used=4, unit=KIBIBYTE),), prefix="memory"),
            Readings(f"{base}7.1", (processor(5),), prefix="processor"),
            Readings(
                f"{optics}.1",
                (celsius(1, per=1000), volts(7, per=100), amperes(13, "bias", per=1000)),
                names=IF_NAME,
                prefix="transceiver",
            ),
        )
    ],
)

TP_LINK = f"{E}11863.6."
tp_link = readings(
    "tp_link",
    "JetStream: percent; PoE in tenths of a watt; transceivers as text.",
    under=[11863],
    scalars=[
        watts(f"{TP_LINK}56.1.1.1.1.0", "PoE limit", per=10), watts(f"{TP_LINK}56.1.1.1.3.0", "PoE", per=10),
        watts(f"{TP_LINK}56.1.1.1.4.0", "PoE remaining", per=10),
    ],
    tables=[
        Readings(f"{TP_LINK}4.1.1.1.1", (processor(2),), prefix="processor"),
        Readings(f"{TP_LINK}4.1.2.1.1", (pool(percent=2),), prefix="memory"),
        Readings(f"{TP_LINK}56.1.1.2.1.1", (watts(7, per=10),), prefix="PoE port"),
        Readings(
            f"{TP_LINK}96.1.7.1.1", (celsius(2), volts(3), amperes(4, "bias", per=1000)), names=IF_NAME,
            prefix="transceiver",
        ),
    ],
)  # fmt: skip

AT = f"{E}207.8.4.4."
allied_telesis = readings(
    "allied_telesis",
    "AlliedWare Plus: rpm, millivolts, degrees; transceivers by channel.",
    under=[207],
    scalars=[
        processor(f"{AT}3.3.3.0", "processor"),
        pool("memory", size=f"{AT}3.7.2.0", free=f"{AT}3.7.1.0", unit=KIBIBYTE),
    ],
    tables=[
        Readings(f"{AT}3.12.1.1", (rpm(5),), name=(4,), prefix="fan"),
        Readings(f"{AT}3.12.2.1", (volts(5, per=1000),), name=(4,)),
        Readings(f"{AT}3.12.3.1", (celsius(5),), name=(4,)),
        Readings(f"{AT}3.28.1.1.1", (celsius(3, per=1000),), prefix="transceiver"),
        Readings(f"{AT}3.28.1.2.1", (volts(3, per=10000),), prefix="transceiver"),
        Readings(f"{AT}3.28.1.3.1", (amperes(3, "bias", per=1e6),), prefix="transceiver"),
    ],
)

dcn = readings(
    "dcn",
    "DCN, SNR and Edge-core's kin after NAG-MIB: memory in bytes, fans, transceivers as text.",
    under=[6339, 40418],
    scalars=[
        item
        for base in (f"{E}6339.100.1.", f"{E}40418.7.100.1.")
        for item in (
            processor(f"{base}11.10.0", "processor"),
            pool("memory", size=f"{base}11.6.0", used=f"{base}11.7.0"),
            celsius(f"{base}8.1.10.1", "switch"),
        )
    ],
    tables=[
        Readings(
            f"{base}30.1.1",
            (celsius(2), volts(7), amperes(12, "bias", per=1)),
            names=IF_NAME,
            prefix="transceiver",
        )
        for base in (f"{E}6339.100.", f"{E}40418.7.100.")
    ],
)

NETONIX = f"{E}46242."
netonix = readings(
    "netonix",
    "WISP switches (NETONIX-SWITCH-MIB): hundredths of a volt, tenths of watts and amperes.",
    under=[46242],
    scalars=[watts(f"{NETONIX}6.0", "total", per=10), amperes(f"{NETONIX}7.0", "input", per=10)],
    tables=[
        Readings(f"{NETONIX}2.1", (rpm(2),), prefix="fan"),
        Readings(f"{NETONIX}3.1", (celsius(3),), name=(2,)),
        Readings(f"{NETONIX}4.1", (volts(3, per=100),), name=(2,)),
    ],
)

RAISECOM = f"{E}8886.1.1."
raisecom = readings(
    "raisecom",
    "ROS (RAISECOM-SYSTEM-MIB): thousandths of a degree or volt.",
    under=[8886],
    tables=[
        Readings(f"{RAISECOM}4.2.1", (celsius(2, per=1000),), prefix="switch"),
        Readings(f"{RAISECOM}4.3.1.1", (volts(3, per=1000),), prefix="voltage"),
    ],
)
