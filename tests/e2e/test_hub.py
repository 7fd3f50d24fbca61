"""`soc serve` as a process: what it starts, survives, takes over and ends."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from soc.spool.spool import Spool
from tests.intake.test_raw import write as write_raw
from tests.support.command import soc
from tests.support.service import Service, alive, eventually

INVENTORY = """\
version: 1
settings: {intervals: {reachability: 2s, health: 2s}}
devices:
  - {name: me, tower: hosting, kind: local}
"""
BROKEN = "version: 1\ndevices: [{name: broken}]\n"


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "inventory.yaml"
    path.write_text(INVENTORY)
    return path


@pytest.fixture
def hub(tmp_path: Path, inventory: Path) -> Iterator[Service]:
    """One for the test alone, which ends it, or leaves it changed."""
    with Service(tmp_path / "data", inventory) as service:
        yield service


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """For tests that leave it as it was, the last of this module: it runs, and collects, over INVENTORY."""
    directory = tmp_path_factory.mktemp("shared")
    path = directory / "inventory.yaml"
    path.write_text(INVENTORY)
    with Service(directory / "data", path) as service:
        yield service


def up(service: Service) -> list[str]:
    """The devices that are up, as the hub says."""
    return [row["device"] for row in service.get("/v1/devices")["items"] if row["state"] == "up"]


def seen_since(service: Service, seconds: float) -> bool:
    """Whether a poll of the device `me` after that time is in the store."""
    seen = service.get("/v1/devices/me")["last_seen"] or ""
    return bool(seen > time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)))


def events(service: Service, wanted: str) -> list[dict[str, Any]]:
    return list(service.get("/v1/events", filter=wanted)["items"])


def test_it_collects_and_ends_with_all_its_children(hub: Service) -> None:
    """Devices come up without any cron; SIGTERM ends hub, worker and refiner, and the socket is gone."""
    eventually(lambda: up(hub) == ["me"])
    status = hub.get("/v1/status")
    assert status["hub"]["pid"] == hub.pid
    assert status["hub"]["blind_since"] is None
    children = [hub.child("soc.hub.collect_worker"), hub.child("soc.intake.refiner")]
    assert all(children)
    hub.process.terminate()
    assert hub.process.wait(30) == 0
    assert not any(child and alive(child.pid) for child in children)
    assert not (hub.data / "hub.sock").exists()
    assert "Traceback" not in hub.told()


def test_children_of_a_killed_hub_end_and_the_next_goes_on(hub: Service, inventory: Path) -> None:
    """After kill -9 nobody collects on; the next hub takes the locks and what the last one left."""
    eventually(lambda: up(hub) == ["me"])
    children = [hub.child("soc.hub.collect_worker"), hub.child("soc.intake.refiner")]
    hub.process.kill()
    hub.process.wait()
    eventually(lambda: not any(child and alive(child.pid) for child in children))
    with Service(hub.data, inventory) as following:
        assert following.get("/v1/status")["store"]["samples"] > 0
        asked = time.time()
        eventually(lambda: seen_since(following, asked))


def test_hangup_takes_the_inventory_and_keeps_the_last_good_one(hub: Service, inventory: Path) -> None:
    """A changed inventory is polled at once; one with errors is told of and changes nothing."""
    eventually(lambda: up(hub) == ["me"])
    inventory.write_text(INVENTORY.replace("name: me", "name: myself"))
    hub.signal(signal.SIGHUP)
    eventually(lambda: up(hub) == ["myself"])
    [event] = events(hub, "category:hub service:inventory")
    assert event["fields"] == {"added": "1", "changed": "0", "removed": "1"}
    inventory.write_text(BROKEN)
    hub.signal(signal.SIGHUP)
    eventually(lambda: "the one before stays in force" in hub.told())
    assert f"{inventory}:2: error" in hub.told()
    assert up(hub) == ["myself"]
    eventually(lambda: len(events(hub, "category:hub service:inventory")) == 2)


def test_workers_share_the_polling(tmp_path: Path, inventory: Path) -> None:
    """Two workers, one lock: each device is polled by one of them, and both end with the hub."""
    names = "".join(f"  - {{name: me-{number}, tower: hosting, kind: local}}\n" for number in range(8))
    inventory.write_text(INVENTORY + names)
    with Service(tmp_path / "data", inventory, "--workers", "2") as hub:
        eventually(lambda: len(up(hub)) == 9)
        writers = {path.name for path in (hub.data / "spool").glob("open-*")}
    assert writers == {"open-collect-1", "open-collect-2"}


def test_service_manager_is_told(tmp_path: Path, inventory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """READY once it answers, WATCHDOG while it works, STOPPING when it ends (sd_notify(3))."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "1000000")
        with Service(tmp_path / "data", inventory):
            assert [manager.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        said = b""
        while said != b"STOPPING=1":
            said = manager.recv(100)


def test_system_socket_is_found_from_the_data_directory(tmp_path: Path, inventory: Path) -> None:
    """A hub that answers elsewhere leaves a link; socket and link are gone with it."""
    place = tmp_path / "run/hub.sock"
    with Service(tmp_path / "data", inventory, "--socket", str(place)) as hub:
        status = soc("status", "--json", "--data", str(hub.data), check=True)
        assert json.loads(status.stdout)["hub"]["pid"] == hub.pid
        assert place.stat().st_mode & 0o777 == 0o666
    assert not place.exists()
    assert not (tmp_path / "data/hub.sock").is_symlink()


def test_damaged_store_ends_it(tmp_path: Path, inventory: Path) -> None:
    """What cannot be served is said at once, with the store's exit code."""
    (tmp_path / "data").mkdir(0o700)
    (tmp_path / "data/soc.duckdb").write_bytes(b"garbage" * 1000)
    hub = Service(tmp_path / "data", inventory)
    hub.start()
    assert hub.process.wait(60) == 3
    assert "soc.duckdb" in hub.told()


@pytest.mark.parametrize("edited", [BROKEN, INVENTORY.replace("name: me", "name: you")])
def test_killed_child_is_replaced(shared: Service, edited: str) -> None:
    """Worker and refiner gone: the hub says so, and others work, on the inventory that is in force."""
    modules = ("soc.hub.collect_worker", "soc.intake.refiner")
    first = [eventually(lambda module=module: shared.child(module)) for module in modules]  # type: ignore[misc]
    before = len(shared.told())
    shared.inventory.write_text(edited)
    for child in first:
        child.kill()

    def replaced() -> bool:
        children = [shared.child(module) for module in modules]
        return all(child and child.pid != old.pid for child, old in zip(children, first, strict=True))

    eventually(replaced)
    asked = time.time()
    eventually(lambda: seen_since(shared, asked))
    raw = write_raw(Spool(shared.data / "spool"), b"refined")
    eventually(lambda: not raw.exists())
    shared.inventory.write_text(INVENTORY)
    told = shared.told()[before:]
    assert told.count("by signal 9; started again") == 2
    assert "with exit code" not in told


def test_collection_that_becomes_external_leaves_the_polling(shared: Service) -> None:
    """Told so by the inventory, the hub ends its workers and gives up collect.lock; and takes both again."""
    eventually(lambda: shared.child("soc.hub.collect_worker"))
    shared.inventory.write_text(INVENTORY.replace("settings: {", "settings: {collection: external, "))
    shared.signal(signal.SIGHUP)
    eventually(lambda: shared.child("soc.hub.collect_worker") is None)
    shared.inventory.write_text(INVENTORY)
    shared.signal(signal.SIGHUP)
    eventually(lambda: shared.child("soc.hub.collect_worker"))


def test_second_hub_is_refused(shared: Service) -> None:
    """One hub a data directory: the second ends with 75 and names the first."""
    second = Service(shared.data, shared.inventory, "--store-wait", "200ms")
    second.start()
    assert second.process.wait(60) == 75
    assert f"held by pid {shared.pid}" in second.told()
    assert shared.get("/v1/status")["hub"]["pid"] == shared.pid
