"""Programs, updates, jobs and open ports of Macs (system_profiler(8), defaults(1), launchd.plist(5),
plutil(1), netstat(1), lsof(8)).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, Item, Partial, Sample, SshCommand, collector
from soc.collect.command_lines import without_secrets
from soc.collect.listeners import listener
from soc.collect.sections import document, section, with_sections

LSOF = "/usr/sbin/lsof -nP -iTCP -iUDP -sTCP:LISTEN -FcPn"
SOFTWARE = SshCommand(
    "macos-software",
    "export LC_ALL=C; "
    + with_sections(
        history="system_profiler SPInstallHistoryDataType -json",
        pending="defaults read /Library/Preferences/com.apple.SoftwareUpdate LastRecommendedUpdatesAvailable",
        jobs="find /Library/LaunchDaemons /Library/LaunchAgents -name '*.plist' -print "
        "-exec plutil -convert json -o - '{}' ';' -exec echo ';'; echo end",
        ports=f"sudo -n {LSOF} || {{ netstat -an -p tcp; netstat -an -p udp; }}",
    ),
    platforms=("macos",),
    sudo=(LSOF,),
    maximum_bytes=4_000_000,
)

_NETSTAT = re.compile(r"(tcp|udp)(\d+)\s+\d+\s+\d+\s+(\S+)\.(\d+)\s+\*\.\*(?:\s+(LISTEN))?\s*.*")


@collector(every="posture", fetch=SOFTWARE, facts={"package"})
def macos_packages(output: CommandOutput) -> Iterator[Fact | Sample]:
    """What was installed: name -> the version that came last; when Apple's last update came."""
    newest: dict[str, tuple[float, str]] = {}
    updated = 0.0
    for item in document(output, "history").items("SPInstallHistoryDataType"):
        name, moment = item.text("_name"), item.moment("install_date") or 0.0
        if name:
            newest[name] = max(newest.get(name, (0.0, "")), (moment, item.text("install_version")))
        if item.text("package_source") == "package_source_apple":
            updated = max(updated, moment)
    for name, (_, version) in newest.items():
        yield Fact("package", version, name)
    if updated:
        yield Sample("updates_installed_timestamp_seconds", updated)


@collector(every="posture", fetch=SOFTWARE)
def macos_updates(output: CommandOutput) -> Iterator[Sample]:
    """How many recommended updates the last look found."""
    text = section(output, "pending")[-1].strip()
    if text.isdigit():
        yield Sample("updates_pending", int(text))


@collector(every="posture", fetch=SOFTWARE, facts={"scheduled_job"})
def macos_jobs(output: CommandOutput) -> Iterator[Fact]:
    """Jobs of launchd beside Apple's own: file -> account and command; passwords are blotted out."""
    path = ""
    for line in section(output, "jobs"):
        if re.fullmatch(r"/.*\.plist", line):
            path = line
        elif line.startswith("{") and path:
            job = Item(json.loads(line))
            words = [item.text() for item in job.items("ProgramArguments")] or [job.text("Program")]
            user = job.text("UserName") or ("root" if "/LaunchDaemons/" in path else "each user")
            yield Fact("scheduled_job", f"{user}: {without_secrets(' '.join(words))}", path)


@collector(every="posture", fetch=SOFTWARE, facts={"listening_port"})
def macos_ports(output: CommandOutput) -> Iterator[Fact | Partial]:
    """Protocol, address and port (`tcp *:22`) -> the programs that hold it, where sudo shows them.

    Of the dynamic range, whose ports are other ones each time, only the programs that listen on TCP
    are told (`tcp *:dynamic`), and nothing of loopback addresses.
    """
    found: dict[str, set[str]] = {}
    program = protocol = ""
    for line in section(output, "ports"):
        if match := _NETSTAT.fullmatch(line):
            if match[1] == "udp" or match[5]:
                _add(found, match[1], match[3], match[4], "")
        elif line.startswith("c"):
            program = line[1:]
        elif line.startswith("P"):
            protocol = line[1:].lower()
        elif line.startswith("n") and "->" not in line:
            address, _, port = line[1:].rpartition(":")
            _add(found, protocol, address.strip("[]"), port, program)
    if not program:  # netstat's
        yield Partial("listening_port", values=True)
    for name, programs in found.items():
        yield Fact("listening_port", ", ".join(sorted(programs - {""})), name)


def _add(found: dict[str, set[str]], protocol: str, address: str, port: str, program: str) -> None:
    if port.isdigit() and protocol in ("tcp", "udp") and (name := listener(protocol, address, int(port))):
        found.setdefault(name, set()).add(program)
