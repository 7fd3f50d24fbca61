"""Reboots: the kernel's boot id (proc_sys_kernel(5)), and whether one is due."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, Sample, SshCommand, collector

# Debian's and SUSE's packages leave a file; elsewhere a newer kernel's modules tell.
BOOT = SshCommand(
    "linux-reboots",
    'echo "boot $(cat /proc/sys/kernel/random/boot_id)"; grep "^btime " /proc/stat; '
    'echo "running $(uname -r)"; '
    'for file in /run/reboot-required /run/reboot-needed; do [ -e "$file" ] && echo "due $file"; done; '
    "for modules in /lib/modules/*/kernel; do "
    '[ -d "$modules" ] && modules=${modules%/kernel} && echo "installed ${modules##*/}"; done; exit 0',
    maximum_bytes=64_000,
)

_LINE = re.compile(r"(boot|btime|running|due|installed) (\S+)")


@collector(every="health", fetch=BOOT, facts={"boot"})
def linux_reboots(output: CommandOutput) -> Iterator[Fact | Sample]:
    """When the host was booted, its boot's id (a reboot is a change of it), and whether one is due.

    One is due where packages asked for it, or a newer kernel of the running one's kind is installed.
    """
    lines = [(match[1], match[2]) for match in map(_LINE.fullmatch, output.lines) if match]
    found = dict(lines)
    installed = {version for name, version in lines if name == "installed"}
    if boot := found.get("boot"):
        yield Fact("boot", boot, "id")
    if found.get("btime", "").isdigit():
        yield Sample("boot_timestamp_seconds", int(found["btime"]))
    running = found.get("running", "")
    if "due" in found:
        yield Sample("reboot_required", 1)
    elif running in installed:
        alike = [version for version in installed if _kind(version) == _kind(running)]
        yield Sample("reboot_required", int(max(alike, key=_order) != running))


def _kind(version: str) -> str:
    """What no update changes: Debian's 6.1.0-18-cloud-amd64 is another kernel than 6.1.0-22-amd64."""
    return re.sub(r"[\d._-]+", "-", version)


def _order(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d{1,9}", version)]
