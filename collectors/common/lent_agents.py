"""Devices that answer with net-snmp's agent and sysObjectID: the scalars by which they show what they are.
Teltonika (TELTONIKA-MIB), McAfee NSP (INTRUVERT-MIBs), MPB amplifiers (MPB-MIB), iBoot-PDU
(IBOOTPDU-MIB), EfficientIP (EIP-MIB).
"""

from soc.collect import amperes, celsius, processor, readings, volts, watts

E = "1.3.6.1.4.1."

lent_agents = readings(
    "lent_agents",
    "Tenths or whole degrees, hundredths of volts and amperes, percent.",
    under=[8072, 48690, 8962, 4464, 1418, 2440],
    scalars=[
        celsius(f"{E}48690.2.9.0", "modem", per=10),
        celsius(f"{E}48690.2.2.1.17.1", "modem 1", per=10),
        celsius(f"{E}8962.4.1.1.8.0", "system"),
        processor(f"{E}8962.4.1.1.2.0", "processor"),
        celsius(f"{E}4464.2.2.8.2.5.0", "case", per=10),
        volts(f"{E}1418.6.6.1.0", "line 1", per=100),
        amperes(f"{E}1418.6.6.2.0", "line 1", per=100),
        volts(f"{E}1418.6.6.3.0", "line 2", per=100),
        amperes(f"{E}1418.6.6.4.0", "line 2", per=100),
        celsius(f"{E}2440.1.14.3.1.0", "processor"),
        celsius(f"{E}2440.1.14.3.4.0", "inlet"),
        celsius(f"{E}2440.1.14.3.6.0", "RAID controller"),
        watts(f"{E}2440.1.14.6.1.0", "system"),
    ],
)
