"""A hub over a store with a small estate and a table of alerts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from soc.alerting import Evidence, Ledger, RuleIdentity
from soc.model import Device, Event, Fact, Poll
from soc.store import Store
from tests.support.estate import START, Estate, event, inventory
from tests.support.hub import ServedHub, WriterHub
from tests.support.unix_http import Client

NOW = START + 600.0
HOSTILE = "\x1b]0;owned\x07[red]x[/x] \u202e'; DROP TABLE alert; --"
DEVICES = (
    Device("fw-1", "security", kind="firewall", site="hq", supplier="netco"),
    Device("sw-1", "network", kind="switch", site="hq", supplier="netco", depends_on=("fw-1",)),
    Device("sw-2", "network", kind="switch", site="branch", labels={"rack": "r7"}),
    Device("web-1", "hosting", kind="server", site="hq"),
    Device("web/2 \u00e9", "hosting", kind="server", site="hq"),
)
# (rule, severity, device, seconds before NOW, labels)
ALERTS = (
    ("Uplink down", "critical", "sw-1", 300.0, {"interface": "eth0"}),
    ("Disk full", "high", "web-1", 200.0, {"filesystem": "/var"}),
    ("Brute force", "high", "web-1", 100.0, {"user": "root", "source_ip": "192.0.2.9"}),
    ("Toner low", "low", "sw-2", 50.0, {}),
    ("Odd name", "medium", "web/2 \u00e9", 10.0, {"user": HOSTILE}),
)


def fill(estate: Estate) -> None:
    """Polls and events through the pipeline, then the alerts as detections would open them."""
    answers = {device.name: device.name != "sw-2" for device in DEVICES}
    builder = estate.poll(NOW - 30, answers)
    builder.add_poll(
        Poll("web-1", "identity", NOW - 30, True, True, interval_seconds=60, fact_keys=("identity",))
    )
    builder.add_fact("web-1", Fact("identity", HOSTILE, "description"), NOW - 30)
    estate.events(
        [event(number, NOW - 600 + number, severity_id=1 + number % 5, user="root", fields={"n": str(number)})
         for number in range(250)],
        builder,
    )  # fmt: skip
    estate.seal(builder, NOW - 29)
    estate.run(NOW - 20)
    with estate.store() as store:
        open_alerts(store)


def open_alerts(store: Store) -> None:
    ledger = Ledger()
    for rule, severity, device, age, labels in ALERTS:
        at = NOW - age
        ledger.evidence(
            Evidence(
                RuleIdentity(rule.lower(), "v1", rule, "security", severity),
                {"device": device, **labels}, device, at, at, 1, (("event-1", NOW - 599),), f"cause-{rule}",
                f"{rule} on {device}",
            )
        )  # fmt: skip
    changes = ledger.changes
    with store.transaction():
        store.alerts.save(list(changes.opened.values()), [], changes.transitions, changes.evidence, NOW)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory that every test gets a copy of."""
    directory = tmp_path_factory.mktemp("filled")
    fill(Estate(directory, DEVICES))
    return directory


@pytest.fixture
def hub(filled: Path, tmp_path: Path) -> Iterator[WriterHub]:
    data = tmp_path / "data"
    shutil.copytree(filled, data)
    with Estate(data, DEVICES).store() as store:
        yield WriterHub(store, data, inventory(DEVICES), NOW)


@pytest.fixture
def served(hub: WriterHub) -> Iterator[ServedHub]:
    with ServedHub(hub, hub.data_directory / "hub.sock") as running:
        yield running


@pytest.fixture
def client(served: ServedHub) -> Client:
    return Client(served.path, "console")


@pytest.fixture(scope="module")
def asked(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Of one hub for all tests of a module that change nothing in theirs."""
    data = tmp_path_factory.mktemp("asked") / "data"
    shutil.copytree(filled, data)
    with (
        Estate(data, DEVICES).store() as store,
        ServedHub(WriterHub(store, data, inventory(DEVICES), NOW), data / "hub.sock") as served,
    ):
        yield Client(served.path, "console")


@pytest.fixture
def recorded(hub: WriterHub) -> list[Event]:
    """Own events that the API has the hub record."""
    events: list[Event] = []
    store_it = hub.record

    def record(event: Event) -> Future[None]:
        events.append(event)
        return store_it(event)

    hub.record = record  # type: ignore[method-assign]
    return events
