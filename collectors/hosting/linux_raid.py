"""Software RAID (proc_mdstat, md(4); kernel's Documentation/admin-guide/md.rst)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Sample, SshCommand, collector

MDSTAT = SshCommand(
    "linux-raid", "grep -q '^md' /proc/mdstat 2>/dev/null || exit 127; cat /proc/mdstat", maximum_bytes=64_000
)

_ARRAY = re.compile(r"(md\S+) : (\w+)(?: \(\S+\))? (.*)")
_MEMBERS = re.compile(r".*\[(\d+)/(\d+)\] \[[U_]+\]")
_OK, _WARNING, _CRITICAL = 0, 1, 2


@collector(every="health", fetch=MDSTAT)
def linux_raid(output: CommandOutput) -> Iterator[Sample]:
    """State of each array: 2 with a member missing or inactive, 1 with a failed member not yet taken out.

    An array that is rebuilt lacks a member until that is done. A check of a whole array is no fault.
    """
    states: dict[str, int] = {}
    array = ""
    for line in output.lines:
        if match := _ARRAY.fullmatch(line):
            array = match[1]
            states[array] = _CRITICAL if match[2] != "active" else _WARNING if "(F)" in match[3] else _OK
        elif (match := _MEMBERS.match(line)) and array and int(match[2]) < int(match[1]):
            states[array] = _CRITICAL
    for name, state in states.items():
        yield Sample("sensor_state", state, {"sensor": f"RAID {name}"})
