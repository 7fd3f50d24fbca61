"""Power over Ethernet (POWER-ETHERNET-MIB, RFC 3621)."""

from soc.collect import Readings, readings, state, watts

power_over_ethernet = readings(
    "power_over_ethernet",
    "pethMainPseTable: what each power source can give and gives, in watts; on, off, faulty.",
    under=[],
    tables=[
        Readings(
            "1.3.6.1.2.1.105.1.3.1.1",
            (watts(2, "budget"), state(3, {1: 0, 2: 1, 3: 2}), watts(4, "used")),
            prefix="PoE source",
        ),
    ],
)
