"""Vertiv, Liebert, Emerson and Geist: UPSes, PDUs, cooling, DC power (LIEBERT-GP-MIBs, UPS2000-MIB,
EES-POWER-MIB).
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
    volts,
    watts,
)

GP = "1.3.6.1.4.1.476.1.42.3."
PDU = f"{GP}8."

liebert = readings(
    "liebert",
    "UPSes and cooling (LIEBERT-GP-POWER-MIB, LIEBERT-GP-ENVIRONMENTAL-MIB).",
    under=[476],
    scalars=[
        minutes(f"{GP}5.1.18.0"),  # lgpPwrBatteryTimeRemaining
        charge(f"{GP}5.1.19.0"),
        volts(f"{GP}5.1.10.0", "battery"),
    ],
    tables=[
        Readings(f"{GP}4.1.3.3.1", (celsius(3),), prefix="temperature"),  # lgpEnvTemperatureTableDegC
        Readings(f"{GP}4.2.2.3.1", (humidity(3),), prefix="humidity"),  # lgpEnvHumidityTableRel
        Readings(  # lgpPwrMeasurementPtTable: kilowatts
            f"{GP}5.2.2.1",
            (hertz(6), watts(7, per=0.001), amperes(12, "neutral"), amperes(13, "ground", per=10)),
            prefix="point",
        ),
        Readings(  # lgpPwrLineMeasurementTable
            f"{GP}5.2.3.1",
            (volts(4, "line to line"), volts(5, "line to neutral"), amperes(6)),
            prefix="line",
        ),
    ],
)

liebert_pdu = readings(
    "liebert_pdu",
    "Rack PDUs MPH and MPX (LIEBERT-GP-PDU-MIB).",
    under=[476],
    tables=[
        Readings(f"{PDU}30.20.1", (watts(65), amperes(70, "neutral", per=10)), name=(10,), prefix="PDU"),
        Readings(
            f"{PDU}30.40.1", (volts(19, "line to neutral", per=10), amperes(22, per=100)), prefix="line"
        ),
        Readings(f"{PDU}40.20.1", (amperes(130, per=100), amperes(150, per=100)), name=(8,), prefix="branch"),
        Readings(f"{PDU}50.20.1", (volts(55), amperes(60, per=10), watts(65)), name=(10,), prefix="outlet"),
        Readings(f"{PDU}60.15.1", (celsius(70, per=10), humidity(95, per=10)), name=(35,)),
    ],
)

# Rooms behind an RDU or SmartCabinet gateway: one table a kind of device, 9999 where a phase is not there
DCS = "1.3.6.1.4.1.13400.3."
NONE = {9999}
vertiv_cabinet = readings(
    "vertiv_cabinet",
    "Smart cabinets (VERTIV-DCS): PDUs, UPS, cooling and sensors behind the gateway.",
    under=[13400, 2021],
    tables=[
        Readings(
            f"{DCS}2.225.1.1",
            (
                volts(3),
                amperes(4, "total", per=10, unknown=NONE),
                amperes(5, "branch 1", per=10, unknown=NONE),
                amperes(6, "branch 2", per=10, unknown=NONE),
                amperes(7, "branch 3", per=10, unknown=NONE),
                hertz(11, per=10),
                load_ratio(12, per=10),
            ),
            prefix="PDU",
        ),
        Readings(
            f"{DCS}4.491.1.1",
            (
                volts(2, "input A", per=10, unknown=NONE),
                volts(3, "input B", per=10, unknown=NONE),
                volts(4, "input C", per=10, unknown=NONE),
                volts(5, "output A", per=10, unknown=NONE),
                volts(6, "output B", per=10, unknown=NONE),
                volts(7, "output C", per=10, unknown=NONE),
                amperes(8, "output A", per=10, unknown=NONE),
                amperes(9, "output B", per=10, unknown=NONE),
                amperes(10, "output C", per=10, unknown=NONE),
                hertz(11, "output", per=10),
                amperes(16, "input A", per=10, unknown=NONE),
                amperes(17, "input B", per=10, unknown=NONE),
                amperes(18, "input C", per=10, unknown=NONE),
                hertz(19, "input", per=10),
                volts(23, "bypass A", per=10, unknown=NONE),
                volts(24, "bypass B", per=10, unknown=NONE),
                volts(25, "bypass C", per=10, unknown=NONE),
                hertz(29, "bypass", per=10),
                volts(30, "bus positive", per=10),
                volts(31, "bus negative", per=10),
                load_ratio(45, "A", per=10, unknown=NONE),
                load_ratio(46, "B", per=10, unknown=NONE),
                load_ratio(47, "C", per=10, unknown=NONE),
                volts(59, "battery", per=10),
                minutes(65, per=10),
                celsius(67, "ambient", per=10),
                charge(68, "battery", per=10),
            ),
            prefix="UPS",
        ),
        Readings(
            f"{DCS}3.3031.1.1",
            (
                celsius(56, "supply air", per=100, unknown=NONE),
                celsius(57, "return air", per=100, unknown=NONE),
                celsius(58, "outside air", per=100, unknown=NONE),
                celsius(59, "exhaust air", per=100, unknown=NONE),
                volts(64, per=100),
                load_ratio(76, "compressor", per=100),
            ),
            prefix="cooling",
        ),
        Readings(
            f"{DCS}5.541.1.1",
            (
                celsius(2, "front", per=10),
                celsius(3, "rear", per=10),
                celsius(19, "outside", per=10),
                humidity(20, "outside", per=10),
            ),
            prefix="cabinet",
        ),
    ],
)

ITA = "1.3.6.1.4.1.13400.2.54.2."
vertiv_ita = readings(
    "vertiv_ita",
    "Liebert ITA2 and GXE UPSes (UPS-ITA2-MIB).",
    under=[13400],
    scalars=[
        volts(f"{ITA}2.1.0", "input A", per=10),
        volts(f"{ITA}2.2.0", "input B", per=10, unknown=NONE),
        volts(f"{ITA}2.3.0", "input C", per=10, unknown=NONE),
        hertz(f"{ITA}2.4.0", "input", per=100),
        amperes(f"{ITA}2.5.0", "input A", per=10),
        amperes(f"{ITA}2.6.0", "input B", per=10, unknown=NONE),
        amperes(f"{ITA}2.7.0", "input C", per=10, unknown=NONE),
        volts(f"{ITA}3.1.0", "output A", per=10),
        volts(f"{ITA}3.2.0", "output B", per=10, unknown=NONE),
        volts(f"{ITA}3.3.0", "output C", per=10, unknown=NONE),
        amperes(f"{ITA}3.4.0", "output A", per=10),
        amperes(f"{ITA}3.5.0", "output B", per=10, unknown=NONE),
        amperes(f"{ITA}3.6.0", "output C", per=10, unknown=NONE),
        hertz(f"{ITA}3.7.0", "output", per=100),
        load_ratio(f"{ITA}3.14.0", "output A", per=10),
        load_ratio(f"{ITA}3.15.0", "output B", per=10, unknown=NONE),
        load_ratio(f"{ITA}3.16.0", "output C", per=10, unknown=NONE),
        hertz(f"{ITA}4.4.0", "bypass", per=100),
        volts(f"{ITA}5.1.0", "battery positive", per=10),
        volts(f"{ITA}5.2.0", "battery negative", per=10),
        amperes(f"{ITA}5.3.0", "positive battery charging", per=100),
        amperes(f"{ITA}5.4.0", "positive battery discharging", per=100),
        amperes(f"{ITA}5.5.0", "negative battery charging", per=100),
        amperes(f"{ITA}5.6.0", "negative battery discharging", per=100),
        minutes(f"{ITA}5.7.0"),
        celsius(f"{ITA}5.8.0", "battery", per=10),
        charge(f"{ITA}5.10.0"),
    ],
)

EES = "1.3.6.1.4.1.6302.2.1.2."
ees_power = readings(
    "ees_power",
    "DC power systems of Emerson Network Power (EES-POWER-MIB): millivolts, milliamperes, "
    "thousandths of a degree.",
    under=[6302, 8072],
    scalars=[
        volts(f"{EES}2.0", "system", per=1000),
        amperes(f"{EES}3.0", "system", per=1000),
        volts(f"{EES}5.1.0", "battery", per=1000),
        amperes(f"{EES}5.2.0", "battery", per=1000),
        volts(f"{EES}6.1.0", "input A", per=1000),
        volts(f"{EES}6.2.0", "input B", per=1000),
        volts(f"{EES}6.3.0", "input C", per=1000),
        volts(f"{EES}13.4.0", "converter", per=1000),
        amperes(f"{EES}13.5.0", "converter", per=1000),
    ],
    tables=[
        Readings(f"{EES}5.5.1", (amperes(2, per=1000),), prefix="battery"),
        Readings(f"{EES}5.5.5.1", (amperes(2, per=1000),), prefix="battery"),
        Readings(f"{EES}7.3.1", (celsius(2, per=1000),), prefix="temperature"),
        Readings(f"{EES}11.4.1", (amperes(6, per=1000),), prefix="rectifier"),
    ],
)

GEIST = "1.3.6.1.4.1.21239.5."
geist = readings(
    "geist",
    "Geist PDUs and Watchdog monitors (GEIST-IMD-MIB, GEIST-V4-MIB): tenths of volts and degrees.",
    under=[21239],
    tables=[
        Readings(f"{GEIST}1.2.1", (celsius(5, per=10), humidity(6)), name=(3,)),  # internalTable
        Readings(f"{GEIST}1.4.1", (celsius(5, per=10),), name=(3,)),  # tempSensorTable
        Readings(f"{GEIST}1.5.1", (celsius(6, per=10), humidity(7)), name=(3,)),  # airFlowSensorTable
        Readings(f"{GEIST}2.3.1.1", (watts(9),), name=(3,), prefix="PDU"),
        Readings(
            f"{GEIST}2.3.2.1", (volts(4, per=10), amperes(8, per=100), watts(12)), name=(3,), prefix="phase"
        ),
    ],
)  # fmt: skip
