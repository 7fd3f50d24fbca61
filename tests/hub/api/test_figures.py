"""Status, overview and the hub's own metrics."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from soc.hub.api.openmetrics import Family, render
from soc.hub.port import Health
from soc.model import StoreError
from soc.pipeline.report import status_document
from tests.hub.api.conftest import NOW
from tests.support.hub import ServedHub, WriterHub
from tests.support.unix_http import Client

REFERENCE = Path(__file__).parents[3] / "docs" / "reference.md"


def test_status(client: Client, hub: WriterHub) -> None:
    """What `soc status` says, with the hub as it is and who asks."""
    hub.state = replace(hub.state, blind_since=NOW - 5)
    status = client.get("/v1/status").document
    headless = hub.write(lambda store: status_document(store, hub.data_directory, NOW))
    assert {**status, "hub": None, "you": None} == {**headless, "hub": None, "you": None}
    assert status["hub"] == {
        "running": True, "pid": 4711, "started": "2023-11-14T22:23:00.000Z", "version": "0.1.0",
        "blind_since": "2023-11-14T22:23:55.000Z",
    }  # fmt: skip


def test_nobody_waits_while_the_spool_is_listed(served: ServedHub, hub: WriterHub) -> None:
    """The hub is asked how it is outside of the loop."""
    asked: list[int] = []

    def health() -> Health:
        asked.append(threading.get_ident())
        return hub.state

    async def loop_thread() -> int:
        return threading.get_ident()

    hub.health = health  # type: ignore[method-assign]
    client = Client(served.path)
    assert client.get("/v1/status").status == 200
    assert client.get("/metrics").status == 200
    assert asked
    assert served.run(loop_thread()) not in asked


def test_overview(asked: Client) -> None:
    """Towers that have devices, in their order, and what nobody has taken."""
    overview = asked.get("/v1/overview").document
    towers = {tower["tower"]: tower for tower in overview["towers"]}
    assert list(towers) == ["network", "hosting", "security"]
    assert {name: (t["worst"], t["open_alerts"], t["up"], t["total"]) for name, t in towers.items()} == {
        "network": ("critical", 2, 1, 2),
        "hosting": ("high", 3, 2, 2),
        "security": (None, 0, 1, 1),
    }
    # sw-1 has been up and sw-2 down for as long as either is known.
    assert {name: t["availability_ratio"] for name, t in towers.items()} == {
        "network": 0.5, "hosting": 1.0, "security": 1.0,
    }  # fmt: skip
    # 250 events, one a second, from the eleventh whole minute before the present one on.
    assert towers["hosting"]["events_per_minute"] == [0] * 10 + [60, 60, 60, 60, 10] + [0] * 5
    assert [alert["rule"] for alert in overview["needs_you"]] == [
        "Uplink down", "Disk full", "Brute force", "Odd name", "Toner low",
    ]  # fmt: skip


def test_needs_you_is_what_nobody_has_taken(client: Client, hub: WriterHub) -> None:
    """Acknowledged alerts need nobody any more."""
    client.post("/v1/alerts/A-1/acknowledge", based_on=0, request_id="r")
    assert len(client.get("/v1/overview").document["needs_you"]) == 4


def test_metrics(client: Client) -> None:
    """Valid OpenMetrics, with the figures of the store, the hub and the API."""
    client.get("/v1/alerts")
    client.get("/nothing")
    answer = client.get("/metrics")
    assert answer.type == "application/openmetrics-text"
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }
    assert samples["soc_alerts_open", ("severity", "high")] == 2
    assert samples["soc_devices", ("state", "down")] == 1
    assert samples[("soc_segments_waiting",)] == 2
    assert samples[("soc_pipeline_transaction_seconds_count",)] == 7
    assert samples["soc_build_info", ("version", "0.1.0")] == 1
    listed = ("method", "GET"), ("route", "/v1/alerts"), ("status", "200")
    assert samples["soc_api_requests_total", *listed] == 1
    assert samples["soc_api_requests_total", ("method", "other"), ("route", "other"), ("status", "404")] == 1
    assert samples["soc_api_request_seconds_count", ("route", "/v1/alerts")] == 1


def test_metrics_are_documented(asked: Client) -> None:
    """Every name stands in the reference."""
    reference = REFERENCE.read_text(encoding="utf-8")
    names = [family.name for family in text_string_to_metric_families(asked.get("/metrics").body.decode())]
    assert [name for name in names if f"`{name}`" not in reference] == []


def test_label_values_are_escaped() -> None:
    """Quotes, backslashes and line breaks cannot end a line."""
    text = render([Family("a", "gauge", "x\ny", [({"l": '"\\\n}'}, 1), ({}, None)])]).decode()
    [family] = text_string_to_metric_families(text)
    assert [sample.labels for sample in family.samples] == [{"l": '"\\\n}'}]


def test_a_store_that_does_not_answer(client: Client, hub: WriterHub) -> None:
    """503 says so, without the place of the store; it is asked anew afterwards."""
    reader = hub.reader

    def gone() -> None:
        raise StoreError("/var/lib/soc/soc.duckdb: the disk is full")

    hub.reader = gone  # type: ignore[method-assign, assignment]
    answer = client.get("/v1/overview")
    assert (answer.status, answer.document["code"]) == (503, "store")
    assert b"/var" not in answer.body
    hub.reader = reader  # type: ignore[method-assign]
    assert client.get("/v1/overview").status == 200


@pytest.mark.parametrize("path", ["/v1/status", "/v1/overview", "/metrics"])
def test_no_parameters(asked: Client, path: str) -> None:
    """What would be ignored is refused."""
    assert asked.get(path, filter="x").status == 400
