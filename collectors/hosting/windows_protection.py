"""How a Windows host protects itself: firewall, BitLocker, Microsoft Defender and others, sshd's settings
(NetSecurity, BitLocker and Defender modules, SecurityCenter2, OpenSSH for Windows; learn.microsoft.com).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import (
    CommandFailedError,
    CommandOutput,
    Fact,
    NotApplicableError,
    Sample,
    collector,
    powershell,
    rows,
)
from soc.collect.sshd_settings import effective

PROTECTION = powershell(
    "windows-protection",
    firewall="Get-NetFirewallProfile -PolicyStore ActiveStore | Select-Object Name, "
    "@{n='Enabled';e={\"$($_.Enabled)\"}}, @{n='Inbound';e={\"$($_.DefaultInboundAction)\"}}",
    bitlocker="Get-BitLockerVolume | Select-Object MountPoint, "
    "@{n='Protection';e={\"$($_.ProtectionStatus)\"}}, @{n='Status';e={\"$($_.VolumeStatus)\"}}",
    defender="Get-MpComputerStatus | Select-Object AntivirusEnabled, RealTimeProtectionEnabled, "
    "IsTamperProtected, AntivirusSignatureVersion, "
    "@{n='Age';e={((Get-Date)-$_.AntivirusSignatureLastUpdated).TotalSeconds}}",
    others="Get-CimInstance -Namespace root/SecurityCenter2 AntiVirusProduct | "
    "Select-Object displayName,productState",
    sshd='[IO.File]::ReadAllLines("$env:ProgramData\\ssh\\sshd_config")',
    maximum_bytes=256_000,
)

_RUNS = 0x1000  # bit of productState in SecurityCenter2
_DEFENDER = re.compile(r"(windows|microsoft) defender", re.IGNORECASE)


@collector(every="posture", fetch=PROTECTION, facts={"firewall"})
def windows_firewall(output: CommandOutput) -> Iterator[Fact | Sample]:
    """What becomes of unasked traffic, by network profile; whether the firewall is on in all of them."""
    states = []
    for item in rows(output, "firewall"):
        on, inbound = item.text("Enabled") == "True", item.text("Inbound").lower()
        # NotConfigured is Windows' own default: unasked connections are blocked.
        action = "allow" if inbound == "allow" else "block"
        states.append(on and action == "block")
        yield Fact("firewall", f"on, inbound {action}" if on else "off", f"Windows {item.text('Name')}")
    if states:
        yield Sample("firewall_enabled", int(all(states)))


@collector(every="posture", fetch=PROTECTION, facts={"disk_encryption"})
def windows_encryption(output: CommandOutput) -> Iterator[Fact]:
    """BitLocker's protection of each volume: `encrypted` only where its keys are protected, too."""
    for item in rows(output, "bitlocker"):
        protected = item.text("Protection") == "On" and item.text("Status") == "FullyEncrypted"
        if mount := item.text("MountPoint"):
            yield Fact("disk_encryption", "encrypted" if protected else "plain", mount)


@collector(every="posture", fetch=PROTECTION, facts={"antimalware"})
def windows_antimalware(output: CommandOutput) -> Iterator[Fact | Sample]:
    """Whether Microsoft Defender and others protect in real time; the age of Defender's signatures.

    Windows servers have no list of others.
    """
    missing: list[Exception] = []
    for read in (_defender, _others):
        try:
            yield from read(output)
        except (NotApplicableError, CommandFailedError) as error:
            missing.append(error)
    if len(missing) > 1:
        raise missing[0]


def _defender(output: CommandOutput) -> Iterator[Fact | Sample]:
    """Fails where Defender was removed, or gave way to another."""
    for item in rows(output, "defender"):
        running = item.flag("AntivirusEnabled") and item.flag("RealTimeProtectionEnabled")
        yield Fact("antimalware", "running" if running else "stopped", "Microsoft Defender")
        if (age := item.number("Age")) is not None:
            labels = {"product": "Microsoft Defender"}
            yield Sample("antimalware_signatures_age_seconds", max(0.0, age), labels)


def _others(output: CommandOutput) -> Iterator[Fact | Sample]:
    """A product that was installed anew may be listed twice."""
    runs: dict[str, bool] = {}
    for item in rows(output, "others"):
        name, state = item.text("displayName"), item.whole("productState")
        if name and state is not None and not _DEFENDER.match(name):
            runs[name] = runs.get(name, False) or bool(state & _RUNS)
    for name, running in runs.items():
        yield Fact("antimalware", "running" if running else "stopped", name)


@collector(every="posture", fetch=PROTECTION, facts={"sshd"})
def windows_sshd(output: CommandOutput) -> Iterator[Fact]:
    """The settings in sshd_config that decide who gets in, and how; blocks of Match are left out."""
    yield from effective(item.text() for item in rows(output, "sshd"))
