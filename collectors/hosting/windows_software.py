"""Programs, tasks and open ports of Windows hosts (the registry's Uninstall keys, Win32_QuickFixEngineering,
the ScheduledTasks and NetTCPIP modules; learn.microsoft.com).
"""

from __future__ import annotations

from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, Sample, collector, powershell, rows
from soc.collect.command_lines import without_secrets
from soc.collect.listeners import listener

SOFTWARE = powershell(
    "windows-software",
    programs=r"""'HKLM:\SOFTWARE','HKLM:\SOFTWARE\WOW6432Node' | ForEach-Object {
    Get-ItemProperty "$_\Microsoft\Windows\CurrentVersion\Uninstall\*" -ErrorAction Ignore} |
    Where-Object {$_.DisplayName} | Select-Object DisplayName, DisplayVersion""",
    hotfixes="Get-CimInstance Win32_QuickFixEngineering | Select-Object HotFixID, Description",
)
SURFACE = powershell(
    "windows-surface",
    names="Get-Process | Select-Object Id, Name",
    tcp="Get-NetTCPConnection -State Listen | Select-Object LocalAddress, LocalPort, OwningProcess",
    udp="Get-NetUDPEndpoint | Select-Object LocalAddress, LocalPort, OwningProcess",
    tasks=r"""Get-ScheduledTask | Where-Object TaskPath -NotLike '\Microsoft\*' | ForEach-Object {
    [pscustomobject]@{Name=$_.TaskPath+$_.TaskName;User="$($_.Principal.UserId)$($_.Principal.GroupId)";
    State="$($_.State)";Actions=@($_.Actions | ForEach-Object {"$($_.Execute) $($_.Arguments)"})}}""",
    certificates=r"""Get-ChildItem Cert:\LocalMachine\My |
    Select-Object Subject, Thumbprint, @{n='Expires';e={T $_.NotAfter}}""",
)


@collector(every="posture", fetch=SOFTWARE, facts={"package"})
def windows_packages(output: CommandOutput) -> Iterator[Fact]:
    """Programs of all users, and updates of Windows itself: name -> versions, or kind."""
    versions: dict[str, set[str]] = {}
    for section, name, version in (
        ("programs", "DisplayName", "DisplayVersion"),
        ("hotfixes", "HotFixID", "Description"),
    ):
        for item in rows(output, section):
            if package := item.text(name):
                versions.setdefault(package, set()).add(item.text(version))
    for package, installed in versions.items():
        yield Fact("package", ", ".join(sorted(installed - {""})), package)


@collector(every="posture", fetch=SURFACE, facts={"listening_port"})
def windows_ports(output: CommandOutput) -> Iterator[Fact]:
    """Protocol, address and port (`tcp 0.0.0.0:22`) -> the program that holds it.

    Of the dynamic range, whose ports are other ones after each boot, only the programs that listen on
    TCP are told (`tcp 0.0.0.0:dynamic`), and nothing of loopback addresses.
    """
    names = {item.whole("Id"): item.text("Name") for item in rows(output, "names")}
    found: dict[str, set[str]] = {}
    for protocol in ("tcp", "udp"):
        for item in rows(output, protocol):
            address, port = item.text("LocalAddress"), item.whole("LocalPort")
            if port is not None and (name := listener(protocol, address, port)):
                found.setdefault(name, set()).add(names.get(item.whole("OwningProcess"), ""))
    for name, programs in found.items():
        yield Fact("listening_port", ", ".join(sorted(programs - {""})), name)


@collector(every="posture", fetch=SURFACE, facts={"scheduled_job"})
def windows_tasks(output: CommandOutput) -> Iterator[Fact]:
    """Tasks beside Windows' own: path and name -> account, what it starts, whether it is disabled.

    Passwords and tokens in commands are blotted out.
    """
    for item in rows(output, "tasks"):
        if name := item.text("Name"):
            commands = (without_secrets(action.text()) for action in item.items("Actions"))
            actions = "; ".join(filter(None, commands))
            disabled = " (disabled)" if item.text("State") == "Disabled" else ""
            yield Fact("scheduled_job", f"{item.text('User')}: {actions}{disabled}", name)


@collector(every="posture", fetch=SURFACE)
def windows_certificates(output: CommandOutput) -> Iterator[Sample]:
    """When each certificate in the machine's own store expires (`endpoint` = subject, else thumbprint)."""
    soonest: dict[str, float] = {}
    for item in rows(output, "certificates"):
        name = item.text("Subject") or item.text("Thumbprint")
        expires = item.moment("Expires")
        if name and expires is not None:
            soonest[name] = min(expires, soonest.get(name, expires))
    for name, expires in soonest.items():
        yield Sample("certificate_expires_timestamp_seconds", expires, {"endpoint": name})
