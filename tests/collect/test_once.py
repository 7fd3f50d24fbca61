"""soc.collect.once: devices asked once, over table-driven transports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from soc.collect import Row, Sample, SnmpScalars, collector
from soc.collect.once import poll_once
from soc.collect.port import Answer, Failure, Job
from soc.inventory import load_inventory
from tests.support.devices import INVENTORY, TableTransport, write_inventory

UPTIME = SnmpScalars(uptime="1.3.6.1.2.1.1.3.0")


@collector(fetch=UPTIME, every="reachability")
def uptime(row: Row) -> Iterator[Sample]:
    """Uptime (SNMPv2-MIB, RFC 3418)."""
    yield Sample("uptime_seconds", row.uptime / 100)


def answer(job: Job) -> Answer:
    if job.device.name == "sw-2":
        return Answer(job, 1.0, answered=False, failure=Failure("timeout", "2 tries"))
    return Answer(job, 1.0, answered=True, values={UPTIME: Row("", {"uptime": 700})})


@pytest.fixture
def documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """What polling each device of the test inventory, one staged and one bare beside it, comes to."""
    monkeypatch.setenv("SOC_TEST_COMMUNITY", "public")
    text = INVENTORY + (
        "  - {name: new, address: 192.0.2.4, tower: network, state: staged, credentials: [lab]}\n"
        "  - {name: bare, address: 192.0.2.5, tower: network}\n"
    )
    inventory = load_inventory(write_inventory(tmp_path, text))
    found: list[dict[str, Any]] = []
    poll_once(
        inventory, [uptime], {"snmp": TableTransport(answer)},
        devices=list(inventory.devices), now=lambda: 1.0, monotonic=lambda: 0.0, deadline=10.0,
        on_device=found.append,
    )  # fmt: skip
    assert sorted(document["device"] for document in found) == sorted(inventory.devices)
    return {document["device"]: document for document in found}


def test_device_that_answers_is_ok(documents: dict[str, dict[str, Any]]) -> None:
    """Its samples are there, and an identity with nothing known."""
    assert documents["sw-1"]["ok"]
    assert documents["sw-1"]["samples"] == [{"metric": "uptime_seconds", "labels": {}, "value": 7.0}]
    assert set(documents["sw-1"]["identity"].values()) == {None}


def test_device_that_does_not_answer_says_why(documents: dict[str, dict[str, Any]]) -> None:
    """The failure is told once, under its transport."""
    assert not documents["sw-2"]["ok"]
    assert documents["sw-2"]["errors"] == ["snmp: timeout: 2 tries"]


def test_staged_device_is_asked_on_demand(documents: dict[str, dict[str, Any]]) -> None:
    """Before it is activated one wants to see what it says."""
    assert documents["new"]["ok"]


def test_device_that_nothing_applies_to_says_so(documents: dict[str, dict[str, Any]]) -> None:
    """Without credential or transport there is an answer, too: that nothing was asked."""
    for name in ("bare", "web-1"):
        (problem,) = documents[name]["errors"]
        assert problem.startswith("nothing applies to this device")
