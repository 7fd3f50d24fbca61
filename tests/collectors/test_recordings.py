"""Recorded devices through the demo's agent: nothing crashes, and interfaces are what they were."""

from __future__ import annotations

import importlib.util
import os
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).parent.parent.parent / "benches" / "recordings.py"
SHARE_OF_INTERFACES = 0.98
SHARES = {  # of what is known of the recorded devices, so much must be found
    "interface state": 0.98, "interface counters": 0.98, "storage": 0.97, "supplies": 0.97,
    "processors": 0.75, "memory": 0.75, "sensors": 0.5, "model": 0.6, "version": 0.6, "serial": 0.6,
}  # fmt: skip


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked recordings."""
    data = os.environ.get("SOC_TEST_DATA")
    if not data:
        pytest.skip("needs SOC_TEST_DATA, the directory with recordings/dev.tar.xz")
    directory = tmp_path_factory.mktemp("recordings")
    with tarfile.open(Path(data) / "recordings" / "dev.tar.xz") as archive:
        archive.extractall(directory, filter="data")
    return directory / "dev"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    """benches/recordings.py as a module."""
    spec = importlib.util.spec_from_file_location("recordings_bench", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_fifty_recordings(recordings: Path, bench: ModuleType) -> None:
    """50 devices spread over the alphabet: no failure, state and counters of at least 98 % of interfaces."""
    report = bench.report(recordings, limit=50)
    assert report["devices"] == 50
    assert report["problems"] == {}
    figures = report["figures"]["all"]
    assert figures["interface state"]["expected"] > 100
    for figure in ("interface state", "interface counters"):
        assert figures[figure]["ratio"] >= SHARE_OF_INTERFACES, report["gaps"][figure]


@pytest.mark.soak
def test_all_recordings(recordings: Path, bench: ModuleType) -> None:
    """All devices at once, also those of which nothing is known: no failure, and each figure's share."""
    report = bench.report(recordings)
    assert report["problems"] == {}
    for figure, share in SHARES.items():
        assert report["figures"]["all"][figure]["ratio"] >= share, report["gaps"][figure]
