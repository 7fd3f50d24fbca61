"""Management controllers: Supermicro (SUPERMICRO-HEALTH-MIB, ATEN), Huawei iBMC (HUAWEI-SERVER-IBMC-MIB),
IBM and Lenovo IMM/XCC (IMM-MIB, LENOVO-XCC-MIB), Fujitsu (SC2-MIB), Oracle by ENTITY-SENSOR-MIB.
"""

from soc.collect import (
    NamedReadings,
    Readings,
    TypedReadings,
    amperes,
    celsius,
    readings,
    rpm,
    state,
    volts,
    watts,
)

ATEN = "1.3.6.1.4.1.21317.1."
BY_NAME = (("temp", celsius("")), ("fan", rpm("")), (r"volt|\bp?v|\dv|v$", volts("")))
supermicro_bmc = readings(
    "supermicro_bmc",
    "BMCs of Supermicro boards (ATEN-IPMI-MIB); the sensor's name tells what it measures.",
    under=[21317],
    tables=[
        NamedReadings(f"{ATEN}3.1", value=2, patterns=BY_NAME, name=(13,)),
        Readings(
            f"{ATEN}14.2.1",
            (volts(3, "input"), amperes(4, "input"), watts(5, "input"), celsius(9, "1"), celsius(10, "2"),
             rpm(11, "fan 1"), rpm(12, "fan 2")),
            prefix="supply",
        ),
    ],
)  # fmt: skip

SUPERMICRO = "1.3.6.1.4.1.10876.2.1.1.1.1."
supermicro_agent = readings(
    "supermicro_agent",
    "SuperDoctor (SUPERMICRO-HEALTH-MIB): smHealthMonitorTable; volts in thousandths.",
    under=[10876, 8072, 311],
    tables=[
        TypedReadings(
            SUPERMICRO.rstrip("."),
            value=4,
            kind=3,
            kinds={0: rpm(""), 1: volts("", per=1000), 2: celsius("")},
            name=(2,),
        ),
    ],
)

IBMC = "1.3.6.1.4.1.2011.2.235.1.1."
HEALTH = {1: 0, 2: 1, 3: 1, 4: 2}  # ok, minor, major, critical
huawei_ibmc = readings(
    "huawei_ibmc",
    "Huawei FusionServer and TaiShan: temperatures, voltages and currents in tenths or hundredths as text.",
    under=[2011],
    scalars=[state(f"{IBMC}1.1.0", HEALTH, "health"), watts(f"{IBMC}23.1.0", "system")],
    tables=[
        Readings(f"{IBMC}26.50.1", (celsius(3, per=10),), name=(2,)),
        Readings(f"{IBMC}8.50.1", (rpm(2), state(4, HEALTH)), name=(7,), prefix="fan"),
        Readings(f"{IBMC}6.50.1", (watts(8, "input"),), name=(13,), prefix="supply"),
    ],
)

IMM = "1.3.6.1.4.1.2.3.51.3.1."
XCC = "1.3.6.1.4.1.19046.11.1.1."
ibm_imm = readings(
    "ibm_imm",
    "IBM IMM and Lenovo XCC: temperatures as text, voltages in millivolts, fans in percent.",
    under=[2, 19046, 8072],
    tables=[
        Readings(f"{base}{table}", (reading,), name=(2,))
        for base in (IMM, XCC)
        for table, reading in (("1.2.1", celsius(3)), ("2.2.1", volts(3, per=1000)))
    ],
)

SC2 = "1.3.6.1.4.1.231.2.10.2.2.10."
FUJITSU_STATE = {1: 3, 2: 3, 3: 0, 4: 0, 5: 1, 6: 2, 7: 1, 8: 2}
fujitsu_primergy = readings(
    "fujitsu_primergy",
    "ServerView agents and iRMC (SC2-MIB): degrees, rpm, millivolts, watts.",
    under=[231, 8072, 311],
    tables=[
        Readings(f"{SC2}5.1.1", (celsius(6), state(5, FUJITSU_STATE)), name=(3,)),
        Readings(f"{SC2}5.2.1", (rpm(6),), name=(3,)),
        Readings(f"{SC2}6.3.1", (volts(5, per=1000),), name=(3,)),
        Readings(f"{SC2}6.7.1", (watts(5),), name=(4,)),
    ],
)
