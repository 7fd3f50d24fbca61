"""A simulated Mac: what the commands of the shipped collectors print at a given time."""

from __future__ import annotations

import json

from soc.collect.declare import CommandOutput
from soc.collect.ssh.platform import DETECT
from soc.demo.formulas import counter, dice, wave
from soc.demo.machine import NOT_FOUND, Answers
from soc.demo.scenario import Scenario
from soc.model import Device

_PAGE_BYTES = 16_384
_PAGES = (16 << 30) // _PAGE_BYTES
_DISK_KIB = 482_797_652
_DAY_SECONDS = 86_400.0


class MacHost:
    """One Mac's state, as its commands show it."""

    platform = "macos"

    def __init__(self, device: Device, scenario: Scenario) -> None:
        generator = dice(scenario.seed, device.name, "macos")
        self._name = device.name
        self._user = generator.choice(("ana", "rui", "max", "eva"))
        self._serial = "".join(generator.choices("CDFGHJKLMNPQRTVWXY0123456789", k=10))
        self._booted = scenario.start - generator.uniform(0.5, 20) * _DAY_SECONDS
        phase = generator.uniform(0, 6)
        self._busy = wave(4, generator.uniform(15, 50), generator.uniform(900, 5400), phase)
        self._used = wave(0.4, generator.uniform(0.5, 0.75), 7200, phase)
        self._free_kib = int(_DISK_KIB * generator.uniform(0.3, 0.7))
        self._received = counter(300_000, self._booted, 0, phase)
        self._sent = counter(40_000, self._booted, 0, phase)
        self._answers: Answers = {
            DETECT.id: lambda _: "Darwin\n",
            "macos-uptime": self._uptime,
            "macos-identity": self._identity,
            "macos-health": self._health,
            "macos-interfaces": self._interfaces,
            "macos-accounts": self._accounts,
            "macos-authorized-keys": lambda _: "",
            "macos-protection": self._protection,
            "macos-software": self._software,
        }

    def output(self, command_id: str, line: str, time: float) -> CommandOutput:  # noqa: ARG002
        answer = self._answers.get(command_id)
        return CommandOutput(answer(time), "", 0) if answer else NOT_FOUND

    def _uptime(self, time: float) -> str:
        return f"{{ sec = {int(self._booted)}, usec = 0 }} Sun Mar  1 08:00:00 2026\n{int(time)}\n"

    def _identity(self, _: float) -> str:
        machine = {
            "machine_name": "MacBook Air",
            "machine_model": "Mac14,2",
            "serial_number": self._serial,
        }
        return _sections(
            system="ProductName:\t\tmacOS\nProductVersion:\t\t26.1\nBuildVersion:\t\t25B78",
            kernel=f"Darwin 25.1.0 arm64\n{self._name}.local",
            hardware=json.dumps({"SPHardwareDataType": [machine]}),
        )

    def _health(self, time: float) -> str:
        busy = round(self._busy(time))
        held = int(_PAGES * self._used(time))
        return _sections(
            cpu=f"  cpu    load average\n us sy id   1m   5m   15m\n  3  2 95  1.5 1.4 1.3\n"
            f" {busy} 2 {98 - busy}  {busy / 10:.2f} 1.4 1.3",
            memory=f"hw.memsize: {_PAGES * _PAGE_BYTES}\n"
            f"Mach Virtual Memory Statistics: (page size of {_PAGE_BYTES} bytes)\n"
            f"Pages wired down: {held // 4}.\nPages purgeable: 0.\nAnonymous pages: {held // 2}.\n"
            f"Pages occupied by compressor: {held // 4}.",
            filesystems=f"/dev/disk3s1s1 {_DISK_KIB} 10126636 {self._free_kib} 5% /",
            processes="\n".join(map(str, range(1, 400 + int(time / 60) % 9))),
            sessions=f"{self._user}  console  Mar  1 08:01\nend",
        )

    def _interfaces(self, time: float) -> str:
        return _sections(
            states="en0: flags=8863<UP,BROADCAST,SMART,RUNNING> mtu 1500\n\tstatus: active",
            counters=f"en0 1500 <Link#11> 3c:06:30:00:00:01 9 0 {self._received(time)} "
            f"9 0 {self._sent(time)} 0",
        )

    def _accounts(self, _: float) -> str:
        return _sections(
            numbers=f"{self._user} 501\nroot 0",
            shells=f"{self._user} /bin/zsh\nroot /bin/sh",
            administrators="GroupMembership: root",
        )

    def _protection(self, _: float) -> str:
        return _sections(
            filevault="FileVault is On.",
            firewall="Firewall is enabled. (State = 1)",
            gatekeeper="assessments enabled",
            integrity="System Integrity Protection status: enabled.",
            xprotect="5321",
            sshd="PasswordAuthentication no\nUsePAM yes",
        )

    def _software(self, _: float) -> str:
        installed = {
            "_name": "macOS 26.1",
            "install_date": "2026-02-10T10:00:00Z",
            "install_version": "26.1",
            "package_source": "package_source_apple",
        }
        return _sections(
            history=json.dumps({"SPInstallHistoryDataType": [installed]}),
            pending="0",
            jobs="end",
            ports="tcp4 0 0 *.22 *.* LISTEN",
        )


def _sections(**parts: str) -> str:
    return "".join(f"== {name}\n{text}\n" for name, text in parts.items())
