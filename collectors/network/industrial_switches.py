"""Industrial and building switches: Moxa (MX-*-MIB), Advantech (ADVANTECH-EKI-*), Hirschmann
(HMPRIV-MGMT-SNMP-MIB), Nexans (NEXANS-BM-MIB), MICROSENS (G6-*-MIB), CTS, Tailyn, Omnitron, PowerDsine
midspans, Ubiquiti EdgePower.
"""

from soc.collect import (
    Readings,
    amperes,
    celsius,
    charge,
    pool,
    processor,
    readings,
    seconds,
    volts,
    watts,
)

E = "1.3.6.1.4.1."
IF_NAME = "1.3.6.1.2.1.31.1.1.1.1.1"

MOXA = f"{E}8691."
moxa = readings(
    "moxa",
    "MX-NOS: watts, volts; transceivers as text.",
    under=[8691],
    scalars=[
        watts(f"{MOXA}602.1.3.2.4.0", "system"), watts(f"{MOXA}608.2.2.1.4.0", "PoE"),
    ],
    tables=[
        Readings(f"{MOXA}602.2.2.1.6.1", (watts(6),), prefix="PoE port"),
        Readings(f"{MOXA}608.2.2.1.6.1", (amperes(4, per=1000), volts(5), watts(6)), prefix="PoE port"),
        Readings(f"{MOXA}603.5.3.2.1.1.1", (celsius(5), volts(7)), prefix="transceiver"),
    ],
)  # fmt: skip

ADVANTECH = f"{E}10297.202.7000."
advantech = readings(
    "advantech",
    "EKI-7700: transceivers and PoE as text.",
    under=[10297],
    scalars=[watts(f"{ADVANTECH}7.3.1.3.0", "PoE")],
    tables=[
        Readings(
            f"{ADVANTECH}2.5.2.1", (celsius(2), volts(3), amperes(4, "bias", per=1000)), prefix="transceiver"
        ),
        Readings(
            f"{ADVANTECH}7.3.3.1", (amperes(2, per=1000), volts(3), watts(4), celsius(5)), prefix="PoE port"
        ),
    ],
)

HIRSCHMANN = f"{E}248."
hirschmann = readings(
    "hirschmann",
    "Classic and HiOS: degrees, percent, KiB.",
    under=[248],
    scalars=[
        celsius(f"{HIRSCHMANN}14.2.5.1.0", "device"),
        celsius(f"{HIRSCHMANN}11.20.1.1.10.3.0", "device"),
        processor(f"{HIRSCHMANN}14.2.15.2.1.0", "processor"),
        processor(f"{HIRSCHMANN}11.22.1.8.10.1.0", "processor"),
        pool("memory", used=f"{HIRSCHMANN}14.2.15.3.1.0", free=f"{HIRSCHMANN}14.2.15.3.2.0", unit=1024),
        pool("memory", used=f"{HIRSCHMANN}11.22.1.8.11.1.0", free=f"{HIRSCHMANN}11.22.1.8.11.2.0", unit=1024),
    ],
)

NEXANS = f"{E}266.20.1."
nexans = readings(
    "nexans",
    "Office and industrial switches: degrees, millivolts.",
    under=[266],
    scalars=[
        celsius(f"{NEXANS}12.0", "device"), volts(f"{NEXANS}14.0", "2.5 V", per=1000),
        volts(f"{NEXANS}15.0", "3.3 V", per=1000), volts(f"{NEXANS}19.0", "PoE input"),
    ],
)  # fmt: skip

MICROSENS = f"{E}3181.10.6.1."
microsens = readings(
    "microsens",
    "G6: milliwatts, millivolts, milliamperes.",
    under=[3181],
    scalars=[celsius(f"{MICROSENS}30.104.0", "system"), watts(f"{MICROSENS}33.100.0", "PoE", per=1000)],
    tables=[
        Readings(
            f"{MICROSENS}33.101.1",
            (amperes(4, per=1000), volts(5, per=1000), watts(6, per=1000)),
            prefix="PoE port",
        ),
        Readings(f"{MICROSENS}34.100.1", (celsius(20),), prefix="transceiver"),
    ],
)

CTS = f"{E}9304.100.51122."
cts = readings(
    "cts",
    "Connection Technology Systems: tenths of a degree, hundredths of a volt, transceivers as text.",
    under=[9304],
    scalars=[celsius(f"{CTS}1.2.20.0", "processor", per=10)],
    tables=[
        Readings(
            f"{CTS}5.34.2.1.1", (celsius(5), volts(7), amperes(9, "bias", per=1000)), prefix="transceiver"
        ),
        Readings(f"{CTS}5.55.1.1", (volts(3, per=100),), prefix="voltage"),
    ],
)

TAILYN = f"{E}5833.2017.4."
tailyn = readings(
    "tailyn",
    "Industrial switches: transceivers as text, bias in milliamperes.",
    under=[5833],
    scalars=[celsius(f"{TAILYN}11.1.0", "processor")],
    tables=[
        Readings(
            f"{TAILYN}12.2.1", (celsius(9), volts(14), amperes(19, "bias", per=1000)), prefix="transceiver"
        ),
    ],
)

OMNITRON = f"{E}7342."
omnitron = readings(
    "omnitron",
    "iConverter: millivolts, milliamperes.",
    under=[7342],
    scalars=[watts(f"{OMNITRON}15.1.2.0", "PoE", per=1)],
    tables=[
        Readings(
            f"{OMNITRON}2.1.3.1",
            (volts(36, "input", per=1000), volts(37, "output", per=1000), celsius(38)), prefix="processor",
        ),
        Readings(
            f"{OMNITRON}2.1.11.1",
            (
                volts(2, "1 input", per=1000), volts(3, "1 output", per=1000), volts(6, "2 input", per=1000),
                volts(7, "2 output", per=1000), celsius(9),
            ),
            prefix="module",
        ),
        Readings(f"{OMNITRON}15.2.1", (volts(5, per=1), amperes(6, per=1000)), prefix="PoE port"),
    ],
)  # fmt: skip

POWERDSINE = f"{E}7428.1.2."
powerdsine = readings(
    "powerdsine",
    "PoE midspans (POWER-DSINE-MIB): watts, volts.",
    under=[7428],
    tables=[
        Readings(f"{POWERDSINE}1.1.1", (watts(3),), prefix="PoE port"),
        Readings(f"{POWERDSINE}2.1.1", (volts(2), watts(5, "limit")), prefix="unit"),
    ],
)

UBNT = f"{E}41112.1."
ubiquiti = readings(
    "ubiquiti",
    "airOS, airFiber, EdgePower (UBNT-AirMAX-MIB, UBNT-AirFIBER-MIB, UBNT-EdgeMAX-MIB), UniFi memory in KiB.",
    under=[41112, 10002],
    scalars=[
        processor(f"{UBNT}4.8.3.0", "processor"),
        pool("memory", size=f"{UBNT}6.1.1.0", used=f"{UBNT}6.1.3.0", free=f"{UBNT}6.1.2.0", unit=1024),
    ],
    tables=[
        Readings(f"{UBNT}3.2.1", (celsius(8, "radio 0"), celsius(10, "radio 1")), prefix="link"),
        Readings(
            f"{UBNT}5.2.2.1", (volts(2, per=1000), amperes(3, per=1000), watts(4, per=1000)), prefix="output"
        ),
        Readings(
            f"{UBNT}5.3.2.1",
            (volts(5, "input", per=1000), charge(9, ""), seconds(10, "", per=100)),
            prefix="supply",
        ),
        Readings(f"{UBNT}5.4.2.1", (celsius(3, per=1000),), prefix="temperature"),
    ],
)
