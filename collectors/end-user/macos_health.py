"""The health of Macs: processors, memory, file systems, processes, sessions (iostat(8), vm_stat(1),
sysctl(8), df(1), who(1)).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, Sample, SshCommand, collector
from soc.collect.sections import section, with_sections

HEALTH = SshCommand(
    "macos-health",
    "export LC_ALL=C; "
    + with_sections(
        cpu="iostat -n 0 -c 2 -w 1",
        memory="sysctl hw.memsize vm.swapusage; vm_stat",
        filesystems="df -Pkl",
        processes="ps -axo pid=",
        sessions="who; echo end",
    ),
    platforms=("macos",),
    maximum_bytes=256_000,
)

_PAGES = re.compile(r'"?([A-Z][\w -]+)"?:\s+(\d+)\.')
_PAGE_SIZE = re.compile(r".*\(page size of (\d+) bytes\)")
_SWAP = re.compile(r"vm\.swapusage: total = ([\d.]+)M\s+used = ([\d.]+)M.*")
# Source, size, used, available, capacity, mount point; the first and last may hold blanks.
_FILESYSTEM = re.compile(r"(/dev/\S+)\s+(\d+)\s+\d+\s+(\d+)\s+\S+\s+(/.*)")
_SESSION = re.compile(r"(\S+)\s+(\S+)\s+\w{3}\s+\d+\s+\d\d:\d\d(?:\s+\((.*)\))?\s*")
_MIB = 1 << 20


@collector(every="health", fetch=HEALTH)
def macos_cpu(output: CommandOutput) -> Iterator[Sample]:
    """Share of time not idle over a second, of all processors together, and the one-minute load average.

    iostat's first row is the mean since boot.
    """
    fields = section(output, "cpu")[-1].split()
    user, system, idle, load = (float(field) for field in fields[:4])
    if user + system + idle > 0:
        yield Sample("cpu_utilization_ratio", (user + system) / (user + system + idle), {"cpu": "all"})
    yield Sample("load_average_1m", load)


@collector(every="health", fetch=HEALTH)
def macos_memory(output: CommandOutput) -> Iterator[Sample]:
    """Pools `physical` (used = what programs hold, wired and compressed memory) and `swap`."""
    pages: dict[str, int] = {}
    page_bytes = size = 0
    for line in section(output, "memory"):
        if match := _PAGES.fullmatch(line.strip()):
            pages[match[1]] = int(match[2])
        elif match := _PAGE_SIZE.fullmatch(line):
            page_bytes = int(match[1])
        elif match := re.fullmatch(r"hw\.memsize: (\d+)", line):
            size = int(match[1])
        elif (match := _SWAP.fullmatch(line)) and float(match[1]):
            yield Sample("memory_size_bytes", float(match[1]) * _MIB, {"pool": "swap"})
            yield Sample("memory_used_bytes", float(match[2]) * _MIB, {"pool": "swap"})
    held = pages["Anonymous pages"] - pages.get("Pages purgeable", 0)
    used = held + pages["Pages wired down"] + pages["Pages occupied by compressor"]
    yield Sample("memory_size_bytes", size, {"pool": "physical"})
    yield Sample("memory_used_bytes", used * page_bytes, {"pool": "physical"})


@collector(every="health", fetch=HEALTH)
def macos_filesystems(output: CommandOutput) -> Iterator[Sample]:
    """Size and use of `/` and what is mounted below /Volumes.

    Volumes of an APFS container share its space, so that used is all that is not available.
    """
    for match in filter(None, map(_FILESYSTEM.fullmatch, section(output, "filesystems"))):
        size, available, mount = int(match[2]), int(match[3]), match[4]
        if size and (mount == "/" or mount.startswith("/Volumes/")):
            yield Sample("filesystem_size_bytes", size * 1024, {"filesystem": mount})
            yield Sample("filesystem_used_bytes", (size - available) * 1024, {"filesystem": mount})


@collector(every="health", fetch=HEALTH)
def macos_processes(output: CommandOutput) -> Iterator[Sample]:
    """How many processes there are."""
    yield Sample("process_count", sum(line.strip().isdigit() for line in section(output, "processes")))


@collector(every="health", fetch=HEALTH, facts={"login"})
def macos_logins(output: CommandOutput) -> Iterator[Fact | Sample]:
    """Sessions, and each user's origins: addresses, or `console`."""
    origins: dict[str, set[str]] = {}
    sessions = 0
    for match in filter(None, map(_SESSION.fullmatch, section(output, "sessions"))):
        sessions += 1
        origins.setdefault(match[1], set()).add(match[3] or "console")
    yield Sample("login_sessions", sessions)
    for user, places in origins.items():
        yield Fact("login", ", ".join(sorted(places)), user)
