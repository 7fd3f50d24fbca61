"""DC power plants, inverters, meters and lesser UPSes: Eltek (ELTEK-DISTRIBUTED-MIB, SP2-MIB), Alpha
(ARGUS-POWER-SYSTEM-MIB, COMPAS), Dell UPS (DELL-SNMP-UPS-MIB), XPPC-MIB (Phoenixtec, Megatec), Eaton
Matrix, Socomec, Delta (DeltaUPS-MIB), Janitza (JANITZA-MIB), e3meter, ICT, Exeltech, IMCO, BKE, RACOM,
Tait, Loop, SAF.
"""

from soc.collect import (
    Readings,
    amperes,
    celsius,
    charge,
    hertz,
    humidity,
    load_ratio,
    minutes,
    readings,
    seconds,
    volts,
    watts,
)

E = "1.3.6.1.4.1."

ELTEK, VALERE = f"{E}12148.9.", f"{E}13858.2."
eltek = readings(
    "eltek",
    "Smartpack and WebPower: hundredths of a volt, tenths of an ampere by rectifier; Valere's controllers.",
    under=[12148, 13858],
    scalars=[
        volts(f"{ELTEK}3.2.0", "battery", per=100),
        amperes(f"{ELTEK}3.3.0", "battery"),
        celsius(f"{ELTEK}3.4.0", "battery"),
        minutes(f"{ELTEK}3.20.1.0"),
        amperes(f"{ELTEK}4.1.0", "distribution"),
        load_ratio(f"{ELTEK}5.4.0", "rectifiers"),
        volts(f"{ELTEK}6.1.0", "input L1"),
        volts(f"{ELTEK}6.2.0", "input L2"),
        volts(f"{ELTEK}6.3.0", "input L3"),
        volts(f"{VALERE}3.2.0", "system", per=100),
        amperes(f"{VALERE}3.3.0", "system"),
        celsius(f"{VALERE}3.5.0", "controller"),
    ],
    tables=[
        Readings(f"{ELTEK}5.5.2.1", (amperes(3, per=10), volts(4, per=100), celsius(5)), prefix="rectifier"),
        Readings(f"{VALERE}1.6.1", (amperes(4, per=100),), prefix="module"),
    ],
)

CORDEX, COMPAS = f"{E}7309.5.3.1.", f"{E}26854.3.2.1.20.1.20.1.13.3."
alpha = readings(
    "alpha",
    "Cordex controllers in thousandths; Comp@s gateways as text.",
    under=[7309, 26854],
    scalars=[
        amperes(f"{CORDEX}1.0", "output", per=1000), watts(f"{CORDEX}2.0", "output", per=1000),
        volts(f"{CORDEX}6.0", "input", per=1000), volts(f"{CORDEX}10.0", "system", per=1000),
        amperes(f"{CORDEX}11.0", "load", per=1000), volts(f"{CORDEX}12.0", "battery", per=1000),
        amperes(f"{CORDEX}13.0", "battery", per=1000), celsius(f"{CORDEX}14.0", "battery", per=1000),
        volts(f"{COMPAS}11.0", "bus"), amperes(f"{COMPAS}21.0", "output"), amperes(f"{COMPAS}22.0", "load"),
        amperes(f"{COMPAS}61.0", "battery"), celsius(f"{COMPAS}71.0", "battery"), charge(f"{COMPAS}91.0"),
        minutes(f"{COMPAS}92.0"),
    ],
)  # fmt: skip

DELL = f"{E}674.10902.2.120."
dell_ups = readings(
    "dell_ups",
    "Dell UPSes (DELL-SNMP-UPS-MIB): consumption and runtime; the rest is in UPS-MIB.",
    under=["1.3.6.1.4.1.674.10902"],
    scalars=[watts(f"{DELL}2.6.0", "system"), seconds(f"{DELL}5.3.0")],
)

XPPC, MATRIX = f"{E}935.1.1.1.", f"{E}935.10.2.1."
xppc = readings(
    "xppc",
    "Phoenixtec, Megatec and their brands (XPPC-MIB): tenths; Matrix inverters and static switches.",
    under=[935],
    scalars=[
        charge(f"{XPPC}2.2.1.0"),
        volts(f"{XPPC}2.2.2.0", "battery", per=10),
        celsius(f"{XPPC}2.2.3.0", "battery", per=10),
        minutes(f"{XPPC}2.2.4.0", per=60),
        amperes(f"{XPPC}2.2.7.0", "battery", per=10),
        volts(f"{XPPC}3.2.1.0", "input", per=10),
        hertz(f"{XPPC}3.2.4.0", "input", per=10),
        volts(f"{XPPC}4.2.1.0", "output", per=10),
        hertz(f"{XPPC}4.2.2.0", "output", per=10),
        load_ratio(f"{XPPC}4.2.3.0", "output"),
        celsius(f"{MATRIX}1.4.0", "controller", per=10),
    ],
    tables=[
        Readings(
            f"{MATRIX}2.2.1",
            (
                amperes(7, per=10),
                volts(8, "input", per=10),
                volts(9, "output", per=10),
                watts(10),
                celsius(13, per=10),
            ),
            prefix="inverter",
        ),
        Readings(
            f"{MATRIX}3.2.1",
            (
                volts(9, "inverter", per=10),
                volts(10, "line", per=10),
                volts(11, "output", per=10),
                amperes(12, per=10),
                watts(13),
                celsius(16, per=10),
            ),
            prefix="static switch",
        ),
    ],
)

SOCOMEC, NETVISION = f"{E}4555.2.30.2.", f"{E}4555.1.1.7.1."
socomec = readings(
    "socomec",
    "PDUs in tenths; Net Vision UPS cards (SOCOMECUPS7-MIB) in tenths of volts, amperes, hertz.",
    under=[4555, 8072],
    scalars=[
        hertz(f"{SOCOMEC}1.0", "output", per=10),
        *(volts(f"{SOCOMEC}{2 * n}.0", f"line {n}", per=10) for n in (1, 2, 3)),
        *(amperes(f"{SOCOMEC}{2 * n + 1}.0", f"line {n}", per=10) for n in (1, 2, 3)),
        minutes(f"{NETVISION}2.3.0"),
        charge(f"{NETVISION}2.4.0"),
        volts(f"{NETVISION}2.5.0", "battery", per=10),
        celsius(f"{NETVISION}2.6.0", "battery"),
    ],
)

DELTA = f"{E}2254.2.4."
delta = readings(
    "delta",
    "Delta UPSes (DeltaUPS-MIB): tenths of volts, amperes, hertz; minutes.",
    under=[2254],
    scalars=[
        minutes(f"{DELTA}7.5.0"),
        volts(f"{DELTA}7.6.0", "battery", per=10),
        amperes(f"{DELTA}7.7.0", "battery", per=10),
        charge(f"{DELTA}7.8.0"),
        celsius(f"{DELTA}7.9.0", "battery"),
        hertz(f"{DELTA}4.2.0", "input", per=10),
        volts(f"{DELTA}4.3.0", "input 1", per=10),
        amperes(f"{DELTA}4.4.0", "input 1", per=10),
        hertz(f"{DELTA}5.2.0", "output", per=10),
        volts(f"{DELTA}5.4.0", "output 1", per=10),
        amperes(f"{DELTA}5.5.0", "output 1", per=10),
        load_ratio(f"{DELTA}5.7.0", "output 1"),
        celsius(f"{DELTA}10.1.0", "environment"),
        humidity(f"{DELTA}10.2.0", "environment"),
    ],
)

JANITZA = f"{E}34278."
janitza_four = readings(
    "janitza_four",
    "Network analysers with four lines (UMG 508, 509, 511, 604, 605): tenths of volts, milliamperes.",
    under=[f"{E}34278.{number}" for number in (*range(1, 8), *range(9, 40))],
    scalars=[
        *(volts(f"{JANITZA}1.{n}.0", f"L{n}", per=10) for n in range(1, 5)),
        *(
            volts(f"{JANITZA}1.{n + 4}.0", name, per=10)
            for n, name in ((1, "L1-L2"), (2, "L2-L3"), (3, "L3-L1"))
        ),
        *(amperes(f"{JANITZA}1.{n + 7}.0", f"L{n}", per=1000) for n in range(1, 5)),
        *(watts(f"{JANITZA}1.{n + 11}.0", f"L{n}") for n in range(1, 5)),
        hertz(f"{JANITZA}8.1.0", "mains", per=100),
    ],
)
janitza_three = readings(
    "janitza_three",
    "Network analysers with three lines (UMG 96): tenths of volts, milliamperes, watts.",
    under=[f"{E}34278.8"],
    scalars=[
        *(volts(f"{JANITZA}1.{n}.0", f"L{n}", per=10) for n in range(1, 4)),
        *(
            volts(f"{JANITZA}1.{n + 3}.0", name, per=10)
            for n, name in ((1, "L1-L2"), (2, "L2-L3"), (3, "L3-L1"))
        ),
        *(amperes(f"{JANITZA}1.{n + 6}.0", f"L{n}", per=1000) for n in range(1, 4)),
        *(watts(f"{JANITZA}1.{n + 12}.0", f"L{n}") for n in range(1, 4)),
        watts(f"{JANITZA}2.1.0", "sum"),
        hertz(f"{JANITZA}6.1.0", "mains", per=100),
    ],
)

E3METER = f"{E}21695.1.10."
e3meter = readings(
    "e3meter",
    "Intelligent power meters, alone or behind a concentrator: thousandths, watts, tenths of a degree.",
    under=[21695],
    tables=[
        Readings(f"{E3METER}4.1", (hertz(11, per=1000), watts(18)), prefix="meter"),
        Readings(f"{E3METER}5.1", (celsius(4, per=10),), prefix="meter"),
        Readings(
            f"{E3METER}7.2.1",
            (watts(5), volts(8, per=1000), amperes(9, per=1000), hertz(10, per=1000)),
            prefix="line",
        ),
        Readings(f"{E3METER}7.3.1", (celsius(4, per=10),), prefix="sensor"),
    ],
)

ICT, EXELTECH = f"{E}39145.", f"{E}30320.1.0."
inverters = readings(
    "inverters",
    "ICT panels and inverters as text, Exeltech transfer switches in tenths, IMCO UPSes in "
    "hundredths, BKE in tenths.",
    under=[39145, 30320, 33283, 27533],
    scalars=[
        volts(f"{ICT}10.6.0", "system"),
        amperes(f"{ICT}10.7.0", "system"),
        volts(f"{ICT}12.6.0", "battery"),
        volts(f"{ICT}12.7.0", "inverter"),
        load_ratio(f"{ICT}12.8.0", "inverter"),
        amperes(f"{EXELTECH}0.2.0", "battery", per=10),
        volts(f"{EXELTECH}0.3.0", "bus A", per=10),
        volts(f"{EXELTECH}0.4.0", "bus B", per=10),
        *(
            reading
            for n in (1, 2, 3)
            for reading in (
                volts(f"{EXELTECH}{n}.1.0", f"source {n}a", per=10),
                amperes(f"{EXELTECH}{n}.2.0", f"source {n}a", per=10),
                hertz(f"{EXELTECH}{n}.3.0", f"source {n}a", per=10),
                volts(f"{EXELTECH}{n}.4.0", f"source {n}b", per=10),
                amperes(f"{EXELTECH}{n}.5.0", f"source {n}b", per=10),
                hertz(f"{EXELTECH}{n}.6.0", f"source {n}b", per=10),
                volts(f"{EXELTECH}{n}.7.0", f"source {n} output", per=10),
                celsius(f"{EXELTECH}{n}.8.0", f"source {n}"),
            )
        ),
        celsius(f"{E}33283.1.30.5.1.3.0", "battery", per=100),
        volts(f"{E}33283.1.30.7.4.0", "battery 1", per=100),
        volts(f"{E}33283.1.30.7.5.0", "battery 2", per=100),
        amperes(f"{E}33283.1.30.7.6.0", "battery", per=10),
        charge(f"{E}33283.1.30.7.7.0", per=10),
        load_ratio(f"{E}33283.1.30.7.8.0", "output", per=10),
        amperes(f"{E}27533.5.2.2.0", "supply", per=10),
        volts(f"{E}27533.5.3.1.0", "charger", per=10),
        amperes(f"{E}27533.5.3.2.0", "charger", per=10),
        celsius(f"{E}27533.5.3.3.0", "charger", per=10),
    ],
    tables=[Readings(f"{ICT}10.8.1", (amperes(3),), name=(2,), prefix="output")],
)
