"""What people do to alerts: versions, repetition, races."""

from __future__ import annotations

import os
import pwd
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.hub import WriterHub
from tests.support.unix_http import Answer, Client

ME = pwd.getpwuid(os.geteuid()).pw_name


def history(client: Client, alert: str) -> list[Any]:
    return list(client.get(f"/v1/alerts/{alert}").document["history"])


def test_acknowledge(client: Client) -> None:
    """The alert is somebody's then; the history says who, by which program and why."""
    answer = client.post("/v1/alerts/A-1/acknowledge", based_on=0, request_id="r1", note="on it")
    assert answer.status == 200
    assert (answer.document["workflow"], answer.document["owner"], answer.document["version"]) == (
        "acknowledged", ME, 1,
    )  # fmt: skip
    step = history(client, "A-1")[-1]
    assert (step["action"], step["uid"], step["name"], step["client"], step["reason"]) == (
        "acknowledged", os.geteuid(), ME, "console", "on it",
    )  # fmt: skip
    assert client.get("/v1/alerts", filter="owner:me").document["total"] == 1


def test_close_and_note(client: Client) -> None:
    """Closing takes a disposition; a closed alert takes notes."""
    closed = client.post(
        "/v1/alerts/A-2/close", based_on=0, request_id="r1", disposition="benign", note="log rotated"
    ).document
    assert (closed["workflow"], closed["disposition"], closed["version"]) == ("closed", "benign", 1)
    noted = client.post("/v1/alerts/A-2/note", based_on=1, request_id="r2", note="a\0b \ud83d\ude00").document
    assert noted["version"] == 2
    assert history(client, "A-2")[-1]["reason"] == "a\0b \U0001f600"
    assert client.get("/v1/alerts", filter="status:open").document["total"] == 4


def test_a_transition_is_an_event(client: Client) -> None:
    """Rules can see what people do."""
    client.post("/v1/alerts/A-1/acknowledge", based_on=0, request_id="r1")
    events = client.get("/v1/events", filter="category:alert service:acknowledged").document["items"]
    assert [event["fields"]["actor"] for event in events] == [ME]


def test_a_repeated_request_changes_nothing(client: Client) -> None:
    """The same request id has the same result, and stands in the history once."""
    first = client.post("/v1/alerts/A-1/note", based_on=0, request_id="r1", note="once")
    again = client.post("/v1/alerts/A-1/note", based_on=0, request_id="r1", note="once")
    assert (again.status, again.document) == (200, first.document)
    assert [step["action"] for step in history(client, "A-1")] == ["opened", "noted"]


def test_a_request_id_is_for_one_action(client: Client) -> None:
    """Used for something else it is an error, on another alert it is another request."""
    client.post("/v1/alerts/A-1/note", based_on=0, request_id="r1", note="once")
    assert client.post("/v1/alerts/A-1/acknowledge", based_on=1, request_id="r1").status == 400
    assert client.post("/v1/alerts/A-2/acknowledge", based_on=0, request_id="r1").status == 200


def test_conflict(client: Client, hub: WriterHub) -> None:
    """Who was first, when, and the alert as it is now."""
    client.post("/v1/alerts/A-1/acknowledge", based_on=0, request_id="r1")
    hub.time += 4
    late = client.post("/v1/alerts/A-1/acknowledge", based_on=0, request_id="r2")
    assert late.status == 409
    assert late.document["code"] == "conflict"
    assert late.document["message"] == f"{ME} took this 4 s ago"
    assert late.document["current"]["version"] == 1
    closing = client.post("/v1/alerts/A-1/close", based_on=0, request_id="r3", disposition="benign")
    assert closing.document["message"] == f"{ME} took this 4 s ago"


def test_conflict_at_the_same_version(client: Client) -> None:
    """What the alert as it is does not take is a conflict too."""
    client.post("/v1/alerts/A-1/close", based_on=0, request_id="r1", disposition="benign")
    again = client.post("/v1/alerts/A-1/acknowledge", based_on=1, request_id="r2")
    assert (again.status, again.document["message"]) == (409, "A-1 is closed")


def test_one_of_many_wins(client: Client) -> None:
    """Clients that race for one alert: one has it, each other is told who."""

    def take(number: int) -> Answer:
        return Client(client.path).post("/v1/alerts/A-1/acknowledge", based_on=0, request_id=f"r{number}")

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(take, range(8)))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 7
    assert {answer.document["message"] for answer in answers if answer.status == 409} == {
        f"{ME} took this 0 s ago"
    }
    assert len(history(client, "A-1")) == 2


@pytest.mark.parametrize(
    ("action", "document", "said"),
    [
        ("acknowledge", {}, "based_on"),
        ("acknowledge", {"based_on": "0", "request_id": "r"}, "based_on"),
        ("acknowledge", {"based_on": True, "request_id": "r"}, "based_on"),
        ("acknowledge", {"based_on": -1, "request_id": "r"}, "based_on"),
        ("acknowledge", {"based_on": 2**70, "request_id": "r"}, "based_on"),
        ("acknowledge", {"based_on": 0}, "request_id"),
        ("acknowledge", {"based_on": 0, "request_id": "r" * 101}, "request_id"),
        ("acknowledge", {"based_on": 0, "request_id": 7}, "request_id"),
        ("acknowledge", {"based_on": 0, "request_id": "r", "owner": "x"}, "unknown field"),
        ("acknowledge", {"based_on": 0, "request_id": "r", "note": ["x"]}, "note"),
        ("close", {"based_on": 0, "request_id": "r"}, "disposition"),
        ("close", {"based_on": 0, "request_id": "r", "disposition": "gone"}, "true-positive"),
        ("note", {"based_on": 0, "request_id": "r", "note": " "}, "text"),
    ],
)
def test_not_understood(asked: Client, action: str, document: dict[str, Any], said: str) -> None:
    """A request that is wrong in itself is 400 and changes nothing."""
    answer = asked.post(f"/v1/alerts/A-1/{action}", **document)
    assert answer.status == 400
    assert said in answer.document["message"]
    assert asked.get("/v1/alerts/A-1").document["version"] == 0


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff", b"[" * 60_000, b'{"a":' * 10_000, b'{"based_on": NaN}', b'"\\ud800"']
)
def test_not_an_object(asked: Client, body: bytes) -> None:
    """Broken, endless or deep JSON is 400."""
    answer = asked.ask("POST", "/v1/alerts/A-1/acknowledge", body)
    assert (answer.status, answer.document["code"]) == (400, "bad_request")


def test_unstorable_text(client: Client) -> None:
    """A lone surrogate is kept as a question mark, not as an error."""
    body = b'{"based_on": 0, "request_id": "\\udc00", "note": "x\\ud800y"}'
    assert client.ask("POST", "/v1/alerts/A-1/note", body).status == 200
    assert history(client, "A-1")[-1]["reason"] == "x?y"


def test_unknown_alert(asked: Client) -> None:
    """404."""
    assert asked.post("/v1/alerts/A-99/acknowledge", based_on=0, request_id="r").status == 404
