"""Upkeep: sealing, expiry and damage, between the pipeline's transactions."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from soc.inventory import Retention
from soc.model import Device, Event, StoreError
from soc.pipeline.upkeep import Upkeep
from soc.store import Store
from soc.store.sealing.manifest import SealedFile
from tests.support.estate import START, Estate, availability_rules, event, rule

DAY = 86_400.0
DEVICES = (Device("web-1", "hosting"),)


def upkeep(estate: Estate, store: Store, told: list[Event] | None = None) -> Upkeep:
    tell = (told if told is not None else []).append
    return Upkeep(store, estate.spool, Retention(), matched=lambda: 0, tell=tell)


def fill(estate: Estate) -> None:
    """Polls and events of three days, ingested as they came."""
    for number in range(6):
        at = START + number * DAY / 2
        estate.seal(estate.events([event(number, at)], estate.poll(at, {"web-1": True})), at + 1)
    estate.run(START + 3 * DAY)


def test_the_pipeline_keeps_the_store_up(tmp_path: Path) -> None:
    """A run seals what is due; the next one has nothing to do until an hour has passed."""
    estate = Estate(tmp_path, DEVICES)
    fill(estate)
    with estate.store() as store:
        sealed = store.sealed.manifest.in_state("sealed")
        assert {file.kind for file in sealed} == {"sample", "series", "event"}
        assert store.query("SELECT count(*) FROM event WHERE product = 'linux'") == [(6,)]
        estate.run(START + 3 * DAY + 1800, store)
        assert store.sealed.manifest.in_state("sealed") == sealed
        estate.run(START + 4 * DAY, store)
        assert len(store.sealed.manifest.in_state("sealed")) > len(sealed)


def test_one_piece_at_a_time(tmp_path: Path) -> None:
    """Each step makes one file of rows, so that ingestion goes on in between."""
    estate = Estate(tmp_path, DEVICES)
    fill(estate)
    with estate.store() as store:
        work, later = upkeep(estate, store), START + 9 * DAY
        counts = []
        while work.step(later):
            files = store.sealed.manifest.in_state("sealed", "expired")
            counts.append(sum(file.kind != "series" for file in files))
        assert counts == list(range(counts[0], counts[0] + len(counts)))
        assert len(counts) > 2
        assert not work.step(later)


def test_rules_look_back_beyond_the_hot_rows(tmp_path: Path) -> None:
    """An availability rule over three days fires by samples that are sealed."""
    groups = availability_rules(tmp_path, rule("Seldom", "count_over_time(up[4d]) >= 6"), interval="1h")
    estate = Estate(tmp_path, DEVICES, groups)
    fill(estate)
    with estate.store() as store:
        assert store.query("SELECT count(*) FROM hot_sample")[0][0] < 6
        estate.run(START + 3 * DAY + 3600, store)
        assert [alert.rule_title for alert in store.alerts.touched((), unfinished_availability=True)] == [
            "Seldom"
        ]


def test_damage_is_told_once(tmp_path: Path) -> None:
    """A file that is gone makes one event, and answers lack only what it held."""
    estate = Estate(tmp_path, DEVICES)
    fill(estate)
    told: list[Event] = []
    with estate.store() as store:
        file = next(file for file in store.sealed.manifest.in_state("sealed") if file.kind == "event")
        (tmp_path / "sealed" / file.name).unlink()
        for hours in (2, 4, 6):
            work = upkeep(estate, store, told)
            while work.step(START + 3 * DAY + hours * 3600):
                pass
    assert [(event.service, event.fields["file"]) for event in told] == [("sealed", file.name)]


@pytest.mark.parametrize(
    ("file", "content", "hindered"),
    [
        ("sealed/holds.jsonl", b'{"action": "end"}\n', ["expire"]),
        ("backup/verified.json", b"{", ["contained"]),
        ("journal/redo/00000000.journal", b"damaged", ["contained"]),
    ],
)
def test_damaged_file_beside_the_store(
    tmp_path: Path, file: str, content: bytes, hindered: list[str]
) -> None:
    """What it hinders is told once; everything else is done, and that again once it reads."""
    estate = Estate(tmp_path, DEVICES)
    fill(estate)
    told: list[Event] = []
    with estate.store() as store:
        (tmp_path / "backup").mkdir(exist_ok=True)
        (tmp_path / "backup/verified.json").write_text('{"segments": [], "transaction": 1000}')
        (tmp_path / file).write_bytes(content)
        os.utime(tmp_path / file, (START, START))
        work = upkeep(estate, store, told)
        for hours in (2, 4):
            while work.step(START + 5 * DAY + hours * 3600):
                pass
        assert [(event.service, event.fields["upkeep"]) for event in told] == [
            ("upkeep", name) for name in hindered
        ]
        assert Path(file).name in told[0].message
        (tmp_path / file).unlink()
        while work.step(START + 6 * DAY):
            pass
        assert len(told) == 1


def test_failing_store_surfaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk or a damaged store is no matter of upkeep alone."""

    def fail(now: float) -> None:
        raise StoreError("the disk is full")

    estate = Estate(tmp_path, DEVICES)
    with estate.store() as store:
        monkeypatch.setattr(store.sealing, "seal_matches", fail)
        with pytest.raises(StoreError, match="full"):
            upkeep(estate, store).step(START)


def test_restarted_in_the_middle(tmp_path: Path) -> None:
    """A file that a kill left unfinished is removed before anything else is sealed."""
    estate = Estate(tmp_path, DEVICES)
    fill(estate)
    left = tmp_path / "sealed" / "events" / "left.parquet"
    with estate.store() as store:
        file = SealedFile("events/left.parquet", "event", "default", "writing", 0, 0, 0)
        left.parent.mkdir(exist_ok=True)
        left.touch()
        with store.transaction():
            store.sealed.manifest.begin([file])
        while upkeep(estate, store).step(START + 5 * DAY):
            pass
        assert not left.exists()
        assert store.sealed.manifest.in_state("writing") == []
