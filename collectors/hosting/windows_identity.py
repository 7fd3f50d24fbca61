"""What a Windows host says it is (Win32_OperatingSystem, Win32_ComputerSystem, Win32_BIOS and the registry;
learn.microsoft.com), and until when it gets updates (soc/collect/data/windows_support.tsv).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import resources

from soc.collect import CommandOutput, Fact, Item, Sample, collector, powershell, rows, text_lines
from soc.collect.firmware import filled_in

IDENTITY = powershell(
    "windows-identity",
    os="Get-CimInstance Win32_OperatingSystem | Select-Object CSName, Caption, Version, OSArchitecture",
    hardware="Get-CimInstance Win32_ComputerSystem | Select-Object Manufacturer, Model, Domain, PartOfDomain",
    bios="Get-CimInstance Win32_BIOS | Select-Object SerialNumber",
    release=r"Get-ItemProperty 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion' | "
    "Select-Object UBR, DisplayVersion, EditionID",
    maximum_bytes=64_000,
)


@collector(every="configuration", fetch=IDENTITY, facts={"domain"})
def windows_identity(output: CommandOutput) -> Iterator[Fact | Sample]:
    """Name, edition and build with the update's revision; vendor, model and serial number of the hardware.

    Beside the identity, the domain that the host belongs to is a fact.
    """
    system, hardware, bios, release = (
        next(iter(rows(output, section)), Item({})) for section in ("os", "hardware", "bios", "release")
    )
    build = ".".join(filter(None, (system.text("Version"), release.text("UBR"))))
    named = filter(None, (system.text("Caption"), release.text("DisplayVersion")))
    description = " ".join((*named, build, system.text("OSArchitecture"))).strip()
    parts = {
        "os": system.text("Caption").removeprefix("Microsoft ").strip() or "Windows",
        "version": build,
        "vendor": filled_in(hardware.text("Manufacturer")),
        "model": filled_in(hardware.text("Model")),
        "serial": filled_in(bios.text("SerialNumber")),
    }
    known = {instance: value for instance, value in parts.items() if value}
    for instance, value in {"name": system.text("CSName"), "description": description, **known}.items():
        if value:
            yield Fact("identity", value, instance)
    if hardware.flag("PartOfDomain") and (domain := hardware.text("Domain")):
        yield Fact("domain", domain)
    yield Sample("device_info", 1, known)


@cache
def _ends() -> dict[tuple[str, str], tuple[str, str]]:
    text = resources.files("soc.collect").joinpath("data/windows_support.tsv").read_text(encoding="utf-8")
    table = [line.split("\t") for line in text_lines(text) if not line.startswith("#")]
    return {(build, kind): (end, name) for build, kind, end, name in table}


def _kind(edition: str) -> str:
    """Which life cycle an edition (EditionID of the registry) has."""
    if edition.startswith("Server"):
        return "server"
    if edition.startswith(("EnterpriseS", "IoTEnterpriseS")):
        return "ltsc"
    return "enterprise" if edition.startswith(("Enterprise", "Education", "IoTEnterprise")) else "pro"


@collector(every="posture", fetch=IDENTITY, facts={"os_support"})
def windows_support(output: CommandOutput) -> Iterator[Fact | Sample]:
    """The last day of free security updates, by build and edition; nothing of releases not in our table."""
    for system in rows(output, "os"):
        edition = next((item.text("EditionID") for item in rows(output, "release")), "")
        build = system.text("Version").rpartition(".")[2]
        if found := _ends().get((build, _kind(edition))):
            end, name = found
            over = datetime.combine(date.fromisoformat(end) + timedelta(days=1), time(), UTC)
            yield Fact("os_support", f"{name} until {end}")
            yield Sample("support_ends_timestamp_seconds", over.timestamp())
