"""Memory and swap of the host soc runs on (through psutil)."""

from __future__ import annotations

from collections.abc import Iterator

from soc.collect import LocalReadings, Row, Sample, collector


@collector(every="health", kinds={"local"}, fetch=LocalReadings("memory", "swap"))
def local_memory(row: Row) -> Iterator[Sample]:
    """Pools `physical` and `swap`; used = what new programs could not have without swapping."""
    for pool, reading in (("physical", row.memory), ("swap", row.swap)):
        if reading is not None:
            size, used = reading
            yield Sample("memory_size_bytes", size, {"pool": pool})
            yield Sample("memory_used_bytes", used, {"pool": pool})
