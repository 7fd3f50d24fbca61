"""soc.console.client: requests over a Unix socket, and every way in which they can fail."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from soc.console import client as client_module
from soc.console.client import Client
from soc.console.errors import ConflictError, DisconnectedError, ForbiddenError, HubError, RefusedError
from tests.support import console_estate as estate
from tests.support.fake_hub import FakeHub

NOW = 1_700_000_000.0
Reply = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def hub(socket: Path) -> FakeHub:
    return FakeHub(socket, estate.alerts(5, NOW), estate.devices(3, NOW), NOW)


async def error_of(question: Awaitable[object]) -> HubError:
    try:
        await question
    except HubError as error:
        return error
    raise AssertionError("no error")


async def against(socket: Path, reply: Reply, timeout_seconds: float = 10.0) -> HubError:
    """The error of GET /v1/status against a server that answers by `reply`."""
    server = await asyncio.start_unix_server(reply, socket)
    error = await error_of(Client(socket, timeout_seconds=timeout_seconds).get("/v1/status"))
    server.close()
    return error


def test_answers_are_objects(socket: Path) -> None:
    """GET with a query whose text needs escaping; what is empty is left out of it."""

    async def run() -> None:
        async with hub(socket) as fake:
            client = Client(socket)
            answer = await client.get("/v1/alerts", filter="summary:ä&b=c #d", after=None, limit=2)
            assert answer["items"] == []
            assert fake.requests[-1][1] == "/v1/alerts?filter=summary%3A%C3%A4%26b%3Dc+%23d&limit=2"
            assert (await client.get("/v1/status"))["you"]["name"] == "mia"
            client.close()

    asyncio.run(run())


def test_refusals_have_their_type_and_the_hubs_words(socket: Path) -> None:
    """403, 404 and 409 are errors of their own; a conflict carries what the alert is now."""

    async def run() -> None:
        async with hub(socket) as fake:
            client = Client(socket)
            missing = await error_of(client.get("/v1/alerts/none"))
            assert isinstance(missing, RefusedError)
            assert (missing.status, missing.code) == (404, "not-found")
            alert = next(iter(fake.alerts.values()))
            body = {"based_on": 99, "request_id": "r"}
            conflict = await error_of(client.act(alert["id"], "acknowledge", body))
            assert isinstance(conflict, ConflictError)
            assert conflict.current["id"] == alert["id"]
            fake.refuse = lambda method, path: (403, {"code": "forbidden", "message": "no role"})
            assert isinstance(await error_of(client.get("/v1/status")), ForbiddenError)

    asyncio.run(run())


def test_no_hub_there(socket: Path) -> None:
    """A path without a socket, and a socket nobody listens on."""

    async def run() -> None:
        assert "no hub answers at" in str(await error_of(Client(socket).get("/v1/status")))
        async with hub(socket):
            pass
        assert isinstance(await error_of(Client(socket).get("/v1/status")), DisconnectedError)

    asyncio.run(run())


def test_connection_closed_while_idle_is_no_error(socket: Path) -> None:
    """The hub restarts between two requests: the second one goes over a new connection."""

    async def run() -> None:
        fake = hub(socket)
        client = Client(socket)
        async with fake:
            await client.get("/v1/status")
        async with fake:
            assert (await client.get("/v1/status"))["hub"]["pid"] == 4711

    asyncio.run(run())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x16\x03\x01 not http\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnot json!",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000,
    ],
)
def test_broken_answers(socket: Path, answer: bytes) -> None:
    """Nothing, no HTTP, half of it, no object, no JSON, endless headers: a DisconnectedError each."""

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    assert isinstance(asyncio.run(against(socket, reply)), DisconnectedError)


def test_answer_without_bounds(socket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body beyond the limit is not taken in."""
    monkeypatch.setattr("soc.console.http.MAXIMUM_BODY_BYTES", 1000)

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000)
        writer.close()

    assert "larger than" in str(asyncio.run(against(socket, reply)))


def test_hub_that_keeps_silent(socket: Path) -> None:
    """An answer that never comes ends in time and names the question."""

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    assert "did not answer GET /v1/status" in str(asyncio.run(against(socket, reply, timeout_seconds=0.1)))


def test_stream_tells_events_in_order(socket: Path) -> None:
    """What the hub pushes comes out as events; its going ends the stream with an error."""

    async def run() -> None:
        async with hub(socket) as fake:
            names = []

            async def follow() -> None:
                async for event in Client(socket).stream():
                    names.append(event.name)
                    if event.name == "hello":
                        fake.push_alert(id="01J" + "0" * 23, owner="sam")
                        fake.push_device(device=next(iter(fake.devices)), state="down")
                    if event.name == "device":
                        await fake.stop()

            assert isinstance(await error_of(follow()), DisconnectedError)
            assert names == ["hello", "alert", "device"]

    asyncio.run(run())


def test_silent_stream_is_a_loss(socket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that hangs tells no status: after SILENCE_SECONDS the stream counts as lost."""
    monkeypatch.setattr(client_module, "SILENCE_SECONDS", 0.1)

    async def run() -> None:
        async with hub(socket):

            async def follow() -> None:
                async for _ in Client(socket).stream():
                    pass

            assert "kept silent" in str(await error_of(follow()))

    asyncio.run(run())


def test_stream_refused(socket: Path) -> None:
    """Without a role there is no stream either."""

    async def run() -> None:
        async with hub(socket) as fake:
            fake.stream_status = 403

            async def follow() -> None:
                async for _ in Client(socket).stream():
                    pass

            assert isinstance(await error_of(follow()), ForbiddenError)

    asyncio.run(run())
