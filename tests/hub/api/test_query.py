"""soc.hub.api.query and inventory."""

from __future__ import annotations

import pytest

from tests.hub.api.conftest import NOW
from tests.support.hub import WriterHub
from tests.support.unix_http import Client


def test_expression_at_one_time(asked: Client) -> None:
    """A line a series, with labels that the inventory knows."""
    found = asked.get("/v1/query", expr='up{device="sw-1",collector="snmp"}', at=NOW).document
    [item] = found["items"]
    assert (item["value"], item["time"]) == (1.0, NOW)
    assert item["labels"]["tower"] == "network"


def test_expression_over_a_range(asked: Client) -> None:
    """Times and values of each series."""
    query = {"expr": "max(up)", "from": NOW - 60, "to": NOW, "step": 30}
    [item] = asked.get("/v1/query", **query).document["items"]
    assert item == {"labels": {}, "values": [[NOW - 30, 1.0], [NOW, 1.0]]}


@pytest.mark.parametrize(
    "query",
    [
        {"expr": "up{"},
        {},
        {"expr": "up", "at": "now"},
        {"expr": "up", "at": "nan"},
        {"expr": "up", "at": 1, "from": 1},
        {"expr": "up", "to": 1},
        {"expr": "up", "from": 0, "to": 1e9, "step": 1},
        {"expr": "up", "from": 0, "to": 1, "step": 0},
        {"expr": "up", "sql": "1"},
    ],
)
def test_what_is_not_understood_is_told(asked: Client, query: dict[str, object]) -> None:
    """A wrong expression, time or range is a 400 that says so."""
    answer = asked.get("/v1/query", **query)
    assert answer.status == 400
    assert answer.document["message"]


def test_inventory_is_applied_or_refused_whole(client: Client, hub: WriterHub) -> None:
    """Counts of what changes, or every problem."""
    answer = client.post("/v1/inventory/apply")
    assert (answer.status, answer.document) == (200, {"added": 1, "changed": 2, "removed": 0})
    hub.inventory_problem = "inventory.yaml:3: error: tower: missing"
    answer = client.post("/v1/inventory/apply")
    assert (answer.status, answer.document["message"]) == (422, hub.inventory_problem)
