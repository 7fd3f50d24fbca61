"""Dell PowerEdge, by iDRAC or OpenManage, and its chassis (IDRAC-MIB-SMIv2, MIB-Dell-10892, DELL-RAC-MIB)."""

from soc.collect import Readings, TypedReadings, amperes, celsius, readings, rpm, state, volts, watts

DELL = "1.3.6.1.4.1.674.10892"
STATUS = {1: 3, 2: 3, 3: 0, 4: 1, 5: 2, 6: 2}  # other, unknown, ok, non-critical, critical, non-recoverable
TENTHS_OF_AMPERES, WATTS = {23, 25}, {24, 26}  # amperageProbeType: power supply, system board or other
PROBE_TYPES = {
    **{kind: amperes("", per=1000) for kind in range(1, 23)},
    **{kind: amperes("", per=10) for kind in TENTHS_OF_AMPERES},
    **{kind: watts("") for kind in WATTS},
}


def _server(base: str) -> list[Readings | TypedReadings]:
    """Both MIBs have the tables under the same numbers."""
    return [
        Readings(
            f"{base}600.12.1", (volts(16), state(5, STATUS)), name=(8,), prefix="supply"
        ),  # powerSupplyTable
        # voltageProbeTable, in millivolts; discrete probes have no reading
        Readings(f"{base}600.20.1", (volts(6, per=1000), state(5, STATUS)), name=(8,)),
        TypedReadings(f"{base}600.30.1", value=6, kind=7, kinds=PROBE_TYPES, name=(8,)),
        Readings(f"{base}700.12.1", (rpm(6), state(5, STATUS)), name=(8,)),  # coolingDeviceTable
        Readings(f"{base}700.20.1", (celsius(6, per=10), state(5, STATUS)), name=(8,)),
        Readings(f"{base}1100.30.1", (state(5, STATUS),), name=(8, 23), prefix="processor"),
        Readings(f"{base}1100.50.1", (state(5, STATUS),), name=(8,), prefix="memory"),
    ]


dell_servers = readings(
    "dell_servers",
    "Voltages, amperage, power, fans, temperatures of servers: mV, tenths of A or W, rpm, tenths of "
    "a degree.",
    under=[f"{DELL}.5"],
    tables=_server(f"{DELL}.5.4."),
)

dell_openmanage = readings(
    "dell_openmanage",
    "The same, told by OpenManage Server Administrator, also behind net-snmp or Windows agents.",
    under=[f"{DELL}.1", 8072, 311],
    tables=_server(f"{DELL}.1."),
)

IDRAC_STORAGE = f"{DELL}.5.5.1.20."
dell_storage = readings(
    "dell_storage",
    "Disks and virtual disks of an iDRAC (StorageManagement).",
    under=[f"{DELL}.5"],
    tables=[
        Readings(f"{IDRAC_STORAGE}130.4.1", (state(24, STATUS),), name=(55, 2), prefix="disk"),
        Readings(f"{IDRAC_STORAGE}140.1.1", (state(20, STATUS),), name=(36, 2), prefix="virtual disk"),
    ],
)

CHASSIS, MX = f"{DELL}.2.", f"{DELL}.6."
dell_chassis = readings(
    "dell_chassis",
    "M1000e, VRTX, FX2 (DELL-RAC-MIB) and MX7000 (DELL-MM-MIB): values as text.",
    under=[DELL],
    scalars=[
        celsius(f"{CHASSIS}3.1.10.0", "front panel"),
        celsius(f"{CHASSIS}3.1.11.0", "controller ambient"),
        celsius(f"{CHASSIS}3.1.12.0", "controller processor"),
        celsius(f"{MX}3.1.8.0", "front panel"),
    ],
    tables=[
        Readings(  # drsCMCPowerTable
            f"{CHASSIS}4.1.1",
            (
                watts(2, "potential"),
                watts(3, "idle"),
                watts(4, "maximum"),
                watts(5, "surplus"),
                watts(8, "peak"),
                watts(13),
                amperes(14),
            ),
            prefix="chassis",
        ),
        Readings(f"{CHASSIS}4.2.1", (volts(5), amperes(6)), name=(3,), prefix="supply"),
        Readings(
            f"{MX}4.1.1",
            (watts(2, "idle"), watts(5, "peak"), watts(7, "minimum"), watts(9)),
            prefix="chassis",
        ),
        Readings(f"{MX}4.2.1", (volts(7),), prefix="supply"),
    ],
)
