"""Server-sent events to real clients."""

from __future__ import annotations

import asyncio
import os
import pwd
import threading
from pathlib import Path

from soc.hub.api.limits import Limits
from soc.hub.api.meter import Meter
from soc.hub.api.streams import Subscription
from soc.hub.port import News
from soc.inventory import Role
from tests.support.hub import ServedHub, WriterHub
from tests.support.unix_http import Client

ME = pwd.getpwuid(os.geteuid()).pw_name


def test_hello_then_status(client: Client) -> None:
    """First who one is, then each second how all is."""
    with client.stream() as stream:
        events = iter(stream)
        name, hello = next(events)
        assert (name, hello["you"]["name"]) == ("hello", ME)
        name, status = next(events)
        assert (name, status["devices"]["total"]) == ("status", 5)
        assert status["hub"]["running"] is True


def test_a_changed_alert_is_told(client: Client) -> None:
    """Every stream gets the alert as it is after an action."""
    with client.stream() as first, client.stream() as second:
        first.until("hello")
        second.until("hello")
        done = client.post("/v1/alerts/A-1/acknowledge", based_on=0, request_id="r").document
        assert first.until("alert") == done
        assert second.until("alert") == done


def test_a_changed_device_is_told(client: Client, hub: WriterHub) -> None:
    """News of a device come as lists have it."""
    with client.stream() as stream:
        stream.until("hello")
        hub.write(lambda _: None, News(devices=frozenset({"sw-2", "gone"})))
        assert stream.until("device") == client.get("/v1/devices", filter="device:sw-2").document["items"][0]


def test_too_much_news_is_not_told_one_by_one(client: Client, hub: WriterHub) -> None:
    """Clients read their lists again instead."""
    with client.stream() as stream:
        stream.until("hello")
        hub.write(lambda _: None, News(alerts=frozenset(map(str, range(1000)))))
        assert stream.until("reread") == {"reason": "many", "dropped": 1000}


def test_heartbeat(hub: WriterHub, tmp_path: Path) -> None:
    """Silence is filled with comments, which clients skip."""
    with (
        ServedHub(hub, tmp_path / "s", Limits(heartbeat_seconds=0.01)) as served,
        Client(served.path).stream() as stream,
    ):
        assert any(stream.response.readline() == b": heartbeat\n" for _ in range(100))


def test_a_lost_role_ends_the_stream(client: Client, hub: WriterHub) -> None:
    """Who has no role any more sees no more."""
    with client.stream() as stream:
        stream.until("hello")
        hub.set_roles({"viewer": Role(users=("somebody-else",))})
        assert len(list(stream)) <= 2


def test_stopping_ends_streams(hub: WriterHub, tmp_path: Path) -> None:
    """A hub that stops does not wait for its clients."""
    ended = threading.Event()

    def follow(client: Client) -> None:
        with client.stream() as stream:
            for _ in stream:
                started.set()
        ended.set()

    started = threading.Event()
    with ServedHub(hub, tmp_path / "s") as served:
        reader = threading.Thread(target=follow, args=(Client(served.path),))
        reader.start()
        assert started.wait(20)
    assert ended.wait(20)
    reader.join()
    assert not served.path.exists()


def test_slow_clients_are_told_to_read_again() -> None:
    """What overflows a client's queue is dropped for one event that says so."""

    async def overflow() -> bytes:
        subscription = Subscription(3, meter)
        for number in range(5):
            subscription.put(b"%d;" % number)
        return await subscription.take(1)

    meter = Meter()
    assert asyncio.run(overflow()) == b'event: reread\ndata: {"reason":"slow","dropped":3}\n\n3;4;'
    assert meter.stream_rereads == 1


def test_a_client_that_never_reads_is_cut(hub: WriterHub, tmp_path: Path) -> None:
    """Its connection ends, and nobody else waits for it."""
    with ServedHub(hub, tmp_path / "s", Limits(stream_write_seconds=0.2)) as served:
        client = Client(served.path)
        with client.stream():
            served.run(_flood_until_empty(served))
        assert client.get("/v1/status").status == 200


async def _flood_until_empty(served: ServedHub) -> None:
    while len(served.context.streams):
        served.context.streams.publish([b": " + b"x" * 100_000 + b"\n\n"])
        await asyncio.sleep(0.01)
