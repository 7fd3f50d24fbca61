"""soc.hub.heartbeat, against a real HTTP server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

from soc.hub.heartbeat import beat
from soc.inventory import Heartbeat, Secret

TOKEN = "s3cret-token"


class Receiver(BaseHTTPRequestHandler):
    paths: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.paths.append(self.path)
        self.send_response({"/moved": 302, "/broken": 500}.get(self.path.partition("?")[0], 200))
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    Receiver.paths.clear()
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def heartbeat(url: str) -> Heartbeat:
    return Heartbeat(Secret("literal", url), 300.0)


def test_sign_of_life_arrives(address: str) -> None:
    """One GET of the URL; nothing to tell."""
    assert beat(heartbeat(f"{address}/beat?{TOKEN}")) == ""
    assert Receiver.paths == [f"/beat?{TOKEN}"]


@pytest.mark.parametrize(("path", "said"), [("/moved", "302"), ("/broken", "500")])
def test_refusal_is_told_without_the_address(address: str, path: str, said: str) -> None:
    """What the receiver answers is told, where it is and with which token is not; nobody is followed."""
    told = beat(heartbeat(f"{address}{path}?{TOKEN}"))
    assert said in told
    assert TOKEN not in told
    assert len(Receiver.paths) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "file:///etc/passwd", "http://[::/", "http://a b/"])
def test_what_does_not_arrive_is_told_without_the_address(url: str) -> None:
    """Nobody there, another scheme, no address at all: a sentence, no exception."""
    told = beat(heartbeat(f"{url}{TOKEN}"))
    assert told
    assert TOKEN not in told


def test_unresolved_secret_names_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that is not there names what was looked for."""
    monkeypatch.delenv("SOC_TEST_BEAT", raising=False)
    assert "SOC_TEST_BEAT" in beat(Heartbeat(Secret("env", "SOC_TEST_BEAT"), 300.0))
