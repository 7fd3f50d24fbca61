"""Network interfaces of Macs (netstat(1), ifconfig(8))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Sample, SshCommand, collector
from soc.collect.sections import section, with_sections

INTERFACES = SshCommand(
    "macos-interfaces",
    "export LC_ALL=C; " + with_sections(states="ifconfig -a", counters="netstat -ibn"),
    platforms=("macos",),
    maximum_bytes=512_000,
)

_HEAD = re.compile(r"(\w+): flags=[0-9a-f]+<([\w,]*)>.*")
_STATUS = re.compile(r"\s+status: (\w+)")
# Name, MTU, network, address where there is one, packets, errors and bytes in, then out, collisions
_LINK = re.compile(
    r"(\w+)\*?\s+\d+\s+<Link#\d+>(?:\s+[0-9a-f:]+)?\s+\d+\s+(\d+)\s+(\d+)\s+\d+\s+(\d+)\s+(\d+)\s+\d+.*"
)
# Between Apple's own devices and processors.
_LEFT_OUT = re.compile(r"(?:awdl|llw|anpi|ap|bridge)\d+")
_METRICS = (
    "interface_receive_errors_total",
    "interface_receive_bytes_total",
    "interface_transmit_errors_total",
    "interface_transmit_bytes_total",
)


@collector(every="interfaces", fetch=INTERFACES)
def macos_interfaces(output: CommandOutput) -> Iterator[Sample]:
    """State and counters of interfaces that have a carrier to tell of."""
    flags: dict[str, str] = {}
    known, name = set(), ""
    for line in section(output, "states"):
        if match := _HEAD.fullmatch(line):
            name, flags[match[1]] = match[1], match[2]
        elif (match := _STATUS.fullmatch(line)) and not _LEFT_OUT.fullmatch(name):
            known.add(name)
            yield Sample("interface_up", int(match[1] == "active"), {"interface": name})
            yield Sample(
                "interface_enabled", int("UP" in flags.get(name, "").split(",")), {"interface": name}
            )
    for match in filter(None, map(_LINK.fullmatch, section(output, "counters"))):
        if match[1] in known:
            for metric, count in zip(_METRICS, match.groups()[1:], strict=True):
                yield Sample(metric, int(count), {"interface": match[1]})
