"""Optical transport, microwave and broadcast: Infinera XTM (LUM-*-MIB) and IQNOS, Adva (CM-*-MIB, MRV's
NBS-*-MIB), Pan Dacom, Nokia 1830 PSS (TROPIC-*-MIB), PacketLight (SL-*-MIB), FibroLan, Loop, amplifiers
(NSCRTV-HFCEMS-*-MIB), Ceragon (MWRM-*-MIB), SAF, RACOM, DragonWave, Tait, Ecreso, Deva, Teleste, Terra,
Cisco SA receivers, Deltanet, UHP.
"""

from soc.collect import (
    Readings,
    amperes,
    celsius,
    hertz,
    processor,
    readings,
    rpm,
    volts,
    watts,
)

E = "1.3.6.1.4.1."

XTM = f"{E}8708.2."
infinera = readings(
    "infinera",
    "XTM: tenths of a degree, 100 microamperes; boards' processors and memory. IQNOS chassis.",
    under=[8708, 21296],
    tables=[
        Readings(f"{XTM}11.2.2.1.1", (celsius(11, per=10),), prefix="subrack"),
        Readings(f"{XTM}11.2.3.1.1", (celsius(8, per=10, unknown={-10000}),), name=(2,), prefix="board"),
        Readings(
            f"{XTM}19.2.2.1.1", (amperes(22, per=10000), celsius(43, per=10)), name=(2,), prefix="amplifier"
        ),
        Readings(f"{XTM}47.2.2.1.1", (amperes(4, per=10000), celsius(5, per=10)), name=(2,), prefix="laser"),
        Readings(f"{XTM}71.2.2.1.1", (processor(3),), name=(2,), prefix="board"),
        Readings(f"{E}21296.2.2.2.1.13.1.1", (celsius(9),), prefix="chassis"),
    ],
)

CM = f"{E}2544.1.12."
adva = readings(
    "adva",
    "FSP 150 (millivolts, milliamperes), Access Link Monitor (tenths), XG300 and OptiDriver.",
    under=[2544, 629, 6926],
    scalars=[
        celsius(f"{E}2544.1.14.2.1.11.0", "processor", per=10),
        celsius(f"{E}2544.1.14.2.1.13.0", "board", per=10),
    ],
    tables=[
        Readings(f"{CM}5.1.1.1", (celsius(39), amperes(32, "bias", per=1000)), prefix="access port"),
        Readings(f"{CM}5.1.5.1", (celsius(40), amperes(32, "bias", per=1000)), prefix="network port"),
        Readings(f"{CM}5.1.21.1", (celsius(41), amperes(32, "bias", per=1000)), prefix="ethernet port"),
        Readings(f"{CM}3.1.30.1", (volts(5, per=1000), celsius(6)), prefix="module"),
        Readings(f"{CM}3.1.32.1", (volts(5, per=1000), celsius(6)), prefix="card"),
        Readings(
            f"{E}629.1.50.11.1.13", (celsius(1, "ambient"), celsius(2, "packet processor")), prefix="switch"
        ),
        Readings(f"{E}629.200.6.1.1", (celsius(15),), prefix="chassis"),
        Readings(f"{E}629.200.7.1.1", (celsius(34),), prefix="slot"),
        Readings(
            f"{E}629.200.8.1.1",
            (celsius(30), amperes(33, "bias", per=1e6), volts(34, per=1000)),
            prefix="port",
        ),
        Readings(
            f"{E}6926.1.18.1.1.3.1",
            (celsius(3, per=10), volts(4, per=10000), amperes(5, "bias", per=1e6)),
            prefix="port",
        ),
    ],
)

PAN_DACOM = f"{E}3652.3."
pan_dacom = readings(
    "pan_dacom",
    "SPEED carriers: degrees, 10 microamperes.",
    under=[3652],
    tables=[
        Readings(f"{PAN_DACOM}3.1.8.1", (celsius(9),), prefix="port"),
        Readings(f"{PAN_DACOM}3.3.1.1", (celsius(7),), prefix="slot"),
        Readings(f"{PAN_DACOM}3.3.7.1", (celsius(7),), prefix="port"),
        Readings(f"{PAN_DACOM}3.6.1.1", (celsius(7),), prefix="slot"),
        Readings(f"{PAN_DACOM}3.6.4.1", (amperes(6, per=100_000), celsius(7)), prefix="port"),
        Readings(f"{PAN_DACOM}4.1.1.1", (celsius(7),), prefix="slot"),
        Readings(f"{PAN_DACOM}4.1.6.1", (celsius(16),), prefix="client port"),
        Readings(f"{PAN_DACOM}4.1.7.1", (celsius(19),), prefix="line port"),
        Readings(
            f"{PAN_DACOM}4.1.10.1", tuple(amperes(11 + n, f"lane {n}", per=100_000) for n in range(1, 5)),
            prefix="client port",
        ),
        Readings(f"{PAN_DACOM}4.1.11.1", (amperes(7, per=100_000),), prefix="line port"),
    ],
)  # fmt: skip

PSS = f"{E}7483.2.2."
nokia_pss = readings(
    "nokia_pss",
    "1830 PSS cards (milliwatts, milliamperes) and ports.",
    under=[7483],
    tables=[
        Readings(
            f"{PSS}3.1.2.1.2.1", (celsius(13), watts(38, per=1000), amperes(39, per=1000)), prefix="card"
        ),
        Readings(f"{PSS}4.3.4.76.1", (celsius(2, per=100),), prefix="port"),
        Readings(f"{PSS}4.3.5.71.1", (amperes(3, "bias"), celsius(4)), prefix="port"),
    ],
)

wdm = readings(
    "wdm",
    "PacketLight (1/256 degree), FibroLan (millivolts, milliamperes), Loop (as text), Deltanet, SRP "
    "amplifiers.",
    under=[4515, 4467, 823, 35616, 51628],
    scalars=[
        celsius(f"{E}4515.1.3.1.43.0", "device"),
        watts(f"{E}823.34441.1.10.5.0", "system"),
        celsius(f"{E}823.34441.1.10.11.0", "chassis"),
        celsius(f"{E}823.34441.1.10.16.0", "supply"),
        volts(f"{E}823.34441.1.10.15.0", "input"),
        *(volts(f"{E}823.34441.1.10.{17 + n}.0", f"channel {n}") for n in range(4)),
        *(amperes(f"{E}823.34441.1.10.{21 + n}.0", f"channel {n}") for n in range(4)),
        celsius(f"{E}35616.7.2.1.0", "chassis", per=100),
        celsius(f"{E}51628.1.2.5.0", "device"),
    ],
    tables=[
        Readings(f"{E}4515.1.10.2.1.1", (celsius(34, per=256),), prefix="transceiver"),
        Readings(
            f"{E}4467.1000.50.1.2.1",
            (
                celsius(3, unknown={-1}),
                amperes(4, "bias", per=1000, unknown={-1}),
                volts(5, per=1000, unknown={-1}),
            ),
            prefix="transceiver",
        ),
        Readings(f"{E}4467.100.500.20.1", (celsius(4, unknown={-1}),), prefix="chassis"),
        Readings(f"{E}4467.1000.10.1.120.1", (processor(2),), prefix="processor"),
        Readings(f"{E}35616.7.2.3.1", (rpm(3),), prefix="fan"),
        Readings(f"{E}35616.7.3.2.1", (celsius(10, "line"), celsius(20, "client")), prefix="card"),
    ],
)

HFC = f"{E}17409.1."
amplifiers = readings(
    "amplifiers",
    "Optical amplifiers (NSCRTV-HFCEMS-OPTICALAMPLIFIER-MIB, -COMMON-MIB): tenths, hundredths, milliamperes.",
    under=[17409],
    tables=[
        Readings(f"{HFC}3.3.2.2.1", (celsius(12),), prefix="device"),
        Readings(
            f"{HFC}11.4.1",
            (amperes(2, "bias", per=1000), amperes(3, "cooler", per=100), celsius(4, per=10)),
            prefix="pump",
        ),
        Readings(f"{HFC}11.7.1", (volts(2, per=10), amperes(3, per=100)), prefix="supply"),
    ],
)

microwave = readings(
    "microwave",
    "Ceragon, SAF (thousandths, tenths), RACOM (hundredths, tenths), DragonWave (tenths, "
    "hundredths), Aviat, UHP.",
    under=[2281, 7571, 33555, 7262, 8000],
    scalars=[
        celsius(f"{E}2281.10.1.1.9.0", "indoor unit"),
        volts(f"{E}2281.10.1.1.10.0", "system"),
        volts(f"{E}7571.100.1.1.7.9.4.5.0", "supply", per=1000),
        amperes(f"{E}7571.100.1.1.7.9.4.6.0", "supply", per=1000),
        watts(f"{E}7571.100.1.1.7.9.4.7.0", "supply", per=1000),
        celsius(f"{E}7571.100.1.1.7.9.4.8.0", "board", per=10),
        *(
            reading
            for tree in ("1", "4")
            for reading in (
                celsius(f"{E}33555.{tree}.1.4.2.0", "device", per=100),
                volts(f"{E}33555.{tree}.1.4.3.0", "supply", per=10),
            )
        ),
        celsius(f"{E}7262.2.4.1.1.8.0", "indoor unit", per=100),
        celsius(f"{E}8000.22.2.1.0", "device"),
    ],
    tables=[
        Readings(f"{E}2281.10.5.1.1", (celsius(24),), prefix="radio"),
        Readings(f"{E}7262.2.2.5.1.3", (celsius(6, per=10),), prefix="radio"),
        Readings(f"{E}7262.2.4.5.4.1.1", (celsius(14, per=10),), prefix="radio"),
    ],
)

TAIT, ECRESO = f"{E}3570.2.2.2.1.2.", f"{E}6404.3.1.2."
broadcast = readings(
    "broadcast",
    "FM transmitters and receivers (10 kHz), Tait base stations, Teleste, Terra, Cisco satellite receivers.",
    under=[3570, 6404, 8072, 35833, 42111, 3715, 30631, 1429],
    scalars=[
        hertz(f"{TAIT}2.2.2.6.0", "transmit"),
        hertz(f"{TAIT}2.2.2.7.0", "receive"),
        celsius(f"{TAIT}2.2.6.1.0", "reciter"),
        watts(f"{TAIT}2.3.2.1.0", "amplifier"),
        volts(f"{TAIT}2.4.2.3.0", "battery"),
        amperes(f"{TAIT}2.4.2.4.0", "output", per=1000),
        volts(f"{TAIT}2.4.2.5.0", "output", per=100),
        watts(f"{ECRESO}7.1.3.1.0", "output"),
        watts(f"{ECRESO}7.1.3.2.0", "reflected", per=10),
        hertz(f"{ECRESO}7.1.4.1.0", "carrier", per=1e-4),
        hertz(f"{E}35833.37.3.1.0", "carrier", per=1e-3),
        hertz(f"{E}42111.640.3.1.0", "carrier", per=1e-4),
        celsius(f"{E}30631.1.17.1.586.4.0", "chassis"),
        celsius(f"{E}30631.1.17.1.586.5.0", "demodulator"),
        volts(f"{E}30631.1.17.1.586.6.0", "supply", per=10),
    ],
    tables=[
        Readings(f"{ECRESO}11.1.3.1", (celsius(1),), prefix="sensor"),
        Readings(f"{E}3715.99.2.2.1.1", (celsius(3, per=10),), prefix="slot"),
        Readings(f"{E}1429.2.2.5.18.2.2.1", (rpm(3),), prefix="fan"),
    ],
)
