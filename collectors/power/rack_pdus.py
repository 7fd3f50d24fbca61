"""Rack PDUs of further makers: Server Technology (Sentry3-MIB, Sentry4-MIB), CyberPower (CPS-MIB), Tripp Lite
(TRIPPLITE-PRODUCTS), Schleifenbauer, Chatsworth (CPI-UNITY-MIB), Enlogic (ENLOGIC-PDU-MIB), Riedo Networks
(RNX-UPDU-MIB), Bachmann BlueNet, Dell (DELL-RPDU), Gude, Superior Power, digipower.
"""

from soc.collect import (
    Readings,
    amperes,
    celsius,
    charge,
    fahrenheit,
    hertz,
    humidity,
    load_ratio,
    readings,
    seconds,
    volts,
    watts,
)

SENTRY3, SENTRY4 = "1.3.6.1.4.1.1718.3.", "1.3.6.1.4.1.1718.4.1."
NONE = {-1}
NO_PROBE = {-1, -410}  # of st4TempSensorValue, which goes down to -40 degrees
server_technology = readings(
    "server_technology",
    "Sentry3-MIB and Sentry4-MIB: hundredths of an ampere, tenths of a volt and of a degree; "
    "-1 where there is none.",
    under=[1718],
    tables=[
        Readings(  # st4InputCordMonitorTable
            f"{SENTRY4}3.3.1",
            (watts(3, unknown=NONE), hertz(11, per=10, unknown=NONE)),
            names=f"{SENTRY4}3.2.1.3",
            prefix="cord",
        ),
        Readings(
            f"{SENTRY4}4.3.1", (amperes(3, per=100, unknown=NONE),), names=f"{SENTRY4}4.2.1.3", prefix="line"
        ),
        Readings(
            f"{SENTRY4}5.3.1",
            (volts(3, per=10, unknown=NONE), amperes(6, per=100, unknown=NONE), watts(8, unknown=NONE)),
            names=f"{SENTRY4}5.2.1.3",
            prefix="phase",
        ),
        Readings(
            f"{SENTRY4}7.3.1",
            (amperes(3, per=100, unknown=NONE),),
            names=f"{SENTRY4}7.2.1.3",
            prefix="branch",
        ),
        Readings(
            f"{SENTRY4}8.3.1",
            (amperes(3, per=100, unknown=NONE), volts(5, per=10, unknown=NONE), watts(7, unknown=NONE)),
            names=f"{SENTRY4}8.2.1.3",
            prefix="outlet",
        ),
        Readings(f"{SENTRY4}9.3.1", (celsius(1, per=10, unknown=NO_PROBE),), names=f"{SENTRY4}9.2.1.3"),
        Readings(f"{SENTRY4}10.3.1", (humidity(1),), names=f"{SENTRY4}10.2.1.3"),
        Readings(  # infeedTable
            f"{SENTRY3}2.2.1",
            (amperes(7, per=100, unknown=NONE), volts(11, per=10, unknown=NONE), watts(12, unknown=NONE)),
            name=(3,),
            prefix="infeed",
        ),
        Readings(
            f"{SENTRY3}2.3.1",
            (amperes(7, per=100, unknown=NONE), volts(13, per=10, unknown=NONE), watts(14, unknown=NONE)),
            name=(3,),
            prefix="outlet",
        ),
        Readings(
            f"{SENTRY3}2.5.1", (celsius(6, per=10, unknown=NONE), humidity(10)), name=(3,)
        ),  # tempHumidSensorTable
    ],
)

CPS = "1.3.6.1.4.1.3808.1.1."
cyberpower = readings(
    "cyberpower",
    "UPSes and PDUs (CPS-MIB): tenths; temperature of the environment sensor in tenths of a degree "
    "Fahrenheit.",
    under=[3808],
    scalars=[
        charge(f"{CPS}1.2.2.1.0"),
        volts(f"{CPS}1.2.2.2.0", "battery", per=10),
        celsius(f"{CPS}1.2.2.3.0", "battery"),
        seconds(f"{CPS}1.2.2.4.0", per=100),
        volts(f"{CPS}1.3.2.1.0", "input", per=10),
        hertz(f"{CPS}1.3.2.4.0", "input", per=10),
        volts(f"{CPS}1.4.2.1.0", "output", per=10),
        hertz(f"{CPS}1.4.2.2.0", "output", per=10),
        load_ratio(f"{CPS}1.4.2.3.0", "output"),
        amperes(f"{CPS}1.4.2.4.0", "output", per=10),
        watts(f"{CPS}1.4.2.5.0", "output"),
        fahrenheit(f"{CPS}4.2.1.0", "environment", per=10, unknown={0}),
        humidity(f"{CPS}4.3.1.0", "environment", unknown={0}),
    ],
    tables=[
        # ePDULoadStatusTable; outlets
        Readings(f"{CPS}3.2.3.1.1", (amperes(2, per=10), volts(6, per=10), watts(7)), prefix="load"),
        Readings(f"{CPS}3.3.5.1.1", (amperes(7, per=10), watts(8)), name=(2,), prefix="outlet"),
    ],
)

TRIPP = "1.3.6.1.4.1.850.1.1.3."
tripp_lite = readings(
    "tripp_lite",
    "UPSes, PDUs and transfer switches (TRIPPLITE-PRODUCTS): tenths of volts, hertz and degrees, "
    "hundredths of amperes.",
    under=[850],
    scalars=[
        celsius("1.3.6.1.4.1.850.101.1.1.1.0", "ambient"),  # TRIPPLITE-MIB tlEnvTemperatureC
        humidity("1.3.6.1.4.1.850.101.1.2.1.0", "ambient"),
    ],
    tables=[
        Readings(f"{TRIPP}1.2.1.1", (celsius(7, per=10),), prefix="device"),
        Readings(f"{TRIPP}1.3.1.1.1", (charge(4),), prefix="battery"),
        Readings(f"{TRIPP}1.3.1.2.1", (volts(1, per=10),), prefix="battery"),
        Readings(f"{TRIPP}1.3.2.2.1", (hertz(2, per=10), volts(3, per=10)), prefix="input"),
        Readings(f"{TRIPP}1.3.3.1.1", (hertz(3, per=10),), prefix="output"),
        Readings(
            f"{TRIPP}1.3.3.2.1",
            (volts(2, per=10), amperes(3, per=100), watts(6), load_ratio(8)),
            prefix="output",
        ),
        Readings(f"{TRIPP}2.3.1.2.1", (hertz(3, per=10), volts(4, per=10)), prefix="PDU input"),
        Readings(
            f"{TRIPP}2.3.2.1.1",
            (volts(4, per=10), amperes(5, per=100), watts(8), hertz(11, per=10)),
            prefix="PDU output",
        ),
        Readings(f"{TRIPP}2.3.4.1.1", (amperes(4, per=100),), prefix="PDU circuit"),
        Readings(f"{TRIPP}4.3.1.2.1", (hertz(4, per=10), volts(5, per=10)), prefix="transfer switch input"),
        Readings(
            f"{TRIPP}4.3.2.1.1",
            (volts(4, per=10), amperes(5, per=100), watts(8), hertz(11, per=10)),
            prefix="transfer switch output",
        ),
        Readings(f"{TRIPP}3.3.1.1.1", (celsius(1, per=10),), prefix="environment"),
        Readings(f"{TRIPP}3.3.2.1.1", (humidity(1),), prefix="environment"),
    ],
)

SPBUS = "1.3.6.1.4.1.31034.12.1.1.2."
schleifenbauer = readings(
    "schleifenbauer",
    "SCHLEIFENBAUER-DATABUS-MIB: hundredths of volts and amperes.",
    under=[31034],
    tables=[
        Readings(
            f"{SPBUS}6.1.1", (amperes(5, per=100), volts(7, per=100), watts(9)), name=(10,), prefix="input"
        ),
        Readings(
            f"{SPBUS}7.2.1", (amperes(5, per=100), volts(7, per=100), watts(10)), name=(3,), prefix="output"
        ),
        Readings(f"{SPBUS}8.2.1", (celsius(4, per=100),), name=(3,)),
    ],
)

CPI = "1.3.6.1.4.1.30932.1.10.1."
chatsworth = readings(
    "chatsworth",
    "eConnect PDUs (CPI-UNITY-MIB): hundredths of an ampere, tenths of a volt.",
    under=[30932],
    tables=[
        Readings(
            f"{CPI}3.110.1", (amperes(3, per=100), volts(5, per=10), watts(6)), name=(2,), prefix="branch"
        ),
        Readings(
            f"{CPI}4.10.1", (amperes(6, per=100), volts(7, per=10), watts(8)), name=(3,), prefix="outlet"
        ),
    ],
)

ENLOGIC = "1.3.6.1.4.1.38446.1."
enlogic = readings(
    "enlogic",
    "ENLOGIC-PDU-MIB and ENLOGIC-PDU2-MIB: hundredths of an ampere.",
    under=[38446],
    tables=[
        Readings(f"{ENLOGIC}2.4.1", (watts(4),), prefix="unit"),
        Readings(f"{ENLOGIC}3.4.1", (amperes(5, per=100), volts(6), watts(7)), prefix="input phase"),
        Readings(f"{ENLOGIC}4.4.1", (amperes(5, per=100), watts(7)), prefix="circuit breaker"),
        Readings(f"{ENLOGIC}5.4.1", (amperes(5, per=100), watts(7)), prefix="outlet"),
        Readings(f"{ENLOGIC}6.4.1", (celsius(5, per=10),), prefix="sensor"),
    ],
)

riedo = readings(
    "riedo",
    "UPDUs of Riedo Networks (RNX-UPDU-MIB): millivolts and milliamperes.",
    under=[55108],
    tables=[
        Readings(
            "1.3.6.1.4.1.55108.1.3.1.1", (watts(7), volts(10, per=1000), amperes(11, per=1000)), name=(2,)
        ),
    ],
)

RPDU = "1.3.6.1.4.1.674.10903.200.2.200."
dell_pdu = readings(
    "dell_pdu",
    "Dell's rack PDUs (DELL-RPDU): phases in tenths of an ampere and tens of watts.",
    under=["1.3.6.1.4.1.674.10903"],
    tables=[
        Readings(f"{RPDU}120.2.1", (amperes(4, per=10), volts(5), watts(6, per=0.1)), prefix="phase"),
        Readings(f"{RPDU}130.2.2.1", (amperes(6), watts(8)), name=(3,), prefix="outlet"),
    ],
)

small_pdus = readings(
    "small_pdus",
    "Superior Power's BSPDU, and digipower (tenths).",
    under=[42610, 17420],
    scalars=[
        amperes("1.3.6.1.4.1.17420.1.2.9.1.11.0", "input", per=10),
        volts("1.3.6.1.4.1.17420.1.2.9.1.17.0", "input"),
    ],
    tables=[
        Readings(
            "1.3.6.1.4.1.42610.1.4.4.1.6.1.2.1",
            (amperes(6, per=100), volts(9), watts(15, per=10)),
            prefix="inlet",
        ),
    ],
)

GUDE = "1.3.6.1.4.1.28507."
gude = readings(
    "gude",
    "Expert PDU Energy 8340 and 8226 (GUDEADS-PDU-MIB): milliamperes, hundredths of a hertz, tenths "
    "of a degree.",
    under=[28507],
    tables=[
        Readings(
            f"{GUDE}26.1.5.1.2.1",
            (watts(4), amperes(5, per=1000), volts(6), hertz(7, per=100)),
            prefix="line",
        ),
        Readings(f"{GUDE}26.1.6.1.1", (celsius(2, per=10), humidity(3, per=10)), prefix="sensor"),
        Readings(
            f"{GUDE}38.1.5.1.2.1",
            (watts(4), amperes(5, per=1000), volts(6), hertz(7, per=100)),
            prefix="line",
        ),
        Readings(f"{GUDE}38.1.6.1.1", (celsius(2, per=10), humidity(3, per=10)), prefix="sensor"),
    ],
)
