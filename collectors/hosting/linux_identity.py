"""What the host says it is: os-release(5), uname(1), and the DMI fields that the account may read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, Sample, SshCommand, collector
from soc.collect.firmware import filled_in

IDENTITY = SshCommand(
    "linux-identity",
    "cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null; "
    'echo; echo "uname=$(uname -srm)"; echo "nodename=$(uname -n)"; '
    "for field in sys_vendor product_name product_serial; do "
    'echo "$field=$(cat /sys/class/dmi/id/$field 2>/dev/null)"; done',
    maximum_bytes=64_000,
)

_LINE = re.compile(r"""(\w+)=(["']?)(.*)\2""")
_DMI = {"sys_vendor": "vendor", "product_name": "model", "product_serial": "serial"}


@collector(every="configuration", fetch=IDENTITY)
def linux_identity(output: CommandOutput) -> Iterator[Fact | Sample]:
    """Name, kernel, operating system and version; vendor, model and serial number of the hardware.

    All but the first two are labels of `device_info` as well.
    """
    found = {}
    for line in output.lines:
        if match := _LINE.fullmatch(line.strip()):
            found[match[1]] = match[3].strip()
    yield Fact("identity", found["nodename"], "name")
    yield Fact("identity", found["uname"], "description")
    parts = {
        "os": found.get("NAME") or "Linux",
        "version": found.get("VERSION_ID") or found.get("BUILD_ID", ""),
    }
    for field, instance in _DMI.items():
        parts[instance] = filled_in(found.get(field, ""))
    known = {instance: value for instance, value in parts.items() if value}
    for instance, value in known.items():
        yield Fact("identity", value, instance)
    yield Sample("device_info", 1, known)
