"""Huawei VRP, SmartAX and OptiX (HUAWEI-ENTITY-EXTENT-MIB, HUAWEI-ENERGYMNGT-MIB, HUAWEI-DEVICE-MIB,
HUAWEI-XPON-MIB).
"""

from soc.collect import Readings, amperes, celsius, dbm, pool, processor, readings, state, volts, watts

ENTITY = "1.3.6.1.4.1.2011.5.25.31.1.1."
ENTITY_NAME = "1.3.6.1.2.1.47.1.1.1.1.7"
NONE = {0, -1, -255, 2**31 - 1}
huawei_entities = readings(
    "huawei_entities",
    "hwEntityStateTable: percent, bytes, degrees, millivolts; 0 where an entity has no such thing.",
    under=[2011, 56813],
    tables=[
        Readings(
            f"{ENTITY}1.1",
            (
                processor(5, unknown=NONE - {0}, zero_with=7),
                pool(size=9, percent=7),
                celsius(11, unknown=NONE),
                volts(13, per=1000, unknown=NONE),
            ),
            names=ENTITY_NAME,
        ),
        Readings(  # hwOpticalModuleInfoTable: microamperes, hundredths of dBm
            f"{ENTITY}3.1",
            (
                celsius(5, unknown=NONE),
                volts(6, per=1000, unknown=NONE),
                amperes(7, "bias", per=1e6, unknown=NONE),
                dbm(8, "receive", per=100, unknown=NONE),
                dbm(9, "transmit", per=100, unknown=NONE),
            ),
            names=ENTITY_NAME,
            prefix="transceiver",
        ),
        Readings(f"{ENTITY}10.1", (state(7, {1: 0, 2: 2}),), prefix="fan"),  # hwFanStatusTable
        Readings(  # hwPwrStatusTable: supply, not supply, sleep, unknown
            f"{ENTITY}18.1",
            (state(6, {1: 0, 2: 2, 3: 0, 4: 3}), amperes(7, per=1000), volts(8, per=1000)),
            prefix="supply",
        ),
    ],
)

ENERGY = "1.3.6.1.4.1.2011.6.157."
huawei_energy = readings(
    "huawei_energy",
    "Consumption, in milliwatts.",
    under=[2011],
    scalars=[watts(f"{ENERGY}1.3.0", "average", per=1000), watts(f"{ENERGY}1.6.0", "system", per=1000)],
    tables=[Readings(f"{ENERGY}2.1.1", (watts(4, per=1000),), name=(3,), prefix="board")],
)

SMARTAX = "1.3.6.1.4.1.2011.2.6.7.1.1."
huawei_access = readings(
    "huawei_access",
    "SmartAX shelves, and the optics of GPON ports.",
    under=[2011],
    tables=[
        Readings(f"{SMARTAX}1.1", (watts(11),), prefix="shelf"),
        Readings(
            f"{SMARTAX}2.1",
            (processor(5, unknown={-1}), pool(percent=6), celsius(10, unknown=NONE), watts(11, unknown={-1})),
            name=(7,),
            prefix="board",
        ),
        Readings(
            "1.3.6.1.4.1.2011.6.128.1.1.2.23.1",
            (
                celsius(1, unknown=NONE),
                volts(2, per=100, unknown=NONE),
                amperes(3, "bias", per=1000, unknown=NONE),
            ),
            names="1.3.6.1.2.1.31.1.1.1.1.1",
            prefix="PON",
        ),
    ],
)

OPTIX = "1.3.6.1.4.1.2011.2.25.4."
huawei_optix = readings(
    "huawei_optix",
    "OptiX RTN radios (OPTIX-RTN-MIBs): tenths of a degree.",
    under=[2011],
    tables=[Readings(f"{OPTIX}30.14.1.1.1", (celsius(5, per=10),), prefix="board")],
)
