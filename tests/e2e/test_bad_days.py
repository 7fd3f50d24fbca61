"""Bad days of the headless job: the store gone, a segment damaged, the disk full. Nothing sealed is lost."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from soc.model.ids import ulid
from tests.support.command import soc
from tests.support.disk import fill, mounted

INVENTORY = "version: 1\ndevices: [{name: me, tower: hosting, kind: local}]\n"


class Place:
    """A data directory with the local host as its estate."""

    def __init__(self, directory: Path, data: Path) -> None:
        self.data = data
        inventory = directory / "inventory.yaml"
        inventory.write_text(INVENTORY)
        self.arguments = ["--data", str(data), "--inventory", str(inventory)]

    def collect(self, *options: str) -> subprocess.CompletedProcess[str]:
        return soc("collect", "--all", "--json", *options, *self.arguments)

    def only_spool(self) -> int:
        """Collect without ingesting; returns the samples sealed."""
        from soc.spool.lock import acquire

        with acquire(self.data / "store.lock", 0.0, "soc test"):
            done = self.collect("--store-wait", "1ms")
        assert done.returncode == 0, done.stderr
        return int(json.loads(done.stdout)["samples"])

    def samples(self) -> int:
        status = json.loads(soc("status", "--json", *self.arguments, check=True).stdout)
        return int(status["store"]["samples"])

    def waiting(self) -> list[Path]:
        return sorted((self.data / "spool").glob("*.parquet"))


@pytest.fixture(scope="module")
def good_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory after a first cycle."""
    directory = tmp_path_factory.mktemp("good-day")
    assert Place(directory, directory / "data").collect().returncode == 0
    return directory / "data"


@pytest.fixture
def place(tmp_path: Path, good_day: Path) -> Place:
    shutil.copytree(good_day, tmp_path / "data")
    return Place(tmp_path, tmp_path / "data")


def test_store_deleted_while_segments_wait(place: Place) -> None:
    """A new store does again what the old one had done, and takes in what waits."""
    before = place.samples()
    sealed = place.only_spool()
    for path in place.data.glob("soc.duckdb*"):
        path.unlink()
    done = place.collect()
    assert done.returncode == 0, done.stderr
    assert place.waiting() == []
    assert place.samples() == before + sealed + json.loads(done.stdout)["samples"]
    assert len(list((place.data / "spool/done").glob("*.parquet"))) == 3


def test_damaged_store_says_so_and_segments_wait(place: Place) -> None:
    """A store that does not open ends the command with 3 and a way out; the segments stay."""
    (place.data / "soc.duckdb").write_bytes(b"garbage" * 10_000)
    done = place.collect()
    assert done.returncode == 3
    assert "soc.duckdb" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(place.waiting()) == 1


def _damaged(content: bytes) -> dict[str, bytes]:
    flipped = bytearray(content)
    for position in range(200, len(content) - 2000, 97):
        flipped[position] ^= 0xFF
    return {
        "empty": b"",
        "torn": content[: len(content) // 2],
        "flipped": bytes(flipped),
        "foreign": b"%PDF-1.7 not a segment",
    }


def test_damaged_segments_are_set_aside_with_their_reasons(place: Place) -> None:
    """They stop no other segment; the cycle ends with 1, events tell, the files lie in quarantine."""
    before = place.samples()
    place.only_spool()
    [whole] = place.waiting()
    content = whole.read_bytes()
    bad: list[Path] = []
    for damage, damaged in _damaged(content).items():
        # One whose header reads keeps its name, or that would be what is wrong with it.
        bad.append(whole if damage == "flipped" else whole.with_name(f"{ulid(1_700_000_000_000)}.parquet"))
        bad[-1].write_bytes(damaged)
    good = place.only_spool()
    done = place.collect()
    assert done.returncode == 1, done.stderr
    assert place.waiting() == []
    assert place.samples() == before + good + json.loads(done.stdout)["samples"]
    told = soc("events", "category:spool", "--json", *place.arguments, check=True).stdout.splitlines()
    assert {json.loads(line)["fields"]["segment"] for line in told} == {path.stem for path in bad}
    for path in bad:
        assert (place.data / "spool/quarantine" / path.name).exists()
        assert (place.data / "spool/quarantine" / f"{path.name}.reason").read_text().strip()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 24 MB."""
    with mounted(tmp_path / "disk", "24m") as directory:
        yield directory


def test_full_disk_is_reported_and_recovered_from(tmp_path: Path, good_day: Path, small_disk: Path) -> None:
    """A full disk: a clear message, nothing sealed lost; freed, the next cycle takes all in."""
    shutil.copytree(good_day, small_disk / "data")
    place = Place(tmp_path, small_disk / "data")
    before = place.samples()
    sealed = place.only_spool()
    fill(small_disk / "filler")
    done = place.collect()
    assert done.returncode in (1, 3)
    assert "full" in done.stderr or "No space" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(place.waiting()) == 1
    (small_disk / "filler").unlink()
    done = place.collect()
    assert done.returncode == 0, done.stderr
    assert place.waiting() == []
    assert place.samples() == before + sealed + json.loads(done.stdout)["samples"]
