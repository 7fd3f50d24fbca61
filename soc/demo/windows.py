"""A simulated Windows host: what the commands of the shipped collectors print at a given time.

Servers log in with cmd.exe, or with PowerShell, as sites set it; the others are laptops.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from soc.collect.declare import CommandOutput
from soc.collect.ssh.platform import DETECT, DETECT_WINDOWS
from soc.demo.formulas import counter, dice, wave
from soc.demo.machine import NOT_FOUND
from soc.demo.scenario import Scenario
from soc.model import Device

_TICKS = 10_000_000  # of 100 ns
_GIB = 1 << 30
_VERSION = CommandOutput("\r\nMicrosoft Windows [Version 10.0.26100.4061]\r\n", "", 0)
_NOT_POWERSHELL = CommandOutput("", "At line:1 char:10\r\nThe token '||' is not a valid separator.\r\n", 1)
_DAY_SECONDS = 86_400.0
_EVENT_LOGS = ("windows-security-log", "windows-system-logs")  # nothing happens on these hosts
Document = dict[str, Any]


class WindowsHost:
    """One host's state, as its commands show it."""

    platform = "windows"

    def __init__(self, device: Device, scenario: Scenario) -> None:
        generator = dice(scenario.seed, device.name, "windows")
        self._name = device.name
        self._server = device.kind == "server"
        self._user = generator.choice(("mia", "tom", "lea", "zoe"))
        self._powershell = self._server and generator.random() < 0.5
        self._serial = "".join(generator.choices("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", k=7))
        self._booted = scenario.start - generator.uniform(0.5, 40) * _DAY_SECONDS
        self._start = scenario.start
        self._processors = 8 if self._server else 4
        self._memory = (32 if self._server else 16) * _GIB
        phase = generator.uniform(0, 6)
        self._busy = wave(0.03, generator.uniform(0.1, 0.4), generator.uniform(900, 5400), phase)
        self._used = wave(0.35, generator.uniform(0.45, 0.7), 7200, phase)
        self._disk_used = generator.uniform(0.3, 0.7)
        self._counters = [
            counter(rate, self._booted, 0, phase) for rate in (200_000, 90_000, 400_000, 150_000)
        ]
        self._domain_sid = "S-1-5-21-" + "-".join(str(generator.randint(10**8, 10**9)) for _ in range(3))
        self._documents: Mapping[str, Callable[[float], Document]] = {
            "windows-uptime": lambda time: {"uptime": [time - self._booted]},
            "windows-health": self._health,
            "windows-services": self._services,
            "windows-interfaces": self._interfaces,
            "windows-identity": self._identity,
            "windows-accounts": self._accounts,
            "windows-authorized-keys": lambda _: {"keys": []},
            "windows-protection": self._protection,
            "windows-software": self._software,
            "windows-surface": self._surface,
            "windows-updates": self._updates,
        }

    def output(self, command_id: str, line: str, time: float) -> CommandOutput:  # noqa: ARG002
        if command_id == DETECT.id:
            return _NOT_POWERSHELL if self._powershell else _VERSION
        if command_id == DETECT_WINDOWS.id:
            return _VERSION
        if command_id in _EVENT_LOGS:
            return CommandOutput("", "", 0)
        document = self._documents.get(command_id)
        if document is None:
            return NOT_FOUND
        return CommandOutput(json.dumps({**document(time), "errors": {}}) + "\r\n", "", 0)

    def _health(self, time: float) -> Document:
        size = self._memory >> 10
        disk = (500 if self._server else 256) * _GIB
        read, written = (int(formula(time)) for formula in self._counters[:2])
        return {
            "before": [self._processor(number, time, 0.0) for number in range(self._processors)],
            "after": [self._processor(number, time, 1.0) for number in range(self._processors)],
            "system": [
                {
                    "TotalVisibleMemorySize": size,
                    "FreePhysicalMemory": int(size * (1 - self._used(time))),
                    "NumberOfProcesses": 140 + int(time / 60) % 7,
                }
            ],
            "swap": [{"AllocatedBaseSize": size >> 12, "CurrentUsage": size >> 15}],
            "filesystems": [{"DeviceID": "C:", "Size": disk, "FreeSpace": int(disk * (1 - self._disk_used))}],
            "disks": [{"Name": "0 C:", "DiskReadBytesPersec": read, "DiskWriteBytesPersec": written}],
        }

    def _processor(self, number: int, time: float, later: float) -> Document:
        idle = (time - self._booted) * 0.8 + later * (1 - self._busy(time + 37 * number))
        return {
            "Name": str(number),
            "PercentProcessorTime": int(idle * _TICKS),
            "Timestamp_Sys100NS": int((time + later) * _TICKS),
        }

    def _services(self, _: float) -> Document:
        offset = 0.0001 * (len(self._name) - 8)
        return {
            "services": [],
            "time": ["Leap Indicator: 0(no warning)", "Stratum: 3", "", f"Phase Offset: {offset:.7f}s"],
            "boot": [_written(self._booted)],
            "restart": [False],
            "sessions": [
                " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME",
                f">{self._user:<22}console             1  Active      none   8:00 AM",
            ][: 0 if self._server else 2],
        }

    def _interfaces(self, time: float) -> Document:
        received, sent = (int(formula(time)) for formula in self._counters[2:])
        name = "Ethernet" if self._server else "WLAN"
        state = {"InterfaceOperationalStatus": 1, "InterfaceAdminStatus": 1}
        return {
            "adapters": [{"Name": name, "Speed": 10**10 if self._server else 866_700_000, **state}],
            "counters": [{"Name": name, "ReceivedBytes": received, "SentBytes": sent}],
        }

    def _identity(self, _: float) -> Document:
        # No release that the table of life cycles has for laptops: the demo plays in no particular year.
        build, caption, edition = (
            ("26100", "Windows Server 2025 Standard", "ServerStandard")
            if self._server
            else ("28000", "Windows 11 Enterprise", "Enterprise")
        )
        maker = ("VMware, Inc.", "VMware20,1") if self._server else ("LENOVO", "21HD")
        return {
            "os": [
                {
                    "CSName": self._name.upper(),
                    "Caption": f"Microsoft {caption}",
                    "Version": f"10.0.{build}",
                    "OSArchitecture": "64-bit",
                }
            ],
            "hardware": [
                {
                    "Manufacturer": maker[0],
                    "Model": maker[1],
                    "Domain": "corp.example.org",
                    "PartOfDomain": True,
                }
            ],
            "bios": [{"SerialNumber": self._serial}],
            "release": [{"UBR": 4061, "EditionID": edition}],
        }

    def _accounts(self, _: float) -> Document:
        local = f"{self._domain_sid}-500"
        account = {"Name": "Administrator", "Enabled": False, "PasswordRequired": True, "Sid": local}
        members = (
            (f"{self._name.upper()}/Administrator", "User", local),
            ("CORP/Domain Admins", "Group", "S-1-5-21-7-8-9-512"),
        )
        return {
            "accounts": [{**account, "PasswordLastSet": "2026-01-15T09:00:00Z"}],
            "administrators": [
                {"Path": f"WinNT://{path}", "Class": kind, "Sid": sid} for path, kind, sid in members
            ],
        }

    def _protection(self, time: float) -> Document:
        defender = {"AntivirusEnabled": True, "RealTimeProtectionEnabled": True, "IsTamperProtected": True}
        return {
            "firewall": [
                {"Name": name, "Enabled": "True", "Inbound": "Block"}
                for name in ("Domain", "Private", "Public")
            ],
            "bitlocker": [{"MountPoint": "C:", "Protection": "On", "Status": "FullyEncrypted"}],
            "defender": [{**defender, "Age": (time - self._booted) % (4 * 3600)}],
            "others": [],
            "sshd": ["PasswordAuthentication no", "AuthorizedKeysFile .ssh/authorized_keys"],
        }

    def _software(self, _: float) -> Document:
        return {
            "programs": [{"DisplayName": "Example Office", "DisplayVersion": "16.0.1"}],
            "hotfixes": [{"HotFixID": "KB5058411", "Description": "Security Update"}],
        }

    def _updates(self, time: float) -> Document:
        history = {"Installed": _written(self._booted + 300), "Searched": _written(time - 3600)}
        return {"history": [history], "pending": []}

    def _surface(self, _: float) -> Document:
        names = {4: "System", 900: "svchost", 2044: "sshd"}
        expires = {"Subject": f"CN={self._name}", "Expires": _written(self._start + 200 * _DAY_SECONDS)}
        return {
            "names": [{"Id": number, "Name": name} for number, name in names.items()],
            "tcp": [
                {"LocalAddress": "0.0.0.0", "LocalPort": port, "OwningProcess": process}  # noqa: S104
                for port, process in ((22, 2044), (135, 900), (445, 4))
            ],
            "udp": [],
            "tasks": [
                {"Name": "\\Backup\\Nightly", "User": "SYSTEM", "State": "Ready", "Actions": ["b.exe"]}
            ],
            "certificates": [expires] if self._server else [],
        }


def _written(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
