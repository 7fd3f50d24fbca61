"""Firewalls and application switches: Fortinet (FORTINET-FORTIGATE-MIB), Palo Alto (PAN-COMMON-MIB), Check
Point (CHECKPOINT-MIB), SonicWall (SONICWALL-FIREWALL-IP-STATISTICS-MIB), WatchGuard, Sophos and
Cyberoam, Hillstone, Citrix NetScaler (NS-ROOT-MIB), F5 (F5-BIGIP-SYSTEM-MIB, F5-PLATFORM-STATS-MIB),
A10, Blue Coat, Juniper ScreenOS, Pulse Secure, FireBrick, Stormshield, Array Networks, Radware Alteon.
"""

from soc.collect import (
    NamedReadings,
    Readings,
    TypedReadings,
    celsius,
    filesystem,
    load_ratio,
    pool,
    processor,
    readings,
    rpm,
    state,
    volts,
    watts,
)

KIBIBYTE, MEBIBYTE = 1024, 1024 * 1024
RAILS = "V(?:in|out|bat|bus|sht|core|cc|dd|tt|sa|ss|pp|dq|io|sb|ref|nn)"  # as data sheets name voltages
FORTIGATE = "1.3.6.1.4.1.12356.101.4."
fortinet = readings(
    "fortinet",
    "FortiGate: processors, memory in KiB, disk in MiB; sensors, whose names tell what they measure.",
    under=[12356],
    scalars=[
        processor(f"{FORTIGATE}1.3.0", "system"),
        pool("physical", size=f"{FORTIGATE}1.5.0", percent=f"{FORTIGATE}1.4.0", unit=KIBIBYTE),
        filesystem("disk", size=f"{FORTIGATE}1.7.0", used=f"{FORTIGATE}1.6.0", unit=MEBIBYTE),
    ],
    tables=[
        Readings(f"{FORTIGATE}4.2.1", (processor(2),), prefix="core"),  # fgProcessorTable
        NamedReadings(  # fgHwSensorTable
            f"{FORTIGATE}3.2.1", value=3, name=(2,),
            patterns=(
                (r"temp|thrm|TMP", celsius("")),
                (r"fan", rpm("")), (r"status|alarm", state("", {0: 0, 1: 2})),
                (r"power|watt|_pin|_pout", watts("")),
                (rf"volt|\dV|V\d|AVS|DDR|\+|(?:\b|_|\d|[AD]){RAILS}", volts("")),
                (r"\bTD\d|LM75|DTS|^(MAC|CPU|PHY|ADT)|_T\d?$", celsius("")),
            ),
        ),
    ],
)  # fmt: skip

FORTI = "1.3.6.1.4.1.12356."
fortinet_others = readings(
    "fortinet_others",
    "FortiAnalyzer and FortiManager (KiB, MiB), FortiMail, FortiSwitch, FortiWeb, FortiADC, "
    "FortiAuthenticator.",
    under=[12356],
    scalars=[
        processor(f"{FORTI}103.2.1.1.0", "system"),
        pool("physical", size=f"{FORTI}103.2.1.3.0", used=f"{FORTI}103.2.1.2.0", unit=KIBIBYTE),
        filesystem("disk", size=f"{FORTI}103.2.1.5.0", used=f"{FORTI}103.2.1.4.0", unit=MEBIBYTE),
        processor(f"{FORTI}105.1.6.0", "system"),
        pool("physical", percent=f"{FORTI}105.1.7.0"),
        processor(f"{FORTI}106.4.1.2.0", "system"),
        pool("physical", size=f"{FORTI}106.4.1.4.0", used=f"{FORTI}106.4.1.3.0", unit=KIBIBYTE),
        processor(f"{FORTI}107.3.1.1.0", "system"),
        pool("physical", percent=f"{FORTI}107.3.1.2.0"),
        processor(f"{FORTI}112.1.4.0", "system"),
        pool("physical", percent=f"{FORTI}112.1.5.0"),
        processor(f"{FORTI}113.1.3.0", "system"),
        pool("physical", percent=f"{FORTI}113.1.4.0"),
    ],
)

PAN = "1.3.6.1.4.1.25461.2.1.2.3."
palo_alto = readings(
    "palo_alto",
    "Session tables' use, in all and by virtual system (panSession, panVsysTable).",
    under=[25461],
    scalars=[load_ratio(f"{PAN}1.0", "sessions"), load_ratio(f"{PAN}8.0", "SSL proxy sessions")],
    tables=[Readings(f"{PAN}9.1", (load_ratio(3),), name=(2,), prefix="sessions of")],
)

CHECK_POINT = "1.3.6.1.4.1.2620.1.6.7."
check_point = readings(
    "check_point",
    "Gaia: processors, memory in bytes, and the appliance's sensors as text.",
    under=[2620],
    scalars=[
        pool("physical", size=f"{CHECK_POINT}4.3.0", used=f"{CHECK_POINT}4.4.0"),
    ],
    tables=[
        Readings(f"{CHECK_POINT}5.1", (processor(5),), prefix="processor"),  # multiProcUsage
        Readings(f"{CHECK_POINT}8.1.1", (celsius(3),), name=(2,)),
        Readings(f"{CHECK_POINT}8.2.1", (rpm(3),), name=(2,)),
        Readings(f"{CHECK_POINT}8.3.1", (volts(3),), name=(2,)),
    ],
)

SONICWALL = "1.3.6.1.4.1.8741.1.3.1."
sonicwall = readings(
    "sonicwall",
    "SonicOS: processor and memory in percent.",
    under=[8741],
    scalars=[processor(f"{SONICWALL}3.0", "processor"), pool("physical", percent=f"{SONICWALL}4.0")],
)

watchguard = readings(
    "watchguard",
    "Fireware: processor in hundredths of a percent, of the last minute (WATCHGUARD-SYSTEM-STATISTICS-MIB).",
    under=[3097],
    scalars=[processor("1.3.6.1.4.1.3097.6.3.78.0", "processor", per=100)],
)

CYBEROAM = "1.3.6.1.4.1.21067.2.1.2."
SOPHOS = "1.3.6.1.4.1.2604.5.1.2."
sophos = readings(
    "sophos",
    "Cyberoam (CYBEROAM-MIB) and Sophos Firewall (SFOS-FIREWALL-MIB): memory and disk in MiB.",
    under=[21067, 2604],
    scalars=[
        processor(f"{CYBEROAM}2.1.0", "processor"),
        filesystem("disk", size=f"{CYBEROAM}3.1.0", percent=f"{CYBEROAM}3.2.0", unit=MEBIBYTE),
        pool("physical", size=f"{CYBEROAM}4.1.0", percent=f"{CYBEROAM}4.2.0", unit=MEBIBYTE),
        pool("swap", size=f"{CYBEROAM}4.3.0", percent=f"{CYBEROAM}4.4.0", unit=MEBIBYTE),
        filesystem("disk", size=f"{SOPHOS}4.1.0", percent=f"{SOPHOS}4.2.0", unit=MEBIBYTE),
    ],
)

HILLSTONE = "1.3.6.1.4.1.28557.2."
hillstone = readings(
    "hillstone",
    "StoneOS: memory in KiB; temperatures by place (HILLSTONE-SYSTEM-MIB, HILLSTONE-TEMPERATURE-MIB).",
    under=[28557],
    scalars=[
        processor(f"{HILLSTONE}2.1.3.0", "processor"),
        pool("physical", size=f"{HILLSTONE}2.1.4.0", used=f"{HILLSTONE}2.1.5.0", unit=KIBIBYTE),
    ],
    tables=[Readings(f"{HILLSTONE}28.1.2.1", (celsius(3),), name=(2,))],
)

NETSCALER = "1.3.6.1.4.1.5951.4.1.1.41."
netscaler = readings(
    "netscaler",
    "NetScaler: processors, memory in MiB, health counters named by their index; millivolts.",
    under=[5951],
    scalars=[pool("physical", size=f"{NETSCALER}4.0", percent=f"{NETSCALER}2.0", unit=MEBIBYTE)],
    tables=[
        NamedReadings(f"{NETSCALER}6.1", value=2, patterns=((".", processor("")),), name=(1,)),
        NamedReadings(
            f"{NETSCALER}7.1",
            value=2,
            name=(1,),
            patterns=(
                (r"status", state("", {1: 2, 2: 0, 3: 0})),
                (r"temperature", celsius("")),
                (r"fan|misc", rpm("")),
                (r"voltage|power", volts("", per=1000)),
            ),
        ),
    ],
)

F5 = "1.3.6.1.4.1.3375.2.1."
F5OS = "1.3.6.1.4.1.12276.1.2.1."
f5 = readings(
    "f5",
    "BIG-IP: traffic management memory in KiB, processors, chassis sensors.",
    under=[3375],
    scalars=[pool("TMM", size=f"{F5}1.2.1.143.0", used=f"{F5}1.2.1.144.0", unit=KIBIBYTE)],
    tables=[
        Readings(f"{F5}3.2.1.2.1", (rpm(3),), prefix="fan"),
        Readings(f"{F5}3.2.3.2.1", (celsius(2),), prefix="chassis"),
        Readings(f"{F5}3.6.2.1", (celsius(2), rpm(3)), prefix="processor"),
    ],
)
f5os = readings(
    "f5os",
    "rSeries and VELOS: degrees in text, rpm, memory in bytes (F5-PLATFORM-STATS-MIB).",
    under=[12276],
    tables=[
        Readings(f"{F5OS}1.2.1", (pool(size=5, used=3, free=2),), prefix="platform"),
        Readings(f"{F5OS}3.1.1", (celsius(1),), prefix="platform"),
        Readings(f"{F5OS}7.1.1", tuple(rpm(fan, f"fan {fan}") for fan in range(1, 13)), prefix="platform"),
    ],
)

BLUE_COAT = "1.3.6.1.4.1.3417.2."
blue_coat = readings(
    "blue_coat",
    "ProxySG (BLUECOAT-SG-SENSOR-MIB, BLUECOAT-SG-PROXY-MIB): values in the unit and scale beside them.",
    under=[3417],
    scalars=[
        pool("proxy", used=f"{BLUE_COAT}11.2.3.3.0", free=f"{BLUE_COAT}11.2.3.1.0"),
    ],
    tables=[
        Readings(f"{BLUE_COAT}11.2.4.1", (processor(8),), prefix="processor"),
        TypedReadings(
            f"{BLUE_COAT}1.1.1.1.1",
            value=5,
            kind=3,
            name=(9,),
            kinds={2: volts(""), 3: rpm(""), 4: celsius(""), 5: volts("")},
        ),
    ],
)

A10 = "1.3.6.1.4.1.22610.2.4.1."
a10 = readings(
    "a10",
    "Thunder and AX (A10-AX-MIB): memory in KiB, disk in MiB.",
    under=[22610],
    scalars=[
        pool("physical", size=f"{A10}2.1.0", used=f"{A10}2.2.0", unit=KIBIBYTE),
        filesystem("disk", size=f"{A10}4.1.0", free=f"{A10}4.2.0", unit=MEBIBYTE),
        celsius(f"{A10}5.1.0", "system"),
    ],
    tables=[
        Readings(f"{A10}3.2.1", (processor(3),), prefix="processor"),
        Readings(f"{A10}5.9.1", (rpm(4),), name=(2,)),
    ],
)

NETSCREEN = "1.3.6.1.4.1.3224.16."
screenos = readings(
    "screenos",
    "ScreenOS (NETSCREEN-RESOURCE-MIB, NETSCREEN-CHASSIS-MIB): bytes.",
    under=[3224],
    scalars=[
        processor(f"{NETSCREEN}1.3.0", "processor"),
        pool("physical", used=f"{NETSCREEN}2.1.0", free=f"{NETSCREEN}2.2.0"),
    ],
    tables=[Readings("1.3.6.1.4.1.3224.21.4.1", (celsius(3),), name=(4,))],
)

pulse_secure = readings(
    "pulse_secure",
    "Connect Secure (PULSESECURE-PSG-MIB, JUNIPER-IVE-MIB): percent.",
    under=[12532],
    scalars=[
        processor("1.3.6.1.4.1.12532.10.0", "processor"),
        pool("physical", percent="1.3.6.1.4.1.12532.11.0"),
        pool("swap", percent="1.3.6.1.4.1.12532.24.0"),
        filesystem("disk", percent="1.3.6.1.4.1.12532.25.0"),
        celsius("1.3.6.1.4.1.12532.42.0", "processor"),
    ],
)

FIREBRICK = "1.3.6.1.4.1.24693.100."
firebrick = readings(
    "firebrick",
    "FireBrick (FIREBRICK-MONITORING-MIB, FIREBRICK-CPU-MIB): the kind of a reading stands beside it.",
    under=[24693],
    tables=[
        TypedReadings(
            f"{FIREBRICK}1.1.1", value=4, kind=2, name=(3,),
            kinds={
                "voltage (mv)": volts("", per=1000), "temperature (millidegc)": celsius("", per=1000),
                "fan speed (rpm)": rpm(""),
            },
        ),
        Readings(f"{FIREBRICK}2.1.1", (processor("2.5", per=100),), prefix="core"),
    ],
)  # fmt: skip

STORMSHIELD = "1.3.6.1.4.1.11256.1.10."
stormshield = readings(
    "stormshield",
    "Stormshield (STORMSHIELD-SYSTEM-MONITOR-MIB, -HEALTH-MONITOR-MIB).",
    under=[11256],
    tables=[
        Readings(f"{STORMSHIELD}7.1", (celsius(2),), prefix="processor"),
        Readings("1.3.6.1.4.1.11256.1.16.2.1", (state(4, {0: 0, 1: 1, 2: 2}),), name=(2,)),
    ],
)

ALTEON = "1.3.6.1.4.1.1872.2.5.1.2."
alteon = readings(
    "alteon",
    "Alteon (ALTEON-CHEETAH-SWITCH-MIB): of the last 64 seconds; bytes.",
    under=[1872],
    scalars=[
        processor(f"{ALTEON}2.3.0", "management"),
        pool("physical", size=f"{ALTEON}8.1.0", free=f"{ALTEON}8.3.0"),
    ],
)
