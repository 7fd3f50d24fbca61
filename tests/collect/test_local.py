"""The local transport and its collectors on this very host."""

from __future__ import annotations

import time

import psutil
import pytest

from soc.collect.declare import LocalReadings
from soc.collect.load import load_collectors
from soc.collect.local import READING_NAMES, LocalTransport
from soc.collect.outcome import Outcome, outcomes
from soc.collect.port import Answer, Job
from soc.model import Device

HOST = Device("here", "hosting", kind="local")


def _ask(*fetches: LocalReadings, seconds: float = 30.0) -> Answer:
    answers: list[Answer] = []
    LocalTransport().run([Job(HOST, (), fetches)], answers.append, time.monotonic() + seconds)
    (answer,) = answers
    return answer


@pytest.fixture(scope="module")
def found() -> dict[str, Outcome]:
    """What each local collector makes of this host, by collector name."""
    collectors = [collector for collector in load_collectors() if collector.transport == "local"]
    answer = _ask(*(fetch for collector in collectors for fetch in collector.fetches.values()))
    assert answer.answered
    return {outcome.collector.name: outcome for outcome in outcomes(answer, collectors)}


def _values(outcome: Outcome, metric: str) -> dict[str, float | None]:
    return {
        next(iter(sample.labels.values()), ""): sample.value
        for sample in outcome.samples
        if sample.metric == metric
    }


def test_every_collector_applies_to_local_devices_alone(found: dict[str, Outcome]) -> None:
    """They declare the kind, so that no other device is ever given this host's values."""
    assert found
    assert all(outcome.collector.kinds == {"local"} for outcome in found.values())
    assert all(outcome.failure is None for outcome in found.values())


def test_uptime_and_processes(found: dict[str, Outcome]) -> None:
    """Uptime and the number of processes are psutil's."""
    uptime = _values(found["local_uptime"], "uptime_seconds")[""]
    assert uptime == pytest.approx(time.time() - psutil.boot_time(), abs=30)
    assert found["local_uptime"].collector.reachability
    processes = _values(found["local_system"], "process_count")[""]
    assert processes == pytest.approx(len(psutil.pids()), abs=50)


def test_processors(found: dict[str, Outcome]) -> None:
    """There is a ratio for each logical processor."""
    ratios = _values(found["local_system"], "cpu_utilization_ratio")
    assert set(ratios) == {str(number) for number in range(psutil.cpu_count())}
    assert all(ratio is not None and 0 <= ratio <= 1 for ratio in ratios.values())


def test_memory(found: dict[str, Outcome]) -> None:
    """The physical pool has psutil's size; swap is there only where the host has some."""
    sizes = _values(found["local_memory"], "memory_size_bytes")
    assert sizes["physical"] == psutil.virtual_memory().total
    assert ("swap" in sizes) == bool(psutil.swap_memory().total)


def test_filesystems(found: dict[str, Outcome]) -> None:
    """Each has the size of its statvfs(3)."""
    sizes = _values(found["local_filesystems"], "filesystem_size_bytes")
    for mount, size in sizes.items():
        assert size == psutil.disk_usage(mount).total


def test_interfaces(found: dict[str, Outcome]) -> None:
    """Counters are between two readings of the kernel's."""
    received = _values(found["local_interfaces"], "interface_receive_bytes_total")
    after = psutil.net_io_counters(pernic=True)
    assert set(received) == set(after) & set(psutil.net_if_stats())
    assert all(value is not None and value <= after[name].bytes_recv for name, value in received.items())


def test_every_reading_is_named_in_the_documentation() -> None:
    """The module's text lists exactly the readings there are."""
    from soc.collect import local

    assert local.__doc__ is not None
    assert all(f"`{name}`" in local.__doc__ for name in READING_NAMES)


def test_unknown_reading_fails_alone() -> None:
    """A misspelt name is that collector's failure and lists what there is."""
    wrong, right = LocalReadings("memroy"), LocalReadings("memory")
    answer = _ask(wrong, right)
    assert answer.failures[wrong].reason == "type"
    assert "memory" in answer.failures[wrong].detail
    assert answer.values[right]


def test_passed_deadline_is_an_answer() -> None:
    """Nothing is read once the cycle's time is over."""
    answer = _ask(LocalReadings("memory"), seconds=-1)
    assert answer.failure is not None
    assert answer.failure.reason == "deadline"
