"""What the host soc runs on says it is (os-release(5), uname(1))."""

from __future__ import annotations

from collections.abc import Iterator

from soc.collect import Fact, LocalReadings, Row, Sample, collector


@collector(every="configuration", kinds={"local"}, facts={"identity"}, fetch=LocalReadings("identity"))
def local_identity(row: Row) -> Iterator[Fact | Sample]:
    """Name, kernel, operating system and its version; the last two as labels of `device_info` as well."""
    for instance, value in (row.identity or {}).items():
        yield Fact("identity", value, instance)
    if row.identity:
        yield Sample("device_info", 1, {name: row.identity[name] for name in ("os", "version")})
