"""Storage: Synology (SYNOLOGY-*-MIB), QNAP (NAS-MIB), NetApp (NETAPP-MIB), EqualLogic (EQL*-MIB), QuantaStor,
Dell Compellent, Areca, Quantum libraries (QUANTUM-SMALL/MIDRANGE-TAPE-LIBRARY-MIB), Buffalo, OceanStor.
"""

from soc.collect import (
    Readings,
    celsius,
    filesystem,
    processor,
    readings,
    rpm,
    state,
    volts,
)

SYNOLOGY = "1.3.6.1.4.1.6574."
NORMAL = {1: 0, 2: 2}
synology = readings(
    "synology",
    "DiskStation: system, disks, volumes.",
    under=[6574, 8072],
    scalars=[
        celsius(f"{SYNOLOGY}1.2.0", "system"),
        state(f"{SYNOLOGY}1.1.0", NORMAL, "system"),
        state(f"{SYNOLOGY}1.3.0", NORMAL, "power"),
        state(f"{SYNOLOGY}1.4.1.0", NORMAL, "system fan"),
        state(f"{SYNOLOGY}1.4.2.0", NORMAL, "processor fan"),
    ],
    tables=[
        # diskTable: normal, initialised, not initialised, system partition failed, crashed
        Readings(f"{SYNOLOGY}2.1.1", (celsius(6), state(5, {1: 0, 2: 0, 3: 0, 4: 2, 5: 2})), name=(2,)),
        # raidTable: normal, at work in many ways, degraded (11), crashed (12)
        Readings(
            f"{SYNOLOGY}3.1.1", (state(3, {**dict.fromkeys(range(1, 22), 0), 11: 1, 12: 2}),), name=(2,)
        ),
    ],
)

QNAP = "1.3.6.1.4.1.24681.1.2."
qnap = readings(
    "qnap",
    "QTS (NAS-MIB, systemInfo): values as text with their unit.",
    under=[24681, 8072],
    scalars=[
        processor(f"{QNAP}1.0", "processor"),
        celsius(f"{QNAP}5.0", "processor"),
        celsius(f"{QNAP}6.0", "system"),
    ],
    tables=[
        Readings(f"{QNAP}11.1", (celsius(3),), name=(2,)),  # disks
        Readings(f"{QNAP}15.1", (rpm(3),), name=(2,)),
    ],
)

NETAPP = "1.3.6.1.4.1.789.1."
KIBIBYTE = 1024
netapp = readings(
    "netapp",
    "Data ONTAP: processor, volumes and aggregates (64-bit KiB), enclosures.",
    under=[789],
    scalars=[processor(f"{NETAPP}2.1.3.0", "processor")],
    tables=[
        Readings(  # dfTable
            f"{NETAPP}5.4.1", (filesystem(size=29, used=30, unit=KIBIBYTE),), name=(2,)
        ),
        Readings(f"{NETAPP}2.1.10.1", (processor(3),), prefix="node"),
    ],
)

EQUALLOGIC = "1.3.6.1.4.1.12740.2.1."
EQL_STATE = {0: 3, 1: 0, 2: 1, 3: 2}
equallogic = readings(
    "equallogic",
    "Temperatures and fans of PS series members (EQLMEMBER-MIB).",
    under=[12740],
    tables=[
        Readings(f"{EQUALLOGIC}6.1", (celsius(3), state(4, EQL_STATE)), name=(2,)),
        Readings(f"{EQUALLOGIC}7.1", (rpm(3), state(4, EQL_STATE)), name=(2,)),
    ],
)

quantastor = readings(
    "quantastor",
    "OSNEXUS QuantaStor: disk temperatures as text.",
    under=[39324, 8072],
    tables=[Readings("1.3.6.1.4.1.39324.1.1.48.1.1", (celsius(30),), prefix="disk")],
)

ARECA = "1.3.6.1.4.1.18928.1.2.2.1."
areca = readings(
    "areca",
    "Areca RAID controllers (ARECA-SNMP-MIB): millivolts.",
    under=[18928],
    tables=[
        Readings(f"{ARECA}8.1", (volts(3, per=1000),), name=(2,)),
        Readings(f"{ARECA}9.1", (rpm(3),), name=(2,)),
        Readings(f"{ARECA}10.1", (celsius(3),), name=(2,)),
    ],
)

QUANTUM = "1.3.6.1.4.1.3764.1.1.200.200."
quantum = readings(
    "quantum",
    "Scalar i6000 tape libraries (QUANTUM-LIBRARY-MIB).",
    under=[3764],
    tables=[
        Readings(f"{QUANTUM}30.1", (celsius(4),), prefix="temperature"),
        Readings(f"{QUANTUM}40.1", (rpm(4),), prefix="fan"),
    ],
)

COMPELLENT = "1.3.6.1.4.1.674.11000.2000.500.1.2."
compellent = readings(
    "compellent",
    "Dell Storage Center (DELL-STORAGE-SC-MIB).",
    under=["1.3.6.1.4.1.674.11000", 16139, 8072],
    tables=[
        Readings(f"{COMPELLENT}19.1", (celsius(5),), name=(4,), prefix="controller"),
        Readings(f"{COMPELLENT}23.1", (celsius(5),), name=(4,), prefix="enclosure"),
    ],
)
