"""How a Mac protects itself (fdesetup(8), socketfilterfw, spctl(8), csrutil(8), XProtect, sshd_config(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, Partial, Sample, SshCommand, collector
from soc.collect.sections import section, with_sections
from soc.collect.sshd_settings import effective

EFFECTIVE = "/usr/sbin/sshd -T"
PROTECTION = SshCommand(
    "macos-protection",
    "export LC_ALL=C; "
    + with_sections(
        filevault="fdesetup status",
        firewall="/usr/libexec/ApplicationFirewall/socketfilterfw --getglobalstate",
        gatekeeper="spctl --status 2>&1",
        integrity="csrutil status",
        xprotect="defaults read "
        "/Library/Apple/System/Library/CoreServices/XProtect.bundle/Contents/Info CFBundleShortVersionString",
        sshd=f"sudo -n {EFFECTIVE} && echo whole || cat /etc/ssh/sshd_config",
    ),
    platforms=("macos",),
    sudo=(EFFECTIVE,),
    maximum_bytes=256_000,
)

_FIREWALL = re.compile(r".*\(State = (\d)\).*")
_STATES = {"0": "off", "1": "on", "2": "on, all inbound blocked"}


@collector(every="posture", fetch=PROTECTION, facts={"disk_encryption"})
def macos_encryption(output: CommandOutput) -> Iterator[Fact]:
    """FileVault: `encrypted` once that is done."""
    text = "\n".join(section(output, "filevault"))
    match = re.search(r"FileVault is (On|Off)\b", text)
    if not match:
        raise ValueError(f"FileVault says {text[:80]!r}")
    encrypted = match[1] == "On" and "in progress" not in text
    yield Fact("disk_encryption", "encrypted" if encrypted else "plain", "/")


@collector(every="posture", fetch=PROTECTION, facts={"firewall"})
def macos_firewall(output: CommandOutput) -> Iterator[Fact | Sample]:
    """Whether the application firewall is on."""
    for match in filter(None, map(_FIREWALL.fullmatch, section(output, "firewall"))):
        yield Fact("firewall", _STATES.get(match[1], f"state {match[1]}"), "application firewall")
        yield Sample("firewall_enabled", int(match[1] != "0"))


@collector(every="posture", fetch=PROTECTION, facts={"antimalware"})
def macos_antimalware(output: CommandOutput) -> Iterator[Fact]:
    """XProtect's signatures, which macOS keeps itself, by their version."""
    version = section(output, "xprotect")[-1].strip()
    if re.fullmatch(r"\d[\d.]*", version):
        yield Fact("antimalware", f"signatures {version}", "XProtect")


@collector(every="posture", fetch=PROTECTION, facts={"system_protection"})
def macos_system_protection(output: CommandOutput) -> Iterator[Fact]:
    """Gatekeeper, and System Integrity Protection: `enabled` or `disabled`."""
    for name, product in (("gatekeeper", "Gatekeeper"), ("integrity", "System Integrity Protection")):
        if match := re.search(r"\b(enabled|disabled)\b", " ".join(section(output, name))):
            yield Fact("system_protection", match[1], product)


@collector(every="posture", fetch=PROTECTION, facts={"sshd"})
def macos_sshd(output: CommandOutput) -> Iterator[Fact | Partial]:
    """The settings that decide who gets in, and how; without sudo, those of sshd_config."""
    lines = section(output, "sshd")
    if "whole" not in lines:
        yield Partial("sshd")
    yield from effective(lines)
