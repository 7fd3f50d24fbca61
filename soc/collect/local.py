"""Readings of the host that soc runs on, through psutil. The device's kind is `local`; it needs no address.

Reading names, for LocalReadings(...), and what the Row then holds:

- `cpu`: list of utilization ratios, one per logical processor, over SAMPLE_SECONDS
- `load`: (1 m, 5 m, 15 m) load averages
- `memory`, `swap`: (size_bytes, used_bytes); used memory is what could not be had for new programs
- `filesystems`: list of Filesystem, those on real devices
- `disk_io`: disk -> (read_bytes, written_bytes) since boot
- `network_io`: interface -> Interface
- `uptime`: seconds since boot
- `boot_time`: UTC seconds
- `process_count`: processes
- `identity`: instance of an identity fact -> value

A reading that this system does not have is None.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import psutil

from soc.collect.declare import LocalReadings, Row
from soc.collect.port import Answer, Failure, Job

SAMPLE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Filesystem:
    """One mounted file system, bytes as df shows them."""

    mount: str
    size_bytes: int
    used_bytes: int


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface; counters since boot, speed 0 where unknown."""

    up: bool
    speed_bits_per_second: int
    receive_bytes: int
    transmit_bytes: int
    receive_errors: int
    transmit_errors: int
    receive_discards: int
    transmit_discards: int


def _cpu() -> list[float]:
    return [percent / 100 for percent in psutil.cpu_percent(interval=SAMPLE_SECONDS, percpu=True)]


def _memory() -> tuple[int, int]:
    memory = psutil.virtual_memory()
    return memory.total, memory.total - memory.available


def _swap() -> tuple[int, int] | None:
    swap = psutil.swap_memory()
    return (swap.total, swap.used) if swap.total else None


def _filesystems() -> list[Filesystem]:
    found = {}
    for partition in psutil.disk_partitions(all=False):
        try:
            usage = psutil.disk_usage(partition.mountpoint)
        except OSError:
            continue  # unmounted meanwhile, or not ours to look into
        if usage.total and partition.fstype not in ("squashfs", "iso9660", "udf"):
            found[partition.mountpoint] = Filesystem(partition.mountpoint, usage.total, usage.used)
    return list(found.values())


def _disk_io() -> dict[str, tuple[int, int]] | None:
    counters = psutil.disk_io_counters(perdisk=True)
    return {name: (item.read_bytes, item.write_bytes) for name, item in counters.items()} or None


def _network_io() -> dict[str, Interface]:
    states = psutil.net_if_stats()
    return {
        name: Interface(
            states[name].isup, states[name].speed * 1_000_000, item.bytes_recv, item.bytes_sent,
            item.errin, item.errout, item.dropin, item.dropout,
        )
        for name, item in psutil.net_io_counters(pernic=True).items()
        if name in states
    }  # fmt: skip


def _identity() -> dict[str, str]:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    return {
        "name": platform.node(),
        "description": f"{platform.system()} {platform.release()} {platform.machine()}",
        "os": release.get("NAME") or platform.system(),
        "version": release.get("VERSION_ID") or platform.release(),
    }


_READINGS: dict[str, Callable[[], Any]] = {
    "cpu": _cpu,
    "load": os.getloadavg,
    "memory": _memory,
    "swap": _swap,
    "filesystems": _filesystems,
    "disk_io": _disk_io,
    "network_io": _network_io,
    "uptime": lambda: time.time() - psutil.boot_time(),
    "boot_time": psutil.boot_time,
    "process_count": lambda: len(psutil.pids()),
    "identity": _identity,
}
READING_NAMES = frozenset(_READINGS)


class LocalTransport:
    """Takes each reading once a job (soc/collect/port.py). The host we run on always answers."""

    def run(self, jobs: Iterable[Job], on_answer: Callable[[Answer], None], deadline: float) -> None:
        for job in jobs:
            started = time.monotonic()
            if started >= deadline:
                on_answer(
                    Answer(job, time.time(), answered=False, failure=Failure("deadline", "not begun in time"))
                )
                continue
            answer = Answer(job, time.time(), answered=True)
            cache: dict[str, Any] = {}
            for fetch in job.fetches:
                if isinstance(fetch, LocalReadings):
                    result = _read(fetch, cache)
                    if isinstance(result, Failure):
                        answer.failures[fetch] = result
                    else:
                        answer.values[fetch] = result
            answer.time, answer.duration_seconds = time.time(), time.monotonic() - started
            on_answer(answer)


def _read(fetch: LocalReadings, cache: dict[str, Any]) -> Row | Failure:
    values: dict[str, Any] = {}
    for name in fetch.names:
        if name not in READING_NAMES:
            return Failure("type", f"no reading {name!r}; known: {', '.join(sorted(READING_NAMES))}")
        if name not in cache:
            try:
                cache[name] = _READINGS[name]()
            except (OSError, psutil.Error, AttributeError, NotImplementedError):
                cache[name] = None  # this system does not have it
        values[name] = cache[name]
    return Row("", values)
