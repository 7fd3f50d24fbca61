"""Environment monitors and cooling: AVTECH (ROOMALERT*-MIB), AKCP (SPAGENT-MIB), NTI
(NETWORK-TECHNOLOGIES-GLOBAL-REG), HW group (STE-MIB, POSEIDON-MIB), Asentria (SITEBOSS-*-MIB), Jacarta
(ISPRO-MIB), Wiesemann & Theis (WebGraph-*-MIB), ServersCheck, EDS (EDS-MIB), Papouch, Sensatronics,
Stulz (Stulz-WIB8000-MIB), Rittal (RITTAL-CMC-*-MIB), Carel, Dantherm, Teracom, Axis cameras, Opengear,
PacketFlux, Volius.
"""

import re
from collections.abc import Iterator

from soc.collect import (
    NamedReadings,
    Readings,
    Row,
    Sample,
    SnmpScalars,
    TypedReadings,
    amperes,
    celsius,
    collector,
    fahrenheit,
    humidity,
    readings,
    rpm,
    text,
    volts,
    watts,
)

E = "1.3.6.1.4.1."

AVTECH = f"{E}20916.1."
avtech = readings(
    "avtech",
    "Room Alert and TemPageR: hundredths of a degree and of a percent; Room Alert Max by sensor.",
    under=[20916],
    scalars=[
        celsius(f"{AVTECH}10.1.1.1.0", "internal", per=100),
        humidity(f"{AVTECH}10.1.1.3.0", "internal", per=100),
        *(celsius(f"{AVTECH}10.1.2.{n}.0", f"external {(n + 5) // 6}", per=100) for n in (1, 7, 13, 19)),
        *(humidity(f"{AVTECH}10.1.2.{n}.0", f"external {(n + 3) // 6}", per=100) for n in (3, 9, 15, 21)),
        celsius(f"{AVTECH}11.1.1.1.2.0", "internal", per=100),
        humidity(f"{AVTECH}11.1.1.2.1.0", "internal", per=100),
        celsius(f"{AVTECH}11.1.1.4.2.0", "heat index", per=100),
        *(celsius(f"{AVTECH}11.1.2.{n}.1.0", f"external {n}", per=100) for n in range(1, 9)),
        *(humidity(f"{AVTECH}11.1.2.{n}.3.0", f"external {n}", per=100, unknown={0}) for n in range(1, 9)),
        celsius(f"{AVTECH}7.1.1.1.1.0", "internal", per=100),
        *(celsius(f"{AVTECH}7.1.2.{n}.1.0", f"external {n}", per=100) for n in range(1, 5)),
        celsius(f"{AVTECH}9.1.1.1.2.0", "internal", per=100),
        *(celsius(f"{AVTECH}9.1.1.{n}.1.0", f"external {n - 1}", per=100) for n in range(2, 4)),
    ],
    tables=[
        TypedReadings(
            f"{AVTECH}14.3.1.1",
            value=4,
            kind=5,
            name=(3,),
            kinds={"temperature": celsius("", per=100), "humidity": humidity("", per=100)},
        ),
    ],
)

AKCP = f"{E}3854.1.2.2.1."
akcp = readings(
    "akcp",
    "sensorProbe and securityProbe: raw values in tenths of a degree (unit C or F beside them), percent.",
    under=[3854],
    tables=[
        TypedReadings(
            f"{AKCP}16.1", value=14, kind=12, name=(1,),
            kinds={1: celsius("", per=10), 0: fahrenheit("", per=10)}, only=(5, frozenset({1})),
        ),
        Readings(f"{AKCP}17.1", (humidity(13, per=10),), name=(1,), only=(5, frozenset({1}))),
        Readings(f"{E}3854.2.3.2.1", (celsius(20, per=10),), name=(2,)),
        Readings(f"{E}3854.2.3.3.1", (humidity(4),), name=(2,)),
        Readings(f"{E}3854.3.5.2.1", (celsius(20, per=10),), name=(2,)),
        Readings(f"{E}3854.3.5.3.1", (humidity(4),), name=(2,)),
    ],
)  # fmt: skip

NTI = f"{E}3699.1.1."
# internal and external sensors by type: temperature and humidity in tenths
NTI_KINDS = {1: celsius("", per=10), 2: humidity("", per=10)}
nti = readings(
    "nti",
    "ENVIROMUX: temperature in tenths of a degree, humidity in percent or tenths of it.",
    under=[3699],
    tables=[
        TypedReadings(
            f"{NTI}{base}.1.3.1.1",
            value=6,
            kind=2,
            name=(3,),
            kinds={1: celsius("", per=10), 2: humidity("")},
        )
        for base in ("10", "11", "2")
    ]
    + [
        TypedReadings(f"{NTI}12.1.{table}.1.1", value=4, kind=2, name=(3,), kinds=NTI_KINDS)
        for table in ("1", "2")
    ],
)

HWG = f"{E}21796."
hwg = readings(
    "hwg",
    "HWg-STE, Poseidon, Ares, Damocles: tenths in the unit that stands beside (1 Celsius, 4 percent …).",
    under=[21796],
    tables=[
        TypedReadings(
            f"{HWG}{table}",
            value=5,
            kind=kind,
            name=(2,),
            kinds={
                1: celsius("", per=10),
                2: fahrenheit("", per=10),
                4: humidity("", per=10),
                5: volts("", per=10),
                6: amperes("", per=10),
            },
        )
        for table, kind in (("4.1.3.1", 7), ("4.9.3.1", 7), ("4.10.3.1", 7), ("3.3.3.1", 9), ("4.8.3.1", 7))
    ],
)

IN_CELSIUS = r"^\s*([-+]?[\d.]+)\s*°?\s*(?:C\b.*)?$"
IN_FAHRENHEIT = r"^\s*([-+]?[\d.]+)\s*°?\s*F\b"
SITEBOSSES = [f"{E}3052.{number}.1." for number in (10, 14, 23, 12)]
SITEBOSS_KINDS = (
    {1: celsius("", pattern=IN_CELSIUS), 3: humidity("")},
    {1: fahrenheit("", pattern=IN_FAHRENHEIT)},
)
asentria = readings(
    "asentria",
    "SiteBoss: sensors as text by type (second part of the index): temperature (1) with its unit, "
    "humidity (3); power modules in milliamperes and millivolts.",
    under=[3052],
    tables=[
        *(
            TypedReadings(f"{base}1.1.1", value=7, kind=-2, kinds=kinds, name=(4,), prefix="sensor")
            for base in SITEBOSSES
            for kinds in SITEBOSS_KINDS
        ),
        *(
            Readings(
                f"{base}5.4.1.1", (amperes(5, per=1000), volts(13, per=1000), watts(20)), prefix="module"
            )
            for base in SITEBOSSES
        ),
    ],
)

JACARTA = f"{E}19011.1.3.1.1.3."
jacarta = readings(
    "jacarta",
    "interSeptor: tenths of a degree and of a percent.",
    under=[19011],
    tables=[
        Readings(f"{JACARTA}2.1", (celsius(3, per=10), humidity(5, per=10)), prefix="sensor"),
        Readings(f"{JACARTA}1.1", (celsius(3, per=10), humidity(5, per=10)), prefix="sensor"),
    ],
)

WUT = f"{E}5040.1.2."
wiesemann_theis = readings(
    "wiesemann_theis",
    "Web-IO thermometers and hygrometers: tenths, a table a product.",
    under=[5040],
    tables=[
        *(
            Readings(f"{WUT}{product}.1.4.1", (celsius(1, per=10, unknown={-500}),), prefix="sensor")
            for product in (3, 6, 7, 8, 9, 18, 36, 37, 38)
        ),
        *(
            TypedReadings(
                f"{WUT}{product}.1.4.1",
                value=1,
                kind=-1,
                prefix="sensor",
                kinds={1: celsius("", per=10), 2: humidity("", per=10)},
            )
            for product in (11, 16, 42, 43)
        ),
    ],
)

SERVERS_CHECK = f"{E}17095.3."
SLOTS = range(1, 7)
SLOT_KINDS = ((r"temp", celsius("")), (r"hum", humidity("")))


@collector(
    every="health",
    fetch=SnmpScalars(
        **{f"name_{slot}": text(f"{SERVERS_CHECK}{4 * slot - 3}.0") for slot in SLOTS},
        **{f"value_{slot}": text(f"{SERVERS_CHECK}{4 * slot - 2}.0") for slot in SLOTS},
    ).where(f"{E}17095"),
)
def serverscheck(row: Row) -> Iterator[Sample]:
    """Gateways: each external sensor as text; its name tells whether it is temperature or humidity."""
    for slot in SLOTS:
        name = " ".join((getattr(row, f"name_{slot}") or "").split())
        reading = next((item for pattern, item in SLOT_KINDS if re.search(pattern, name, re.I)), None)
        value = reading.value(getattr(row, f"value_{slot}")) if reading else None
        if reading and value is not None:
            yield Sample(reading.metric, value, {"sensor": f"sensor {slot} {name}"})


STULZ = f"{E}29462.10.2.1.1.1."
stulz = readings(
    "stulz",
    "WIB8000: air and water of each unit, in tenths of a degree and of a percent.",
    under=[29462],
    tables=[
        Readings(
            f"{STULZ}1.1.1.1",
            (
                celsius(1170, "unit temperature", per=10), celsius(1175, "air setpoint", per=10),
                celsius(1192, "return air", per=10), celsius(1193, "supply air", per=10),
                celsius(1196, "outside air", per=10),
            ),
            prefix="unit",
        ),
        Readings(
            f"{STULZ}1.2.1.1",
            (
                humidity(1171, per=10), humidity(1178, "setpoint", per=10), humidity(1194, "return", per=10),
                humidity(1195, "supply", per=10),
            ),
            prefix="unit",
        ),
        Readings(
            f"{STULZ}2.1.1",
            (
                celsius(1191, "primary water in", per=10), celsius(1202, "secondary water in", per=10),
                celsius(1206, "primary water out", per=10), celsius(1207, "secondary water out", per=10),
            ),
            prefix="unit",
        ),
    ],
)  # fmt: skip

RITTAL = f"{E}2606."
rittal = readings(
    "rittal",
    "CMC-TC by sensor type or name; CMC III by unit.",
    under=[2606],
    tables=[
        NamedReadings(
            f"{RITTAL}4.2.{unit}.5.2.1",
            value=5,
            name=(3,),
            patterns=((r"rpm|fan", rpm("")), (r"temp", celsius("")), (r"hum", humidity(""))),
        )
        for unit in (3, 4, 5, 6)
    ]
    + [
        TypedReadings(
            f"{RITTAL}7.4.2.2.1",
            value=11,
            kind=7,
            name=(3,),
            kinds={
                "°c": celsius("", per=10),
                "%": humidity(""),
                "v": volts("", per=10),
                "a": amperes("", per=10),
                "w": watts("", per=10),
                "rpm": rpm(""),
            },
        ),
    ],
)

CAREL, DANTHERM = f"{E}9839.1.2.", f"{E}46651.1.1."
cooling_units = readings(
    "cooling_units",
    "SCS controllers on Carel's card (tenths), Dantherm's free cooling.",
    under=[9839, 46651],
    scalars=[
        celsius(f"{CAREL}15.0", "exhaust air", per=10),
        celsius(f"{CAREL}16.0", "supply air", per=10),
        celsius(f"{CAREL}17.0", "outside air", per=10),
        celsius(f"{CAREL}18.0", "room", per=10),
        humidity(f"{CAREL}19.0", "room", per=10),
        celsius(f"{DANTHERM}1.0", "board"),
        celsius(f"{DANTHERM}2.0", "room"),
        celsius(f"{DANTHERM}6.0", "outdoor"),
        rpm(f"{DANTHERM}8.0", "fan 1"),
        rpm(f"{DANTHERM}9.0", "fan 2"),
        celsius(f"{DANTHERM}29.0", "setpoint"),
        volts(f"{DANTHERM}33.0", "system"),
    ],
)

small_monitors = readings(
    "small_monitors",
    "OW-SERVER, Axis cameras, Opengear, PacketFlux (hundredths, microvolts), Volius, Teracom, "
    "SNR-ERD, Papouch.",
    under=[31440, 368, 25049, 32050, 34652, 38783, 40418, 18248],
    scalars=[
        celsius(f"{E}34652.2.10.6.0", "device", per=10),
        volts(f"{E}38783.3.3.2.1.0", "analog input 1", per=1000),
        celsius(f"{E}18248.1.2.1.0", "sensor", per=10),
    ],
    tables=[
        Readings(f"{E}31440.10.5.1", (celsius(1),), prefix="sensor"),
        Readings(f"{E}368.4.1.3.1", (celsius(4),), prefix="sensor"),
        Readings(f"{E}25049.17.9.1", (celsius(5),), name=(2,), prefix="sensor"),
        Readings(f"{E}32050.3.2.3.1", (celsius(4, per=100),), name=(3,), prefix="sensor"),
        Readings(f"{E}32050.3.2.1.1", (volts(4, per=1e6),), name=(3,), prefix="sensor"),
        Readings(f"{E}34652.2.10.7.1", (volts(3, per=1000),), prefix="sensor"),
        Readings(f"{E}40418.2.6.1.30.1.1", (celsius(3), humidity(4)), name=(2,), prefix="sensor"),
    ],
)
