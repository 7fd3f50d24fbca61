"""Who a Mac is, and since when it runs (sw_vers(1), sysctl(3), uname(1), system_profiler(8))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, Item, Sample, SshCommand, collector
from soc.collect.firmware import filled_in
from soc.collect.sections import document, section, with_sections

UPTIME = SshCommand(
    "macos-uptime", "sysctl -n kern.boottime && date +%s", platforms=("macos",), maximum_bytes=4096
)
IDENTITY = SshCommand(
    "macos-identity",
    with_sections(
        system="sw_vers", kernel="uname -srm; uname -n", hardware="system_profiler SPHardwareDataType -json"
    ),
    platforms=("macos",),
    maximum_bytes=64_000,
)

_BOOT = re.compile(r".*\bsec = (\d{1,12}),.*")


@collector(every="reachability", fetch=UPTIME, reachability=True)
def macos_uptime(output: CommandOutput) -> Iterator[Sample]:
    """Seconds since boot, and when that was, both by the host's clock."""
    lines = output.lines
    boot = next(filter(None, map(_BOOT.fullmatch, lines)), None)
    if boot is None or not lines[-1].strip().isdigit():
        raise ValueError("neither the time of boot nor that of the clock")
    seconds = int(lines[-1]) - int(boot[1])
    if seconds >= 0:
        yield Sample("uptime_seconds", seconds)
        yield Sample("boot_timestamp_seconds", int(boot[1]))


@collector(every="configuration", fetch=IDENTITY)
def macos_identity(output: CommandOutput) -> Iterator[Fact | Sample]:
    """Name, release with its build, model and serial number."""
    system = dict(line.partition(":")[::2] for line in section(output, "system"))
    kernel = section(output, "kernel")
    machines = document(output, "hardware").items("SPHardwareDataType")
    machine = machines[0] if machines else Item({})
    parts = {
        "vendor": "Apple",
        "os": system.get("ProductName", "").strip() or "macOS",
        "version": _with(system.get("ProductVersion", ""), system.get("BuildVersion", "")),
        "model": filled_in(_with(machine.text("machine_name"), machine.text("machine_model"))),
        "serial": filled_in(machine.text("serial_number")),
    }
    known = {instance: value for instance, value in parts.items() if value}
    for instance, value in {"name": kernel[-1], "description": kernel[0], **known}.items():
        yield Fact("identity", value, instance)
    yield Sample("device_info", 1, known)


def _with(text: str, detail: str) -> str:
    return " ".join(filter(None, (text.strip(), f"({detail.strip()})" if detail.strip() else "")))
