"""soc.intake.refiner: the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from soc.spool.header import read_header
from soc.spool.spool import Spool
from tests.intake.test_raw import write
from tests.support.devices import accept, write_inventory
from tests.support.receiver import wait_until


def start(data: Path, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-m", "soc.intake.refiner", "--data", str(data)],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    (tmp_path / "data").mkdir(0o700)
    accept(tmp_path / "data", write_inventory(tmp_path))
    return Spool(tmp_path / "data/spool")


def test_refines_what_is_sealed_until_its_input_ends(tmp_path: Path, spool: Spool) -> None:
    """Segments sealed before and while it runs; it ends with the process that started it, with 0."""
    first = write(spool, b"one")
    process = start(tmp_path / "data")
    wait_until(lambda: (spool.raw_done_directory / first.name).exists())
    second = write(spool, b"two")
    wait_until(lambda: (spool.raw_done_directory / second.name).exists())
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert sum(read_header(path).rows for path in spool.waiting()) == 2
    assert all(path.stat().st_mode & 0o077 == 0 for path in spool.waiting())


def test_a_killed_refiner_leaves_no_half_segment(tmp_path: Path, spool: Spool) -> None:
    """Two refiners share the work; one killed, the other ends it, each segment refined once."""
    written = [write(spool, *([b"<38>Jan  2 12:00:00 web-01 app[1]: x"] * 200)) for _ in range(15)]
    processes = [start(tmp_path / "data") for _ in range(2)]
    wait_until(lambda: list(spool.raw_done_directory.glob("*.raw")))
    processes[0].kill()
    processes[0].communicate()
    wait_until(lambda: len(list(spool.raw_done_directory.glob("*.raw"))) == len(written))
    processes[1].communicate(timeout=30)
    assert len(spool.waiting()) == len(written)
    assert sum(read_header(path).rows for path in spool.waiting()) == 200 * len(written)
    assert list(spool.quarantine_directory.iterdir()) == []


def test_an_inventory_that_does_not_read_is_said(tmp_path: Path, spool: Spool) -> None:
    """What the hub left in force is damaged: exit code 2, and nothing is touched."""
    raw = write(spool, b"one")
    (tmp_path / "data/inventory.accepted").write_text("version: 1\n")
    _, said = start(tmp_path / "data").communicate(timeout=30)
    assert "inventory.accepted, cannot be read: its content is damaged" in said
    assert raw.exists()
