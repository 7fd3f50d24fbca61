"""Until when the distribution gets security updates (os-release(5); soc/collect/data/linux_support.tsv)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import resources

from soc.collect import CommandOutput, Fact, Sample, SshCommand, collector, text_lines

RELEASE = SshCommand(
    "linux-support",
    "cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null || exit 127",
    maximum_bytes=64_000,
)

_LINE = re.compile(r"""(ID|VERSION_ID|SUPPORT_END)=(["']?)([\w.:+-]+)\2\s*""")


@cache
def _ends() -> dict[tuple[str, str], str]:
    text = resources.files("soc.collect").joinpath("data/linux_support.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text_lines(text) if not line.startswith("#")]
    return {(name, version): end for name, version, end, _ in rows}


@collector(every="posture", fetch=RELEASE, facts={"os_support"})
def linux_support(output: CommandOutput) -> Iterator[Fact | Sample]:
    """The last day of support, told by the release itself (SUPPORT_END) or by our table; else nothing."""
    found = {match[1]: match[3] for match in map(_LINE.fullmatch, output.lines) if match}
    name, version = found.get("ID", ""), found.get("VERSION_ID", "")
    parts = version.split(".")
    known = [_ends().get((name, ".".join(parts[:count]))) for count in range(len(parts), 0, -1)]
    end = next(filter(None, [found.get("SUPPORT_END"), *known]), None)
    if end is None:
        return
    over = datetime.combine(date.fromisoformat(end) + timedelta(days=1), time(), UTC)
    yield Fact("os_support", f"{name} {version} until {end}")
    yield Sample("support_ends_timestamp_seconds", over.timestamp())
