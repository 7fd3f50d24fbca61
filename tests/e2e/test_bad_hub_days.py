"""Bad days of a hub: the write-ahead log, a segment damaged, the disk full. It says so, and loses nothing."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.disk import fill, mounted
from tests.support.fed_hub import FedHub
from tests.support.service import eventually


@pytest.fixture
def fed(tmp_path: Path) -> Iterator[FedHub]:
    """A running hub with five alerts."""
    hub = FedHub(tmp_path, tmp_path / "data")
    with hub.service:
        hub.feed(5)
        hub.await_alerts()
        yield hub


@pytest.mark.parametrize("damage", ["truncated", "flipped"])
def test_damaged_log_of_a_killed_hub(fed: FedHub, damage: str) -> None:
    """The next hub does again what stood in the write-ahead log, acknowledgements too, and tells it."""
    fed.command("alerts", "ack", "A-1", "A-5")
    before = fed.alerts()
    fed.service.process.kill()
    fed.service.process.communicate()
    log = fed.data / "soc.duckdb.wal"
    content = bytearray(log.read_bytes())
    if damage == "truncated":
        del content[len(content) // 3 :]
    else:
        content[len(content) // 2] ^= 0x10
    log.write_bytes(content)
    fed.service.start()
    fed.service.await_ready()
    eventually(lambda: fed.events("category:store service:recovery"))
    assert fed.alerts() == before
    fed.feed(2)
    fed.await_alerts()


def test_damaged_segment_stops_no_other(fed: FedHub) -> None:
    """It goes to quarantine with its reason and an event; what comes after it is ingested."""
    bad = fed.data / "spool/01HFABCDEFGHJKMNPQRSTVWXYZ.parquet"
    bad.write_bytes(b"PAR1 and no more")
    fed.feed(2)
    fed.await_alerts()
    eventually(lambda: fed.events("category:spool service:quarantine"))
    assert (fed.data / f"spool/quarantine/{bad.name}.reason").read_text().strip()


def test_full_disk(tmp_path: Path) -> None:
    """The hub says so, refuses what it cannot note, keeps answering, and takes all in once there is room."""
    with mounted(tmp_path / "disk", "48m") as disk:
        fed = FedHub(tmp_path, disk / "data")
        with fed.service:
            fed.feed(5)
            fed.await_alerts()
            fed.service.signal(signal.SIGSTOP)
            fed.feed(60)
            fill(disk / "filler")
            fed.service.signal(signal.SIGCONT)
            eventually(lambda: "full" in fed.service.told() or "No space" in fed.service.told())
            answer = fed.service.client.post("/v1/alerts/A-1/acknowledge", based_on=0, request_id="r")
            assert answer.status == 503
            (disk / "filler").unlink()
            fed.await_alerts()
            assert not list((fed.data / "spool").glob("*.parquet"))
            answer = fed.service.client.post("/v1/alerts/A-1/acknowledge", based_on=0, request_id="r")
            assert answer.status == 200
        assert "Traceback" not in fed.service.told()
