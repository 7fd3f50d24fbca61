"""Listening ports and their programs (ss(8); proc_net(5) where there is no ss)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, Partial, SshCommand, collector

OPTIONS = "-H -l -t -u -n -p"
PORTS = SshCommand(
    "linux-ports",
    'export LC_ALL=C; echo "range $(cat /proc/sys/net/ipv4/ip_local_port_range)"; '
    'own() { "$@" && { [ "$(id -u)" != 0 ] || echo whole; }; }; '
    f"if [ -x /usr/bin/ss ]; then "
    f"{{ sudo -n /usr/bin/ss {OPTIONS} 2>/dev/null && echo whole; }} || own /usr/bin/ss {OPTIONS}; "
    f"elif [ -x /usr/sbin/ss ]; then "
    f"{{ sudo -n /usr/sbin/ss {OPTIONS} 2>/dev/null && echo whole; }} || own /usr/sbin/ss {OPTIONS}; "
    "else for table in tcp tcp6 udp udp6; do "
    '[ ! -r /proc/net/$table ] || sed "s/^/$table /" /proc/net/$table; done; echo whole; fi',
    sudo=(f"/usr/bin/ss {OPTIONS}", f"/usr/sbin/ss {OPTIONS}"),
)

_SS = re.compile(r"(tcp|udp)\s+(?:LISTEN|UNCONN)\s+\d+\s+\d+\s+(\S+):(\d+)\s+\S+(?:\s+users:\((.*)\))?\s*")
# local and remote address and port in hexadecimal, then the state: 0A listens, 07 is an open UDP socket
_PROC = re.compile(r"(tcp|udp)6?\s+\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) [0-9A-F]+:0000 (0A|07) .*")
_PROGRAM = re.compile(r"\(\"([^\"]*)\",pid=\d+")
_EPHEMERAL = (32768, 60999)  # ip(7), where the host does not say


@collector(every="posture", fetch=PORTS, facts={"listening_port"})
def linux_ports(output: CommandOutput) -> Iterator[Fact | Partial]:
    """Protocol, address and port (`tcp 0.0.0.0:22`) -> the programs that hold it, where sudo shows them.

    Ports from the range that the kernel gives to clients are left out of UDP and of loopback
    addresses: they are other ones each time.
    """
    found: dict[str, set[str]] = {}
    low, high = _EPHEMERAL
    for line in output.lines:
        if match := re.fullmatch(r"range (\d{1,5})\s+(\d{1,5})", line):
            low, high = int(match[1]), int(match[2])
        elif match := _SS.fullmatch(line):
            protocol, address, port = match[1], match[2].partition("%")[0], int(match[3])
            if _stays(protocol, address, port, low, high):
                programs = found.setdefault(f"{protocol} {address}:{port}", set())
                programs.update(_PROGRAM.findall(match[4] or ""))
        elif (match := _PROC.fullmatch(line)) and (match[1] == "tcp") == (match[4] == "0A"):
            protocol, address, port = match[1], _address(match[2]), int(match[3], 16)
            if _stays(protocol, address, port, low, high):
                found.setdefault(f"{protocol} {address}:{port}", set())
    if "whole" not in output.lines:
        yield Partial("listening_port", values=True)
    for name, programs in found.items():
        # systemd keeps holding what it listens on for another.
        yield Fact("listening_port", ", ".join(sorted(programs - {"systemd"} or programs)), name)


def _stays(protocol: str, address: str, port: int, low: int, high: int) -> bool:
    loopback = address.startswith(("127.", "[::1]", "[::ffff:127."))
    return not (low <= port <= high and (protocol == "udp" or loopback))


def _address(text: str) -> str:
    """Words of the host's order, which is little-endian nearly everywhere."""
    words = [bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8)]
    address = ipaddress.ip_address(b"".join(words))
    return str(address) if address.version == 4 else f"[{address}]"
