"""Lists and details over a real store, by a real client."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from soc.hub.api.parameters import token
from tests.hub.api.conftest import HOSTILE, NOW
from tests.support.hub import WriterHub
from tests.support.unix_http import Client


@pytest.mark.parametrize(
    ("filter", "rules"),
    [
        ("", "Uplink down|Brute force|Disk full|Odd name|Toner low"),
        ("status:open severity>=high", "Uplink down|Brute force|Disk full"),
        ("severity:high -rule:Disk*", "Brute force"),
        ("tower:network", "Uplink down|Toner low"),
        ("kind:switch site:hq", "Uplink down"),
        ("supplier:*", "Uplink down"),
        ("age<1m", "Odd name|Toner low"),
        ("age>=2m", "Uplink down|Disk full"),
        ("device:web-1 user:root", "Brute force"),
        ("filesystem:/v*", "Disk full"),
        ('"toner low"', "Toner low"),
        ("label:A-2", "Disk full"),
        ("owner:me", ""),
        ("status:closed", ""),
        ("count>1", ""),
        ('user:"\'; DROP"', ""),
    ],
)
def test_alerts_by_filter(asked: Client, filter: str, rules: str) -> None:
    """The most severe first, then the newest; `total` is of the whole filter."""
    document = asked.get("/v1/alerts", filter=filter).document
    assert "|".join(alert["rule"] for alert in document["items"]) == rules
    assert document["total"] == len(document["items"])
    assert document["next"] is None


@pytest.mark.parametrize(
    ("filter", "devices"),
    [
        ("state:down", ["sw-2"]),
        ("tower:hosting", ["web-1", "web/2 é"]),
        ("open_alerts>=2", ["web-1"]),
        ("rack:r7", ["sw-2"]),
        ("age>1h", []),
        ("fire", ["fw-1"]),
    ],
)
def test_devices_by_filter(asked: Client, filter: str, devices: list[str]) -> None:
    """By name; whatever label a device has can be asked for."""
    document = asked.get("/v1/devices", filter=filter).document
    assert [item["device"] for item in document["items"]] == devices
    assert document["total"] == len(devices)


def test_a_device_in_a_list(asked: Client) -> None:
    """Its state, since when and why, and when it last answered."""
    items = {item["device"]: item for item in asked.get("/v1/devices").document["items"]}
    assert items["sw-2"] == {
        "device": "sw-2", "tower": "network", "kind": "switch", "site": "branch", "supplier": "",
        "state": "down", "cause": "no answer to snmp", "since": "2023-11-14T22:23:30.000Z",
        "open_alerts": 1, "last_seen": None, "availability": "expected",
    }  # fmt: skip
    assert items["web-1"]["last_seen"] == "2023-11-14T22:23:30.000Z"


@pytest.mark.parametrize("path", ["/v1/alerts", "/v1/devices", "/v1/events"])
@pytest.mark.parametrize("limit", [1, 2, 10])
def test_pages_hold_everything_once(asked: Client, path: str, limit: int) -> None:
    """Page by page the same as at once."""
    at_once = asked.get(path, limit=1000).document["items"]
    assert len(at_once) >= 5
    if path == "/v1/events":
        limit *= 50
    assert list(asked.pages(path, limit=limit)) == at_once


@pytest.mark.parametrize("path", ["/v1/alerts", "/v1/devices"])
def test_total_is_of_the_filter_on_every_page(asked: Client, path: str) -> None:
    """On the first page, on the last, and behind it."""
    first = asked.get(path, limit=3).document
    last = asked.get(path, limit=2, after=first["next"]).document
    behind = asked.get(path, limit=2, after=last["next"]).document
    assert (first["total"], last["total"], behind["total"]) == (5, 5, 5)
    assert (behind["items"], behind["next"]) == ([], None)


def test_a_page_follows_its_place_not_a_count(client: Client, hub: WriterHub) -> None:
    """What arrives in front of a page neither repeats nor hides an item of the next."""
    first = client.get("/v1/events", limit=10).document
    newest = first["items"][0]

    def arrive(store: Any) -> None:
        [event] = store.events.by_ids([newest["id"]])
        store.events.add_own([replace(event, id="new", time=event.time + 1)], None)

    hub.write(arrive)
    second = client.get("/v1/events", limit=10, after=first["next"]).document
    ids = [item["id"] for item in client.get("/v1/events", limit=21).document["items"]]
    assert [item["id"] for item in first["items"] + second["items"]] == ids[1:]


def test_events(asked: Client) -> None:
    """Newest first, from `since` on; the filter is the one of alerts and devices."""
    items = asked.get("/v1/events", filter="user:root severity>=high n>=240", since="15m").document["items"]
    assert [item["fields"]["n"] for item in items] == ["249", "248", "244", "243"]
    assert asked.get("/v1/events", filter="user:root", since="2m").document["items"] == []
    since = asked.get("/v1/events", filter="n:*", since="2023-11-14T22:18:00Z").document["items"]
    assert since[-1]["time"] == "2023-11-14T22:18:00.000Z"


def test_details_of_an_alert(asked: Client) -> None:
    """By id and by label; its history and its evidence are there."""
    document = asked.get("/v1/alerts/A-3").document
    assert document == asked.get(f"/v1/alerts/{document['id']}").document
    assert [step["action"] for step in document["history"]] == ["opened"]
    assert [event["id"] for event in document["evidence"]] == ["event-1"]
    assert document["evidence"][0]["message"] == "message 1"


def test_details_of_a_device(asked: Client) -> None:
    """Facts, open alerts, samples and events of late."""
    document = asked.get("/v1/devices/web-1").document
    assert [alert["rule"] for alert in document["alerts"]] == ["Brute force", "Disk full"]
    assert document["samples"] == [
        {
            "metric": "up",
            "labels": {"collector": "snmp"},
            "interval_seconds": 60.0,
            "values": [[NOW - 30, 1.0]],
        }
    ]
    assert len(document["events"]) == 50
    assert document["events"][0]["id"] == "event-249"


def test_names_are_quoted_in_paths(asked: Client) -> None:
    """A name with a slash, a blank and a letter beyond ASCII has its place too."""
    answer = asked.ask("GET", "/v1/devices/web%2F2%20%C3%A9")
    assert answer.document["device"] == "web/2 é"


def test_hostile_text_is_handed_on_as_it_is(asked: Client) -> None:
    """JSON holds what a device said to the letter; whoever shows it cleans it."""
    fact = asked.get("/v1/devices/web-1").document["facts"][0]
    assert fact == {
        "key": "identity", "instance": "description", "value": HOSTILE, "since": "2023-11-14T22:23:30.000Z",
    }  # fmt: skip
    [alert] = asked.get("/v1/alerts", filter='rule:"odd name"').document["items"]
    assert alert["labels"]["user"] == HOSTILE
    assert asked.get("/v1/alerts", filter='user:"' + HOSTILE + '"').document["total"] == 1


@pytest.mark.parametrize(
    ("path", "query", "said"),
    [
        ("/v1/alerts", {"filter": "severity>=loud"}, "critical"),
        ("/v1/alerts", {"filter": 'rule:"open'}, "not understood"),
        ("/v1/alerts", {"filter": "status:gone"}, "acknowledged"),
        ("/v1/alerts", {"filter": "a " * 60}, "50 terms"),
        ("/v1/alerts", {"limit": "0"}, "1 to 1000"),
        ("/v1/alerts", {"limit": "1001"}, "1 to 1000"),
        ("/v1/alerts", {"limit": "ten"}, "whole number"),
        ("/v1/alerts", {"limit": "१"}, "whole number"),
        ("/v1/alerts", {"after": "nonsense"}, "next"),
        ("/v1/alerts", {"after": token(["a"])}, "next"),
        ("/v1/alerts", {"after": token([3, 1e300, "a"])}, "next"),
        ("/v1/alerts", {"after": token([3, float("nan"), "a"])}, "next"),
        ("/v1/devices", {"after": "W" * 3000}, "next"),
        ("/v1/alerts", {"offset": "5"}, "filter, after, limit"),
        ("/v1/alerts/A-1", {"limit": "5"}, "none"),
        ("/v1/events", {"since": "yesterday"}, "duration"),
        ("/v1/events", {"since": "0001-01-01"}, ""),
    ],
)
def test_not_understood(asked: Client, path: str, query: dict[str, str], said: str) -> None:
    """What cannot be meant is 400 with a sentence that says what can, or an honest answer; never a 500."""
    answer = asked.get(path, **query)
    assert answer.status == (400 if said else 200)
    if said:
        assert set(answer.document) == {"code", "message"}
        assert said in answer.document["message"]


@pytest.mark.parametrize(
    "path", ["/v1/alerts/A-99", "/v1/alerts/%00", "/v1/devices/gone", "/", "/v1/nothing"]
)
def test_not_there(asked: Client, path: str) -> None:
    """404 with a code."""
    answer = asked.ask("GET", path)
    assert (answer.status, answer.document["code"]) == (404, "not_found")


def test_wrong_method(asked: Client) -> None:
    """405 with a code."""
    answer = asked.ask("DELETE", "/v1/alerts")
    assert (answer.status, answer.document["code"]) == (405, "method_not_allowed")
