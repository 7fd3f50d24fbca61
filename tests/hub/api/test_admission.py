"""Who may do what, and how much of it."""

from __future__ import annotations

import asyncio
import http.client
import os
import pwd
import socket
from concurrent.futures import Future
from pathlib import Path

import pytest

from soc.hub.api.limits import Limits
from soc.hub.api.peers import Peer
from soc.hub.api.refusals import Refusals
from soc.hub.port import HubBusyError
from soc.inventory import Role
from soc.model import Event
from tests.support.hub import ServedHub, WriterHub
from tests.support.unix_http import Client, UnixConnection

ME = pwd.getpwuid(os.geteuid()).pw_name


def test_without_roles_the_hubs_own_user_is_admin(asked: Client) -> None:
    """A private hub needs no configuration."""
    assert asked.get("/v1/status").document["you"] == {"uid": os.geteuid(), "name": ME, "role": "admin"}


def test_a_viewer_reads_only(client: Client, hub: WriterHub, recorded: list[Event]) -> None:
    """Every action is refused, and recorded with who, what and by which program."""
    hub.set_roles({"viewer": Role(users=(ME,))})
    assert client.get("/v1/alerts").status == 200
    for action in ("acknowledge", "close", "note"):
        answer = client.post(f"/v1/alerts/A-1/{action}", based_on=0, request_id="r")
        assert (answer.status, answer.document["code"]) == (403, "forbidden")
        assert "analyst" in answer.document["message"]
    assert [event.fields["action"] for event in recorded] == [
        "acknowledge an alert", "close an alert", "note on an alert",
    ]  # fmt: skip
    hub.settle()
    [event] = client.get("/v1/events", filter="product:soc category:api action:note*").document["items"]
    assert (event["service"], event["user"], event["fields"]["uid"], event["fields"]["client"]) == (
        "refused", ME, str(os.geteuid()), "console",
    )  # fmt: skip


def test_a_refusal_that_was_not_stored_counts_with_the_next(hub: WriterHub) -> None:
    """The one after it is recorded although a minute has not passed."""
    answers: list[Future[None]] = [Future(), Future(), Future()]
    recorded: list[Event] = []

    def record(event: Event) -> Future[None]:
        recorded.append(event)
        return answers[len(recorded) - 1]

    hub.record = record  # type: ignore[method-assign]
    refusals, peer = Refusals(hub), Peer(4711, "eve", "viewer")
    refusals.record(peer, "close an alert", "api")
    refusals.record(peer, "close an alert", "api")
    answers[0].set_exception(HubBusyError("the queue is full"))
    answers[1].set_result(None)
    hub.time += 1
    for _ in range(2):
        refusals.record(peer, "close an alert", "api")
    hub.time += 59
    refusals.record(peer, "close an alert", "api")
    hub.time += 1
    refusals.record(peer, "close an alert", "api")
    assert [event.fields["attempts"] for event in recorded] == ["1", "3", "3"]


@pytest.mark.parametrize("role", ["analyst", "engineer", "admin"])
def test_analysts_and_above_act(client: Client, hub: WriterHub, role: str) -> None:
    """A higher role has what a lower one has."""
    hub.set_roles({"viewer": Role(), role: Role(users=(ME,))})
    assert client.post("/v1/alerts/A-1/acknowledge", based_on=0, request_id="r").status == 200


def test_an_unlisted_user_sees_nothing(client: Client, hub: WriterHub, recorded: list[Event]) -> None:
    """403 everywhere, even where there is nothing; the same again is recorded once a minute, counted."""
    hub.set_roles({"admin": Role(users=("somebody-else",))})
    for path in ("/v1/status", "/v1/alerts/A-1", "/metrics", "/openapi.json", "/nothing"):
        assert client.get(path).status == 403
    assert len(recorded) == 5
    for _ in range(3):
        assert client.get("/v1/status").status == 403
    assert len(recorded) == 5
    hub.time += 61
    client.get("/v1/status")
    assert recorded[-1].fields["attempts"] == "4"


def test_requests_are_limited(hub: WriterHub, tmp_path: Path) -> None:
    """Over the rate a user gets 429 and is told to wait."""
    with ServedHub(hub, tmp_path / "s", Limits(requests_per_second=0.001, burst_requests=3)) as served:
        client = Client(served.path)
        answers = [client.get("/openapi.json") for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].document["code"] == "rate"


def test_streams_are_limited(hub: WriterHub, tmp_path: Path) -> None:
    """So many streams at a time for one user; one that has ended makes room."""
    with ServedHub(hub, tmp_path / "s", Limits(streams=2)) as served:
        client = Client(served.path)
        with client.stream() as first, client.stream() as second:
            first.until("hello")
            second.until("hello")
            answer = client.get("/v1/stream")
            assert (answer.status, answer.document["code"]) == (429, "too_many")
        served.run(_until_empty(served))
        with client.stream() as third:
            assert third.response.status == 200


async def _until_empty(served: ServedHub) -> None:
    while served.context.stream_counts.total:
        await asyncio.sleep(0.01)


def test_connections_are_limited(hub: WriterHub, tmp_path: Path) -> None:
    """A connection too many is closed; the others go on."""
    with ServedHub(hub, tmp_path / "s", Limits(connections=2)) as served:
        kept = [UnixConnection(served.path) for _ in range(2)]
        for connection in kept:
            connection.request("GET", "/openapi.json")
            connection.getresponse().read()
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            Client(served.path).get("/openapi.json")
        kept[0].request("GET", "/openapi.json")
        assert kept[0].getresponse().status == 200
        for connection in kept:
            connection.close()


@pytest.mark.parametrize("declared", [True, False])
def test_a_large_body_is_refused(asked: Client, declared: bool) -> None:
    """More than 64 KiB is 413, whether its length is declared or not."""
    connection = UnixConnection(asked.path)
    body = b"x" * 70_000
    connection.request(
        "POST", "/v1/alerts/A-1/note", body if declared else iter([body]), encode_chunked=not declared
    )
    response = connection.getresponse()
    assert response.status == 413
    assert b'"too_large"' in response.read()
    connection.close()


def test_a_long_address_is_refused(asked: Client) -> None:
    """414 above 8 KiB."""
    answer = asked.get("/v1/alerts", filter="x" * 9000)
    assert (answer.status, answer.document["code"]) == (414, "too_long")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 60_000 + b"\r\n\r\n",
        b"GET /" + b"y" * 60_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /v1/alerts/A-1/note HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_what_is_not_http(asked: Client, request_bytes: bytes) -> None:
    """400 with a code, and nothing of the parser's insides."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(str(asked.path))
        connection.sendall(request_bytes)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
    assert body == b'{"code":"bad_request","message":"not a request in HTTP/1.1 within the limits"}'
    assert asked.get("/v1/status").status == 200


def test_a_slow_body_is_given_up(hub: WriterHub, tmp_path: Path) -> None:
    """Who announces a body and sends none gets 503."""
    request = b"POST /v1/alerts/A-1/note HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"
    with (
        ServedHub(hub, tmp_path / "s", Limits(request_seconds=0.2)) as served,
        socket.socket(socket.AF_UNIX) as connection,
    ):
        connection.settimeout(20)
        connection.connect(str(served.path))
        connection.sendall(request)
        assert connection.recv(65536).startswith(b"HTTP/1.1 503")


def test_no_traceback_leaves_the_hub(
    client: Client, hub: WriterHub, caplog: pytest.LogCaptureFixture
) -> None:
    """What nobody expected is 500 with one sentence; the log has the rest."""

    def broken() -> None:
        raise RuntimeError("secret insides")

    hub.health = broken  # type: ignore[method-assign, assignment]
    answer = client.get("/v1/status")
    assert (answer.status, answer.document["code"]) == (500, "internal")
    assert b"insides" not in answer.body
    assert "insides" in caplog.text
