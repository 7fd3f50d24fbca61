"""What the host soc runs on says it is (os-release(5), uname(1))."""

from __future__ import annotations

from collections.abc import Iterator

from soc.collect import Fact, LocalReadings, Row, collector


@collector(every="configuration", kinds={"local"}, facts={"identity"}, fetch=LocalReadings("identity"))
def local_identity(row: Row) -> Iterator[Fact]:
    """Name, kernel, operating system and its version."""
    for instance, value in (row.identity or {}).items():
        yield Fact("identity", value, instance)
