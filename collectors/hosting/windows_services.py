"""Services, time synchronisation, restarts and sessions of Windows hosts (Win32_Service, w32tm, quser;
learn.microsoft.com).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, Sample, collector, powershell, rows

# Started at boot but ended again as they are meant to: those that a trigger starts, and delayed ones that
# ended without an error. quser and w32tm speak the host's language; errors of theirs go nowhere.
SERVICES = powershell(
    "windows-services",
    services=r"""Get-CimInstance Win32_Service -Filter "StartMode='Auto' AND State<>'Running'" |
    Where-Object {-not (Test-Path "HKLM:\SYSTEM\CurrentControlSet\Services\$($_.Name)\TriggerInfo")
    -and -not ($_.DelayedAutoStart -and $_.ExitCode -eq 0)} | Select-Object Name, State, ExitCode""",
    time="cmd.exe /c 'w32tm /query /status /verbose 2>nul'",
    boot="$o=Get-CimInstance Win32_OperatingSystem; T $o.LastBootUpTime",
    restart=r"""$r='HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\';
    (Test-Path "${r}Component Based Servicing\RebootPending") -or
    (Test-Path "${r}WindowsUpdate\Auto Update\RebootRequired")""",
    sessions="cmd.exe /c 'quser 2>nul'",
    maximum_bytes=256_000,
)

_NOT_SYNCHRONISED = "3"  # RFC 5905, figure 9, leap indicator
_LEAP = re.compile(r"[^:]*: *(\d)\(.*")
_SECONDS = re.compile(r"[^:]*: *([+-]?\d+[.,]\d+)s")
# User, session (absent of a disconnected one), number, state, idle time, time of logon.
_SESSION = re.compile(r">?(\S.*?) {2,}(?:([^\s\d]\S*) +)?(\d+) +\S.*")


@collector(every="health", fetch=SERVICES)
def windows_services(output: CommandOutput) -> Iterator[Sample]:
    """0 for each service that starts with the system and does not run (`service` = its name)."""
    for item in rows(output, "services"):
        if name := item.text("Name"):
            yield Sample("service_up", 0, {"service": name})


@collector(every="health", fetch=SERVICES)
def windows_time(output: CommandOutput) -> Iterator[Sample]:
    """Whether the clock is synchronised, and how far it is ahead of its source (negative: behind).

    `Phase Offset` is what the clock is to gain, hence the other sign. Lines are told by place and form:
    their names are in the host's language.
    """
    lines = [item.text() for item in rows(output, "time")]
    if not lines or not (leap := _LEAP.fullmatch(lines[0])):
        return  # the service does not run: who keeps the clock is not known
    synchronised = leap[1] != _NOT_SYNCHRONISED
    yield Sample("time_synchronized", int(synchronised))
    detail = lines[lines.index("") + 1 :] if "" in lines else []
    offset = next(filter(None, map(_SECONDS.fullmatch, detail[:1])), None)
    if synchronised and offset:
        yield Sample("time_offset_seconds", -float(offset[1].replace(",", ".")))


@collector(every="health", fetch=SERVICES)
def windows_reboots(output: CommandOutput) -> Iterator[Sample]:
    """When the host was booted, which moves with corrections of its clock, and whether a reboot is due."""
    for item in rows(output, "boot"):
        if (moment := item.moment()) is not None:
            yield Sample("boot_timestamp_seconds", moment)
    for item in rows(output, "restart"):
        if (due := item.flag()) is not None:
            yield Sample("reboot_required", int(due))


@collector(every="health", fetch=SERVICES, facts={"login"})
def windows_logins(output: CommandOutput) -> Iterator[Fact | Sample]:
    """Interactive sessions, and each user's: `console`, `rdp`, or `disconnected`."""
    places: dict[str, set[str]] = {}
    sessions = 0
    for line in [item.text() for item in rows(output, "sessions")][1:]:  # the first names the columns
        if match := _SESSION.fullmatch(line):
            sessions += 1
            kind = (match[2] or "disconnected").lower().partition("-")[0]
            places.setdefault(match[1], set()).add(kind)
    yield Sample("login_sessions", sessions)
    for user, found in places.items():
        yield Fact("login", ", ".join(sorted(found)), user)
