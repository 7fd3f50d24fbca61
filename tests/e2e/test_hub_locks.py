"""Who may run beside a hub: its rows of the table of locks (docs/operations.md)."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator

import pytest

from soc.model import Sample, canonical_labels
from soc.spool.segment import SegmentBuilder
from soc.spool.spool import Spool
from tests.support.command import SOC, soc
from tests.support.service import Service, alive, eventually
from tests.support.two_devices import TwoDevices, held, two_devices

SEGMENTS, ROWS = 15, 12_000
EXTERNAL = "settings: {collection: external, intervals: {reachability: 2s}}\n"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoDevices]:
    """An estate for tests that leave it as it was, the last of this module."""
    with two_devices(tmp_path_factory.mktemp("shared")) as devices:
        yield devices


@pytest.fixture(scope="module")
def hub(shared: TwoDevices) -> Iterator[Service]:
    """The hub of the shared estate, with a rule that finds something."""
    rules = shared.inventory.parent / "rules"
    rules.mkdir(0o700)
    (rules / "always.yml").write_text(
        "groups: [{name: test, interval: 1s, rules: ["
        "{alert: Always, expr: up == 1, labels: {severity: high}, annotations: {summary: it is}}]}]\n"
    )
    with Service(shared.data, shared.inventory, "--rules", str(rules)) as service:
        yield service


def external(estate: TwoDevices) -> None:
    text = estate.inventory.read_text()
    estate.inventory.write_text(text.replace("version: 1\n", "version: 1\n" + EXTERNAL))


def test_beside_a_hub_with_external_collection_cron_polls_and_the_hub_ingests(estate: TwoDevices) -> None:
    """The cycle leaves its segments to the hub at once, which stores them and has no worker."""
    external(estate)
    with Service(estate.data, estate.inventory) as hub:
        done = soc("collect", *estate.arguments, "--json", check=True)
        assert json.loads(done.stdout)["devices"] == 2
        assert "the hub has the store" in done.stderr
        eventually(lambda: hub.get("/v1/status")["devices"]["up"] == 1)
        assert hub.child("soc.hub.collect_worker") is None
    assert estate.waiting() == 0


def test_hub_that_starts_while_cron_polls_serves_and_collects_later(estate: TwoDevices) -> None:
    """It answers and ingests at once; its workers come when collect.lock is free."""
    with held(estate.data / "collect.lock") as cron, Service(estate.data, estate.inventory) as hub:
        assert hub.get("/v1/status")["hub"]["running"]
        eventually(lambda: f"collect.lock is held by pid {cron.pid}" in hub.told())
        assert hub.child("soc.hub.collect_worker") is None
        Spool(estate.data / "spool").seal(_one_sample(), writer="test", created=1.0, sealed=time.time())
        eventually(lambda: hub.get("/v1/status")["store"]["samples"] == 1)
        cron.kill()
        eventually(lambda: hub.child("soc.hub.collect_worker"))


def _one_sample() -> SegmentBuilder:
    builder = SegmentBuilder()
    builder.add_sample("sw-1", Sample("test", 1.0, time=time.time()), 60.0)
    return builder


def test_hub_gets_the_store_from_a_cycle_between_two_transactions(estate: TwoDevices) -> None:
    """A cycle with much to ingest stops when a hub waits, leaves the rest spooled and ends with 0."""
    external(estate)
    spool = Spool(estate.data / "spool")
    now = time.time()
    series = [("test", canonical_labels({"row": str(row % 100)})) for row in range(ROWS)]
    for number in range(SEGMENTS):
        builder = SegmentBuilder()
        times = [now - 3600 + (number * ROWS + row) / 100 for row in range(ROWS)]
        builder.add_samples("sw-1", series, [1.0] * ROWS, times, [None] * ROWS, 60.0)
        spool.seal(builder, writer="test", created=now, sealed=now + number / 1000)
    command = [*SOC, "collect", *estate.arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as cron:
        eventually(lambda: estate.waiting() < SEGMENTS)
        with Service(estate.data, estate.inventory) as hub:
            told = cron.communicate()[1]
            assert cron.returncode == 0
            assert "a hub takes the store" in told
            eventually(lambda: estate.waiting() == 0)
            assert hub.get("/v1/status")["store"]["samples"] >= SEGMENTS * ROWS


def test_hub_waits_for_a_question_that_has_the_store(estate: TwoDevices) -> None:
    """A command that holds the store for a moment delays the hub, no more."""
    with held(estate.data / "store.lock", seconds=1.0), Service(estate.data, estate.inventory) as hub:
        assert hub.get("/v1/status")["hub"]["pid"] == hub.pid


def test_dead_hub_keeps_nobody_from_collecting(estate: TwoDevices) -> None:
    """Once its orphans have ended, cron has both locks again."""
    with Service(estate.data, estate.inventory) as hub:
        worker = eventually(lambda: hub.child("soc.hub.collect_worker"))
        hub.process.kill()
        hub.process.wait()
        eventually(lambda: not alive(worker.pid))
    assert soc("collect", *estate.arguments).returncode == 0
    assert estate.waiting() == 0


def test_inventory_is_applied_through_the_hub(estate: TwoDevices) -> None:
    """`soc inventory apply` says what changes; with errors every one, exit 2, and nothing changes."""
    with Service(estate.data, estate.inventory) as hub:
        text = estate.inventory.read_text()
        estate.inventory.write_text(text.replace("name: sw-1", "name: sw-2"))
        done = soc("inventory", "apply", *estate.arguments, "--json", check=True)
        assert json.loads(done.stdout) == {"added": 1, "changed": 0, "removed": 1}
        estate.inventory.write_text(text.replace("tower: network", "tower: nowhere"))
        done = soc("inventory", "apply", *estate.arguments)
        assert done.returncode == 2
        assert f"{estate.inventory}:" in done.stderr
        assert "nowhere" in done.stderr
        assert {row["device"] for row in hub.get("/v1/devices")["items"]} == {"me", "sw-2"}
    done = soc("inventory", "apply", *estate.arguments)
    assert done.returncode == 2


def test_beside_a_hub_that_collects_nothing_is_polled(shared: TwoDevices, hub: Service) -> None:
    """`soc collect` names the hub, ends with 0 and sends nothing."""
    worker = eventually(lambda: hub.child("soc.hub.collect_worker"))
    eventually(lambda: shared.packets() > 0)
    worker.suspend()
    try:
        shared.packets()
        done = soc("collect", "--all", *shared.arguments, "--json")
        assert (done.returncode, shared.packets()) == (0, 0)
    finally:
        worker.resume()
    assert f"the hub (pid {hub.pid}) collects" in done.stderr
    assert json.loads(done.stdout)["devices"] == 0


def test_questions_beside_a_hub_are_answered_by_it(shared: TwoDevices, hub: Service) -> None:
    """Status, events, expressions and alerts come from the hub, which keeps the store."""
    eventually(lambda: hub.get("/v1/status")["devices"]["up"] == 1)
    status = json.loads(soc("status", *shared.arguments, "--json", check=True).stdout)
    assert status["hub"]["pid"] == hub.pid
    assert set(status) == {
        "devices", "off_or_away", "towers", "alerts", "collection", "store", "receiver", "hub",
    }  # fmt: skip
    assert f"pid {hub.pid}" in soc("status", *shared.arguments, check=True).stdout
    [line] = soc(
        "query", 'up{device="me",collector="local"}', *shared.arguments, check=True
    ).stdout.splitlines()
    assert line.endswith("} 1") or line.endswith("  1")
    ranged = soc("query", "count(up)", "--from", "5m", *shared.arguments, "--json", check=True)
    assert json.loads(ranged.stdout)["values"]
    found = soc("events", "product:soc category:collection", *shared.arguments, "--json", check=True)
    assert {json.loads(line)["device"] for line in found.stdout.splitlines()} == {"sw-1"}
    wrong = soc("query", "up{", *shared.arguments)
    assert wrong.returncode == 2


@pytest.mark.usefixtures("hub")
def test_alerts_beside_a_hub_are_worked_on_through_it(shared: TwoDevices) -> None:
    """List, show, acknowledge, note and close ask the hub, and say what it says."""
    listed = ["alerts", "list", "--rule", "Always", "--device", "me", *shared.arguments, "--json"]
    [line] = eventually(lambda: soc(*listed, check=True).stdout.splitlines()[:1])
    label = json.loads(line)["label"]
    for command in (
        ["ack", label, "--reason", "mine"],
        ["note", label, "seen"],
        ["close", label, "--disposition", "benign", "--reason", "a test"],
    ):
        done = soc("alerts", *command, *shared.arguments, check=True)
    assert done.stdout == f"{label}: closed, version 3\n"
    shown = json.loads(soc("alerts", "show", label, *shared.arguments, "--json", check=True).stdout)
    assert [step["action"] for step in shown["history"]] == ["opened", "acknowledged", "noted", "closed"]
    assert {step["client"] for step in shown["history"][1:]} == {"cli"}
    again = soc("alerts", "ack", label, "A-999", *shared.arguments)
    assert again.returncode == 1
    assert again.stderr.count("soc: ") == 2
