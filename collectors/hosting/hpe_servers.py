"""HPE ProLiant, BladeSystem and Synergy (CPQHLTH-MIB, CPQIDA-MIB, CPQHOST-MIB, CPQRACK-MIB)."""

from soc.collect import Readings, celsius, filesystem, pool, processor, readings, state, watts

CPQ = "1.3.6.1.4.1.232."
CONDITION = {1: 3, 2: 0, 3: 1, 4: 2}  # other, ok, degraded, failed
MEGABYTE = 1024 * 1024
NONE = {-1}  # not available

hpe_servers = readings(
    "hpe_servers",
    "Temperatures, power supplies, fans, drives, host use; not available is -1.",
    under=[232],
    scalars=[
        state(f"{CPQ}6.1.3.0", CONDITION, "health"),
        pool("physical", size=f"{CPQ}11.2.13.1.0", free=f"{CPQ}11.2.13.2.0", unit=MEGABYTE),
        pool("paging", size=f"{CPQ}11.2.13.3.0", free=f"{CPQ}11.2.13.4.0", unit=MEGABYTE),
    ],
    tables=[
        Readings(f"{CPQ}6.2.6.8.1", (celsius(4, unknown=NONE), state(6, CONDITION)), prefix="temperature"),
        Readings(f"{CPQ}6.2.6.7.1", (state(9, CONDITION),), prefix="fan"),
        Readings(f"{CPQ}6.2.9.3.1", (watts(7, unknown=NONE), state(4, CONDITION)), prefix="power supply"),
        Readings(  # cpqDaPhyDrvTable
            f"{CPQ}3.2.5.1.1", (celsius(70, unknown=NONE), state(37, CONDITION)), name=(64,), prefix="drive"
        ),
        Readings(f"{CPQ}3.2.3.1.1", (state(11, CONDITION),), prefix="logical drive"),
        Readings(f"{CPQ}11.2.3.1.1", (processor(3),), prefix="processor"),  # of the last five minutes
        Readings(f"{CPQ}11.2.4.1.1", (filesystem(size=3, used=4, unit=MEGABYTE),), name=(2,)),
        Readings(
            f"{CPQ}22.2.3.1.2.1",
            (celsius(6, unknown=NONE), state(8, CONDITION)),
            name=(5,),
            prefix="enclosure",
        ),
        Readings(f"{CPQ}22.2.3.1.3.1", (state(11, CONDITION),), name=(5,), prefix="enclosure fan"),
        Readings(
            f"{CPQ}22.2.5.1.1.1",
            (
                watts(10, unknown=NONE),
                celsius(12, "intake", unknown=NONE),
                celsius(13, "exhaust", unknown=NONE),
                state(17, CONDITION),
            ),
            prefix="enclosure power supply",
        ),
    ],
)
