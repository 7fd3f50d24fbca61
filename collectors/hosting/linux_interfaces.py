"""Network interfaces (proc_pid_net(5), kernel's Documentation/ABI/testing/sysfs-class-net)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Sample, SshCommand, collector

NET_DEV = SshCommand(
    "linux-interfaces",
    "cat /proc/net/dev; cd /sys/class/net || exit 0; for name in *; do "
    'read -r state <"$name/operstate"; read -r flags <"$name/flags"; '
    'speed=$(cat "$name/speed"); carrier=$(cat "$name/carrier"); '
    'echo "state $name ${state:--} ${flags:--} ${speed:--} ${carrier:--}"; done 2>/dev/null',
    maximum_bytes=512_000,
)

_COUNTERS = re.compile(r"\s*([^\s:]+):\s*((?:\d+\s+){15}\d+)\s*")
_STATE = re.compile(r"state (\S+) (\S+) 0x([0-9a-f]+) (\S+) (\S+)")
_IFF_UP = 1
# One end of each container's cable; they come and go with the containers.
_LEFT_OUT = re.compile(r"veth|cali[0-9a-f]|lxc[0-9a-z]{4}|tap[0-9a-f]{8}")
_PLACES = {
    "interface_receive_bytes_total": 0,
    "interface_transmit_bytes_total": 8,
    "interface_receive_errors_total": 2,
    "interface_transmit_errors_total": 10,
    "interface_receive_discards_total": 3,
    "interface_transmit_discards_total": 11,
}


@collector(every="interfaces", fetch=NET_DEV)
def linux_interfaces(output: CommandOutput) -> Iterator[Sample]:
    """State, speed and counters since boot; interfaces of containers (veth …) are left out."""
    for line in output.lines:
        if (match := _COUNTERS.fullmatch(line)) and not _LEFT_OUT.match(match[1]):
            values = [int(field) for field in match[2].split()]
            for metric, place in _PLACES.items():
                yield Sample(metric, values[place], {"interface": match[1]})
        elif (match := _STATE.fullmatch(line)) and not _LEFT_OUT.match(match[1]):
            labels, enabled = {"interface": match[1]}, int(match[3], 16) & _IFF_UP
            # Loopback and tunnels do not know their operational state: RFC 2863's "unknown".
            up = match[2] == "up" or (match[2] == "unknown" and enabled and match[5] != "0")
            yield Sample("interface_up", int(bool(up)), labels)
            yield Sample("interface_enabled", enabled, labels)
            if match[4].isdigit() and 0 < int(match[4]) < 0xFFFF_FFFF:
                yield Sample("interface_speed_bits_per_second", int(match[4]) * 1_000_000, labels)
