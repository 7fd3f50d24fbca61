"""soc.intake.receive.connections: real sockets, a clock in the test's hand."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from soc.intake.receive.connections import Connections, Limits
from soc.intake.receive.counters import Counters
from soc.intake.receive.encoder import Encoder
from soc.intake.receive.sink import Chunk
from soc.intake.receive.sockets import Endpoint, bind
from soc.spool.raw import Frame, RawHeader, encode_header, read_raw


class Server:
    """Connections over a listening socket, and what they took."""

    def __init__(self, limits: Limits) -> None:
        self.time = 1000.0
        self.counters = Counters()
        self.chunks: list[Chunk] = []
        self.watched: set[int] = set()
        self.encoder = Encoder(7, self.counters, lambda: 1_700_000_000.0, self.chunks.append)
        self.connections = Connections(
            limits, self.counters, self.encoder, lambda: self.time, self.watched.add, self.watched.remove
        )
        self.listener = bind(Endpoint("tcp", "127.0.0.1", 0))
        self.clients: list[socket.socket] = []

    def connect(self, sent: bytes = b"") -> socket.socket:
        """A client whose connection was taken (or refused) and whose bytes were read."""
        client = socket.create_connection(self.listener.getsockname(), timeout=10)
        self.clients.append(client)
        self.connections.accept(self.listener)
        if sent:
            self.send(client, sent)
        return client

    def send(self, client: socket.socket, sent: bytes) -> None:
        client.sendall(sent)
        self.read()

    def read(self) -> None:
        """Read every connection that has something."""
        readable, _, _ = select.select(list(self.watched), [], [], 10)
        for descriptor in readable:
            self.connections.read(descriptor)

    def frames(self, directory: Path) -> list[Frame]:
        self.encoder.flush()
        path = directory / "x.raw"
        header = encode_header(RawHeader("x", "test", "local", 0.0, 1, 7))
        path.write_bytes(header + b"".join(chunk.frames for chunk in self.chunks))
        return read_raw(path).frames

    def close(self) -> None:
        for client in self.clients:
            client.close()
        self.connections.close_all()
        self.listener.close()


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    server = Server(getattr(request, "param", Limits()))
    yield server
    server.close()


def test_messages_carry_their_sender(server: Server, tmp_path: Path) -> None:
    """A message in two halves of one connection, another connection's between them."""
    first = server.connect(b"<13>on")
    server.connect(b"<13>other\n")
    server.send(first, b"e\n")
    taken = [(frame.payload, frame.transport, frame.source) for frame in server.frames(tmp_path)]
    assert taken == [(b"<13>other", "tcp", "127.0.0.1"), (b"<13>one", "tcp", "127.0.0.1")]
    assert server.counters.received["tcp"] == 2


def test_the_end_of_a_connection_ends_its_last_message(server: Server, tmp_path: Path) -> None:
    """Nothing that came is lost with the connection, which is forgotten."""
    client = server.connect(b"<13>last")
    client.close()
    server.read()
    assert [frame.payload for frame in server.frames(tmp_path)] == [b"<13>last"]
    assert server.watched == set()
    assert server.counters.connections == 0


def test_a_reset_is_an_end(server: Server, tmp_path: Path) -> None:
    """A sender that vanishes harms nobody; its unfinished message is kept."""
    client = server.connect(b"<13>half")
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
    server.read()
    assert [frame.payload for frame in server.frames(tmp_path)] == [b"<13>half"]
    assert server.watched == set()


@pytest.mark.parametrize("server", [Limits(connections=2)], indirect=True)
def test_connections_are_capped(server: Server) -> None:
    """One more than may be is refused and counted; when one ends there is room again."""
    first = server.connect()
    server.connect()
    assert server.connect().recv(1) == b""
    assert server.counters.connections_refused == {"total": 1}
    first.close()
    server.read()
    server.connect()
    assert server.counters.connections == 2


@pytest.mark.parametrize("server", [Limits(connections_per_source=1)], indirect=True)
def test_connections_of_one_source_are_capped(server: Server) -> None:
    """One sender cannot take every connection."""
    server.connect()
    assert server.connect().recv(1) == b""
    assert server.counters.connections_refused == {"per-source": 1}


@pytest.mark.parametrize("server", [Limits(idle_seconds=100, unfinished_seconds=10)], indirect=True)
def test_silent_connections_are_closed(server: Server, tmp_path: Path) -> None:
    """Half a message does not wait for its end as long as an idle connection may."""
    half = server.connect(b"<13>half")
    idle = server.connect(b"<13>whole\n")
    server.time += 11
    server.connections.close_silent()
    assert half.recv(1) == b""
    assert server.counters.connections == 1
    server.time += 90
    server.connections.close_silent()
    assert idle.recv(1) == b""
    assert server.counters.connections_closed == {"unfinished": 1, "idle": 1}
    assert [frame.payload for frame in server.frames(tmp_path)] == [b"<13>whole", b"<13>half"]


@pytest.mark.parametrize("server", [Limits(idle_seconds=100)], indirect=True)
def test_time_in_which_we_did_not_read_does_not_count(server: Server) -> None:
    """Senders held while the spool was full are not idle."""
    server.connect(b"<13>x\n")
    server.time += 500
    server.connections.heard_now()
    server.connections.close_silent()
    assert server.counters.connections == 1
