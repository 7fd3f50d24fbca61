"""Eaton, Powerware and MGE: UPSes and PDUs (XUPS-MIB, MG-SNMP-UPS-MIB, EATON-EPDU-MIB)."""

from soc.collect import (
    Readings,
    amperes,
    celsius,
    charge,
    hertz,
    humidity,
    load_ratio,
    readings,
    seconds,
    volts,
    watts,
)

XUPS = "1.3.6.1.4.1.534.1."
MGE = "1.3.6.1.4.1.705.1."
EPDU = "1.3.6.1.4.1.534.6.6.7."

powerware_ups = readings(
    "powerware_ups",
    "XUPS-MIB: seconds, whole volts, amperes, watts and degrees, tenths of a hertz.",
    under=[534, 705],
    scalars=[
        seconds(f"{XUPS}2.1.0"),
        volts(f"{XUPS}2.2.0", "battery"),
        amperes(f"{XUPS}2.3.0", "battery"),
        charge(f"{XUPS}2.4.0"),
        hertz(f"{XUPS}3.1.0", "input", per=10),
        load_ratio(f"{XUPS}4.1.0", "output"),
        hertz(f"{XUPS}4.2.0", "output", per=10),
        hertz(f"{XUPS}5.1.0", "bypass", per=10),
        celsius(f"{XUPS}6.1.0", "ambient"),
        celsius(f"{XUPS}6.5.0", "remote"),
        humidity(f"{XUPS}6.6.0", "remote"),
    ],
    tables=[
        Readings(f"{XUPS}3.4.1", (volts(2), amperes(3), watts(4)), prefix="input"),
        Readings(f"{XUPS}4.4.1", (volts(2), amperes(3), watts(4)), prefix="output"),
        Readings(f"{XUPS}5.3.1", (volts(2),), prefix="bypass"),
    ],
)

mge_ups = readings(
    "mge_ups",
    "MG-SNMP-UPS-MIB: tenths of volts, amperes and hertz.",
    under=[705],
    scalars=[
        seconds(f"{MGE}5.1.0"),
        charge(f"{MGE}5.2.0"),
        volts(f"{MGE}5.5.0", "battery", per=10),
        amperes(f"{MGE}5.6.0", "battery", per=10),
        celsius(f"{MGE}5.7.0", "battery"),
        celsius(f"{MGE}8.1.0", "environment"),
        humidity(f"{MGE}8.2.0", "environment"),
    ],
    tables=[
        # upsmgInputPhaseTable, upsmgOutputPhaseTable
        Readings(f"{MGE}6.2.1", (volts(2, per=10), hertz(3, per=10), amperes(6, per=10)), prefix="input"),
        Readings(
            f"{MGE}7.2.1",
            (volts(2, per=10), hertz(3, per=10), load_ratio(4), amperes(5, per=10)),
            prefix="output",
        ),
        Readings(
            f"{MGE}8.7.1", (celsius(4, per=10), humidity(5, per=10)), name=(2,)
        ),  # upsmgEnvironmentSensor
    ],
)

eaton_pdu = readings(
    "eaton_pdu",
    "EATON-EPDU-MIB: millivolts, milliamperes, watts, tenths of a hertz, a degree and a percent.",
    under=[534],
    tables=[
        Readings(f"{EPDU}3.1.1", (hertz(3, per=10),), prefix="input"),
        Readings(f"{EPDU}3.2.1", (volts(3, per=1000),), prefix="input"),
        Readings(f"{EPDU}3.3.1", (amperes(4, per=1000),), prefix="input"),
        Readings(f"{EPDU}3.4.1", (watts(4),), prefix="input"),
        Readings(f"{EPDU}5.4.1", (volts(3, per=1000),), names=f"{EPDU}5.1.1.3", prefix="group"),
        Readings(f"{EPDU}5.5.1", (amperes(3, per=1000),), names=f"{EPDU}5.1.1.3", prefix="group"),
        Readings(f"{EPDU}5.6.1", (watts(3),), names=f"{EPDU}5.1.1.3", prefix="group"),
        Readings(f"{EPDU}6.3.1", (volts(2, per=1000),), names=f"{EPDU}6.1.1.3", prefix="outlet"),
        Readings(f"{EPDU}6.4.1", (amperes(3, per=1000),), names=f"{EPDU}6.1.1.3", prefix="outlet"),
        Readings(f"{EPDU}6.5.1", (watts(3),), names=f"{EPDU}6.1.1.3", prefix="outlet"),
        Readings(f"{EPDU}7.1.1", (celsius(4, per=10),), name=(2,), prefix="temperature"),
        Readings(f"{EPDU}7.2.1", (humidity(4, per=10),), name=(2,), prefix="humidity"),
    ],
)
