"""Models of simulated equipment. Enterprise numbers are IANA's; the devices are made up."""

from __future__ import annotations

from dataclasses import dataclass

from soc.demo.ber import Oid

_ENTERPRISES = (1, 3, 6, 1, 4, 1)


@dataclass(frozen=True, slots=True)
class Model:
    """One model: who makes it, what it runs, and how its agent introduces itself."""

    vendor: str
    name: str
    version: str
    description: str  # sysDescr; {name} and {version} are filled in
    identifier: tuple[int, ...]  # sysObjectID below enterprises, the enterprise number first

    @property
    def object_id(self) -> Oid:
        return (*_ENTERPRISES, *self.identifier)

    @property
    def text(self) -> str:
        return self.description.format(name=self.name, version=self.version)


_NETWORK_OS = "Cisco IOS Software [Cupertino], {name} Software, Version {version}, RELEASE SOFTWARE (fc1)"
_LINUX = "Linux {name} {version} #1 SMP PREEMPT_DYNAMIC x86_64"
_WINDOWS = (
    "Hardware: Intel64 Family 6 Model 154 Stepping 3 AT/AT COMPATIBLE - "
    "Software: Windows Version {version} (Build 22631 Multiprocessor Free)"
)

MODELS: dict[str, tuple[Model, ...]] = {
    "router": (
        Model("Cisco", "ISR4331", "17.9.4a", _NETWORK_OS, (9, 1, 2068)),
        Model(
            "Juniper",
            "srx345",
            "22.4R3",
            "Juniper Networks, Inc. {name} internet router, kernel JUNOS {version}",
            (2636, 1, 1, 1, 2, 139),
        ),
        Model("MikroTik", "CCR2004-1G-12S+2XS", "7.14.3", "RouterOS {name}", (14988, 1)),
    ),
    "switch": (
        Model("Cisco", "C9300-12T", "17.9.4", _NETWORK_OS, (9, 1, 2494)),
        Model(
            "Arista",
            "DCS-7050SX3-48YC8",
            "4.30.5M",
            "Arista Networks EOS version {version} running on an Arista Networks {name}",
            (30065, 1, 3011, 7050, 3741, 48, 2878),
        ),
        Model(
            "HP",
            "J9774A 2530-8G",
            "YA.16.11.0016",
            "HP {name} Switch, revision {version}, ROM YA.15.20",
            (11, 2, 3, 7, 11, 140),
        ),
        Model(
            "Juniper",
            "ex2300-c-12t",
            "21.4R3",
            "Juniper Networks, Inc. {name} Ethernet Switch, kernel JUNOS {version}",
            (2636, 1, 1, 1, 2, 132),
        ),
    ),
    "wireless-controller": (
        Model(
            "Aruba", "7010", "8.10.0.9", "ArubaOS (MODEL: Aruba{name}), Version {version}", (14823, 1, 1, 32)
        ),
    ),
    "access-point": (
        Model("Ubiquiti", "U6-Pro", "6.6.55", "{name} {version}", (41112, 1, 6)),
        Model(
            "Aruba", "AP-515", "8.10.0.9", "ArubaOS (MODEL: {name}), Version {version}", (14823, 1, 2, 137)
        ),
    ),
    "firewall": (
        Model("Fortinet", "FGT_100F", "v7.2.7", "{name} {version}", (12356, 101, 1, 1001)),
        Model(
            "Palo Alto Networks",
            "PA-440",
            "11.0.4",
            "Palo Alto Networks PA-400 series firewall",
            (25461, 2, 3, 52),
        ),
    ),
    "vpn-gateway": (
        Model(
            "Check Point",
            "6200",
            "R81.20",
            "Linux {name} 3.10.0-1160.15.2cpx86_64 Gaia {version}",
            (2620, 1, 6, 123, 1, 80),
        ),
    ),
    "load-balancer": (
        Model(
            "F5",
            "i2600",
            "16.1.4",
            "BIG-IP {name} : Linux kernel 3.10.0 : BIG-IP software release {version}",
            (3375, 2, 1, 3, 4, 104),
        ),
    ),
    "hypervisor": (
        Model(
            "VMware",
            "ESXi",
            "8.0.2",
            "VMware {name} {version} build-23305546 VMware, Inc. x86_64",
            (6876, 4, 1),
        ),
    ),
    "storage": (Model("Synology", "RS1221+", "4.4.302+", _LINUX, (8072, 3, 2, 10)),),
    "desktop": (Model("Microsoft", "OptiPlex 7010", "6.3", _WINDOWS, (311, 1, 1, 3, 1, 1)),),
    "laptop": (
        Model("Microsoft", "Latitude 5440", "6.3", _WINDOWS, (311, 1, 1, 3, 1, 1)),
        Model("Net-SNMP", "ThinkPad", "6.1.0-18-amd64", _LINUX, (8072, 3, 2, 10)),
    ),
    "printer": (
        Model(
            "Lexmark",
            "MX622adhe",
            "MXTGM.240.207",
            "Lexmark {name} version {version} kernel 4.17",
            (641, 6, 2, 317, 1),
        ),
        Model(
            "Brother",
            "HL-L6400DW",
            "1.77",
            "Brother NC-8800h, Firmware Ver.{version}, {name}",
            (2435, 2, 3, 9, 1),
        ),
        Model(
            "Xerox",
            "VersaLink C7125",
            "72.61.23",
            "Xerox {name}; System {version}",
            (253, 8, 62, 1, 60, 5, 4, 2),
        ),
        Model(
            "Kyocera",
            "ECOSYS M3645idn",
            "2V2_S000.002.105",
            "KYOCERA Document Solutions Printing System",
            (1347, 41),
        ),
    ),
    "ups": (
        Model("Eaton", "9PX 3000i", "1.11.3", "Eaton {name} network card {version}", (534, 1)),
        Model("Riello", "Sentinel Pro 2200", "01.06.004", "NetMan 204 {version}", (5491, 1, 6)),
        Model(
            "APC",
            "Smart-UPS 3000",
            "2.4.0.9",
            "APC Web/SNMP Management Card ({name} v{version})",
            (318, 1, 3, 27),
        ),
    ),
    "gateway": (Model("Cisco", "ASR1001-X", "17.6.5", _NETWORK_OS, (9, 1, 1861)),),
    "modem": (
        Model("Teltonika", "RUTX11", "RUTX_R_00.07.06", "Teltonika {name} {version}", (48690, 1)),
        Model("Sierra Wireless", "RV55", "4.17.0", "AirLink {name} ALEOS {version}", (20542, 9, 1)),
    ),
    "badge-controller": (Model("Net-SNMP", "controller", "5.10.110", _LINUX, (8072, 3, 2, 10)),),
    "camera": (Model("Axis", "P3265-LVE", "11.8.64", "AXIS {name} Dome Camera; {version}", (368, 1)),),
    "voice-gateway": (
        Model(
            "AudioCodes",
            "Mediant 500",
            "7.20A.260",
            "Product: {name};SW Version: {version}",
            (5003, 8, 1, 1, 32),
        ),
    ),
    "time-server": (Model("Meinberg", "LANTIME M300", "7.08.009", "Meinberg {name} V{version}", (5597, 3)),),
}
UNKNOWN = Model("Net-SNMP", "host", "6.1.0-18-amd64", _LINUX, (8072, 3, 2, 10))
