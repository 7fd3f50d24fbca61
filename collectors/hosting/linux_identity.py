"""What the host says it is: os-release(5), uname(1), and the DMI fields that the account may read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, SshCommand, collector

IDENTITY = SshCommand(
    "linux-identity",
    "cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null; "
    'echo; echo "uname=$(uname -srm)"; echo "nodename=$(uname -n)"; '
    "for field in sys_vendor product_name product_serial; do "
    'echo "$field=$(cat /sys/class/dmi/id/$field 2>/dev/null)"; done',
    maximum_bytes=64_000,
)

_LINE = re.compile(r"""(\w+)=(["']?)(.*)\2""")
# What boards say whose maker filled nothing in.
_NOTHING = re.compile(
    r"(to be filled|default string|not specified|system (serial|product|manufacturer)|none$|0*$)",
    re.IGNORECASE,
)


@collector(every="configuration", fetch=IDENTITY)
def linux_identity(output: CommandOutput) -> Iterator[Fact]:
    """Name, operating system with its version and kernel; vendor, model and serial number of the hardware."""
    found = {}
    for line in output.stdout.splitlines():
        if match := _LINE.fullmatch(line.strip()):
            found[match[1]] = match[3].strip()
    yield Fact("identity", found["nodename"], "name")
    yield Fact("identity", found["uname"], "description")
    yield Fact("identity", found.get("NAME") or "Linux", "os")
    if version := found.get("VERSION_ID") or found.get("BUILD_ID"):
        yield Fact("identity", version, "version")
    for field, instance in (
        ("sys_vendor", "vendor"),
        ("product_name", "model"),
        ("product_serial", "serial"),
    ):
        if (value := found.get(field, "")) and not _NOTHING.match(value):
            yield Fact("identity", value, instance)
