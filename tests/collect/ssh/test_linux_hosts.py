"""The Linux collectors over a real sshd agree with what the system says of itself."""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from soc.collect.declare import Collector
from soc.collect.load import load_collectors
from soc.collect.outcome import Outcome, outcomes
from soc.collect.port import Answer
from soc.model import Sample

Poll = Callable[[str], Outcome]


@pytest.fixture(scope="module")
def collectors() -> dict[str, Collector]:
    """The shipped collectors by name."""
    return {collector.name: collector for collector in load_collectors()}


@pytest.fixture
def poll(sshd, ask: Callable[..., Answer], collectors: dict[str, Collector]) -> Poll:
    """Run one collector against this machine."""

    def run(name: str) -> Outcome:
        collector = collectors[name]
        (outcome,) = outcomes(ask(sshd.job(*collector.fetches.values())), [collector])
        assert outcome.failure is None
        return outcome

    return run


def _values(samples: list[Sample], metric: str, label: str) -> dict[str, float | None]:
    return {sample.labels[label]: sample.value for sample in samples if sample.metric == metric}


def test_uptime(poll: Poll) -> None:
    """Uptime is that since psutil's boot time."""
    (sample,) = poll("linux_uptime").samples
    assert sample.metric == "uptime_seconds"
    assert sample.value == pytest.approx(time.time() - psutil.boot_time(), abs=10)


def test_load(poll: Poll) -> None:
    """The load average lies where getloadavg(3) puts it before and after."""
    before = os.getloadavg()[0]
    (sample,) = poll("linux_load").samples
    assert sample.value == pytest.approx(before, abs=abs(os.getloadavg()[0] - before) + 0.02)


def test_cpu(poll: Poll) -> None:
    """There is a ratio for each logical processor."""
    ratios = _values(poll("linux_cpu").samples, "cpu_utilization_ratio", "cpu")
    assert set(ratios) == {str(number) for number in range(psutil.cpu_count())}
    assert all(ratio is not None and 0 <= ratio <= 1 for ratio in ratios.values())


def test_memory(poll: Poll) -> None:
    """Sizes are psutil's to the byte, use is near it."""
    samples = poll("linux_memory").samples
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    sizes = _values(samples, "memory_size_bytes", "pool")
    used = _values(samples, "memory_used_bytes", "pool")
    assert sizes["physical"] == memory.total
    assert used["physical"] == pytest.approx(memory.total - memory.available, abs=0.05 * memory.total)
    assert sizes.get("swap", 0) == swap.total


def test_filesystems(poll: Poll) -> None:
    """Sizes and use are those of statvfs(3), for at least what psutil takes for real devices."""
    samples = poll("linux_filesystems").samples
    sizes = _values(samples, "filesystem_size_bytes", "filesystem")
    used = _values(samples, "filesystem_used_bytes", "filesystem")
    assert set(sizes) == set(used)
    assert "/" in sizes
    for mount, size in sizes.items():
        usage = shutil.disk_usage(mount)
        assert size == pytest.approx(usage.total, abs=1024)
        assert used[mount] == pytest.approx(usage.used, abs=64 << 20)
    kinds = {part.mountpoint: part.fstype for part in psutil.disk_partitions(all=False)}
    real = {mount for mount, kind in kinds.items() if kind not in ("squashfs", "iso9660", "udf")}
    assert real - {mount for mount in real if not Path(mount).is_dir()} <= set(sizes)


def test_services(poll: Poll) -> None:
    """Without systemd and OpenRC the collector does not apply; else services run or do not."""
    outcome = poll("linux_services")
    if Path("/run/systemd/system").is_dir():
        assert all(sample.metric == "service_up" and sample.value in (0, 1) for sample in outcome.samples)
    else:
        assert outcome.absent or shutil.which("rc-status")


def test_identity(poll: Poll) -> None:
    """Name, operating system and version are those of os-release and uname."""
    facts = {fact.instance: fact.value for fact in poll("linux_identity").facts if fact.key == "identity"}
    release = platform.freedesktop_os_release()
    assert facts["name"] == platform.node()
    assert facts["os"] == release["NAME"]
    assert facts["version"] == release["VERSION_ID"]
    assert facts["description"] == f"Linux {platform.release()} {platform.machine()}"


def test_authentication_log(poll: Poll) -> None:
    """A host without the log is left alone; with one, records carry the cursors of their lines."""
    outcome = poll("linux_auth_log")
    if Path("/var/log/auth.log").exists() or Path("/var/log/secure").exists():
        assert all(record.stream == "auth" and record.cursor.count(":") == 2 for record in outcome.logs)
    else:
        assert outcome.absent
