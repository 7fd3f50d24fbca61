"""The host soc runs on: uptime, load, processors, processes (through psutil)."""

from __future__ import annotations

from collections.abc import Iterator

from soc.collect import LocalReadings, Row, Sample, collector


@collector(every="reachability", kinds={"local"}, fetch=LocalReadings("uptime"), reachability=True)
def local_uptime(row: Row) -> Iterator[Sample]:
    """Seconds since boot."""
    yield Sample("uptime_seconds", row.uptime)


@collector(every="health", kinds={"local"}, fetch=LocalReadings("cpu", "load", "process_count"))
def local_system(row: Row) -> Iterator[Sample]:
    """Use of each logical processor (`cpu` = its number), one-minute load, number of processes."""
    for number, ratio in enumerate(row.cpu or ()):
        yield Sample("cpu_utilization_ratio", ratio, {"cpu": str(number)})
    if row.load is not None:
        yield Sample("load_average_1m", row.load[0])
    if row.process_count is not None:
        yield Sample("process_count", row.process_count)
