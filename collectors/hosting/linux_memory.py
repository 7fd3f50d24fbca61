"""Memory and swap (proc_meminfo(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Sample, SshCommand, collector

MEMINFO = SshCommand("linux-memory", "cat /proc/meminfo", maximum_bytes=64_000)

_LINE = re.compile(r"(\w+):\s+(\d+) kB\s*")


@collector(every="health", fetch=MEMINFO)
def linux_memory(output: CommandOutput) -> Iterator[Sample]:
    """Pools `physical` and `swap`; used = all but MemAvailable, which programs can have."""
    kilobytes = {}
    for line in output.lines:
        if match := _LINE.fullmatch(line):
            kilobytes[match[1]] = int(match[2])
    # Kernels before 3.14 have no MemAvailable.
    available = kilobytes.get("MemAvailable")
    if available is None:
        available = kilobytes["MemFree"] + kilobytes["Buffers"] + kilobytes["Cached"]
    yield from _pool("physical", kilobytes["MemTotal"], available)
    if kilobytes.get("SwapTotal"):
        yield from _pool("swap", kilobytes["SwapTotal"], kilobytes["SwapFree"])


def _pool(pool: str, size: int, available: int) -> Iterator[Sample]:
    yield Sample("memory_size_bytes", size * 1024, {"pool": pool})
    yield Sample("memory_used_bytes", (size - available) * 1024, {"pool": pool})
