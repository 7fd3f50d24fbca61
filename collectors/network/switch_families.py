"""Switches that many makers sell: Broadcom FASTPATH (*-SWITCHING-MIB, *-BOXSERVICES-PRIVATE-MIB: Netgear,
Dell, Quanta), Radlan (RADLAN-*-MIB: Linksys, Eltex, Allied Telesis, Dell), Brocade and Ruckus
(FOUNDRY-SN-AGENT-MIB, SW-MIB), Force10 and OS10 (F10-*-MIB, DELL-NETWORKING-*-MIB).
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
    state,
    volts,
    watts,
)

E = "1.3.6.1.4.1."
IF_NAME = "1.3.6.1.2.1.31.1.1.1.1.1"
KIBIBYTE = 1024

# Broadcom's FASTPATH: the same MIBs under each licensee's number
_POWERCONNECT = f"{E}674.10895"
_FASTPATH: dict[str, int | str] = {  # the MIBs' place: whose agents have them there
    f"{E}4526.10.": 4526, f"{E}4526.11.": 4526, f"{E}4413.1.1.": 4413,
    f"{_POWERCONNECT}.5000.2.6132.1.1.": _POWERCONNECT, f"{E}7244.2.": 7244,
}  # fmt: skip
fastpath = readings(
    "fastpath",
    "FASTPATH switches: memory in KiB, fans and sensors by unit.",
    under=[4526, 4413, _POWERCONNECT, 7244],
    scalars=[
        item
        for base in _FASTPATH
        for item in (
            pool("memory", free=f"{base}1.1.4.1.0", size=f"{base}1.1.4.2.0", unit=KIBIBYTE),
            # "5 Secs ( 6.5%) 60 Secs ( 4.2%) 300 Secs ( 8.3%)"
            processor(f"{base}1.1.4.9.0", "processor", pattern=r"300 ?Secs? \(\s*([\d.]+)"),
        )
    ],
    tables=[
        item
        for base, agents in _FASTPATH.items()
        for item in (
            Readings(f"{base}43.1.6.1", (rpm(4),), prefix="fan", under=(agents,)),
            Readings(f"{base}43.1.8.1", (celsius(5),), prefix="sensor", under=(agents,)),
        )
    ],
)

# Radlan's MIBs under its own number and under those of its licensees
_LICENSEES = (89, 207, _POWERCONNECT, 3955, 6486, 35265, 4526)
_RADLAN: dict[str, tuple[int | str, ...]] = {f"{E}89.": _LICENSEES, f"{E}3955.1000.201.": (3955,)}
radlan = readings(
    "radlan",
    "Processor of the last five minutes (101 = not counted), environment, transceivers (micro-units), PoE.",
    under=_LICENSEES,
    scalars=[processor(f"{base}1.9.0", "processor", unknown={101}) for base in _RADLAN],
    tables=[
        item
        for base, agents in _RADLAN.items()
        for item in (
            Readings(
                f"{base}53.15.1",
                (celsius(9, unknown={0}), celsius(10, unknown={0})),
                prefix="unit",
                under=agents,
            ),
            TypedReadings(
                f"{base}90.1.2.1",
                value=3,
                kind=-1,
                names=IF_NAME,
                prefix="transceiver",
                under=agents,
                kinds={
                    5: celsius(""),
                    6: volts("", per=1e6),
                    7: amperes("", "bias", per=1e6),
                    8: dbm("", "transmit", per=1000),
                    9: dbm("", "receive", per=1000),
                },
            ),
            Readings(f"{base}108.1.1", (watts(5, per=1000),), prefix="PoE", under=agents),
        )
    ],
)

BROCADE = f"{E}1991.1.1."
ENVIRONMENT = {1: 3, 2: 0, 3: 2}  # other, normal, failure
brocade = readings(
    "brocade",
    "IronWare, FastIron, ICX: processors of the last five minutes, memory in bytes, half degrees.",
    under=[1991, 25053],
    scalars=[
        processor(f"{BROCADE}2.1.52.0", "processor"), celsius(f"{BROCADE}1.1.18.0", "chassis", per=2),
        pool("memory", size=f"{BROCADE}2.1.54.0", free=f"{BROCADE}2.1.55.0"),
    ],
    tables=[
        Readings(f"{BROCADE}1.2.13.1.1", (celsius(4, per=2),), name=(3,)),  # snAgentTempTable
        Readings(f"{BROCADE}1.1.2.1.1", (state(3, ENVIRONMENT),), name=(2,), prefix="supply"),
        Readings(f"{BROCADE}1.1.3.1.1", (state(3, ENVIRONMENT),), name=(2,), prefix="fan"),
        Readings(f"{BROCADE}2.2.1.1", (pool(size=24, free=25),), name=(2,), prefix="board"),
    ],
)  # fmt: skip

FABRIC = f"{E}1588.2.1.1.1."
brocade_fabric = readings(
    "brocade_fabric",
    "Fabric OS (SW-MIB): percent; sensors by type: temperature, fan, supply.",
    under=[1588],
    scalars=[processor(f"{FABRIC}26.1.0", "processor"), pool("memory", percent=f"{FABRIC}26.6.0")],
    tables=[
        TypedReadings(
            f"{FABRIC}1.22.1",
            value=4,
            kind=2,
            name=(5,),
            kinds={1: celsius(""), 2: rpm(""), 3: state("", {0: 2, 1: 0})},
        ),
    ],
)

FORCE10 = f"{E}6027.3."
OS10 = f"{E}674.11000.5000.100.4.1."
force10 = readings(
    "force10",
    "FTOS (F10-CHASSIS-MIB, F10-S-SERIES-CHASSIS-MIB, DELL-NETWORKING-CHASSIS-MIB) and OS10.",
    under=[6027, f"{E}674.11000"],
    tables=[
        Readings(f"{FORCE10}1.1.3.7.1", (processor(5),), prefix="route processor"),  # chRpmUtilTable
        Readings(f"{FORCE10}1.1.3.11.1", (processor(3),), prefix="line card"),
        Readings(f"{FORCE10}1.1.2.3.1", (celsius(8),), prefix="line card"),
        Readings(
            f"{FORCE10}10.1.2.9.1", (processor(4), pool(percent=5)), prefix="unit"
        ),  # chStackUnitUtilTable
        Readings(f"{FORCE10}10.1.2.2.1", (celsius(14),), prefix="unit"),
        Readings(f"{FORCE10}26.1.4.4.1", (processor(5), pool(percent=6)), prefix="processor"),
        Readings(f"{OS10}1.3.1", (celsius(11),), prefix="chassis", under=(f"{E}674.11000",)),
        Readings(f"{OS10}1.4.1", (celsius(5),), prefix="card", under=(f"{E}674.11000",)),
    ],
)
