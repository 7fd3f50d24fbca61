"""Syslog over TCP: connections, their caps and their time limits."""

from __future__ import annotations

import errno
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from soc.intake.receive.counters import Counters
from soc.intake.receive.encoder import Encoder
from soc.intake.receive.framing import Framer

_READ_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Limits:
    """What one sender and all together may take."""

    udp_message_bytes: int = 8_192
    tcp_message_bytes: int = 65_536
    connections: int = 1_024
    connections_per_source: int = 64
    idle_seconds: float = 3_600.0  # senders keep connections open between bursts
    unfinished_seconds: float = 60.0  # with a message begun and nothing more coming


@dataclass(slots=True)
class _Connection:
    sock: socket.socket
    address: str
    framer: Framer
    heard: float  # monotonic seconds


class Connections:
    """All open connections, by descriptor. `watch` and `unwatch` are told of each descriptor."""

    def __init__(
        self,
        limits: Limits,
        counters: Counters,
        encoder: Encoder,
        monotonic: Callable[[], float],
        watch: Callable[[int], None],
        unwatch: Callable[[int], None],
    ) -> None:
        self._limits = limits
        self._counters = counters
        self._encoder = encoder
        self._monotonic = monotonic
        self._watch = watch
        self._unwatch = unwatch
        self._open: dict[int, _Connection] = {}
        self._by_source: Counter[str] = Counter()

    def descriptors(self) -> list[int]:
        return list(self._open)

    def accept(self, listener: socket.socket) -> None:
        """Take one waiting connection, or refuse it where a cap is reached."""
        try:
            sock, name = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS):
                self._counters.connections_refused["no-descriptors"] += 1
                self._close_longest_silent()
            return
        address = str(name[0])
        reason = ""
        if len(self._open) >= self._limits.connections:
            reason = "total"
        elif self._by_source[address] >= self._limits.connections_per_source:
            reason = "per-source"
        if reason:
            self._counters.connections_refused[reason] += 1
            sock.close()
            return
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        framer = Framer(self._limits.tcp_message_bytes)
        self._open[sock.fileno()] = _Connection(sock, address, framer, self._monotonic())
        self._by_source[address] += 1
        self._counters.connections_accepted += 1
        self._counters.connections = len(self._open)
        self._watch(sock.fileno())

    def read(self, descriptor: int) -> None:
        """Take what has come on a connection."""
        connection = self._open.get(descriptor)
        if connection is None:
            return
        try:
            data = connection.sock.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end(descriptor)
            return
        connection.heard = self._monotonic()
        for payload, truncated in connection.framer.feed(data):
            self._encoder.add("tcp", connection.address, payload, truncated)

    def close_silent(self) -> None:
        """End connections over their time; what they sent of a message is kept."""
        now = self._monotonic()
        for descriptor, connection in list(self._open.items()):
            silent = now - connection.heard
            if connection.framer.unfinished and silent > self._limits.unfinished_seconds:
                self._end(descriptor, "unfinished")
            elif silent > self._limits.idle_seconds:
                self._end(descriptor, "idle")

    def heard_now(self) -> None:
        """Count silence from now on: we were not reading."""
        now = self._monotonic()
        for connection in self._open.values():
            connection.heard = now

    def close_all(self) -> None:
        """Take what has already come on each connection and end it."""
        for descriptor in self.descriptors():
            self.read(descriptor)
            if descriptor in self._open:
                self._end(descriptor)

    def _close_longest_silent(self) -> None:
        if self._open:
            self._end(min(self._open, key=lambda descriptor: self._open[descriptor].heard), "no-descriptors")

    def _end(self, descriptor: int, reason: str = "") -> None:
        connection = self._open.pop(descriptor)
        for payload, truncated in connection.framer.end():
            self._encoder.add("tcp", connection.address, payload, truncated)
        self._unwatch(descriptor)
        connection.sock.close()
        self._by_source[connection.address] -= 1
        if not self._by_source[connection.address]:
            del self._by_source[connection.address]
        self._counters.connections = len(self._open)
        if reason:
            self._counters.connections_closed[reason] += 1
