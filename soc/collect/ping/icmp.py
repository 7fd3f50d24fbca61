"""Echo requests over ICMP datagram sockets (icmp(7), RFC 792, RFC 4443): one per address family."""

from __future__ import annotations

import contextlib
import heapq
import os
import select
import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

INTERVAL_SECONDS = 0.2  # between requests to one address; iputils' least for users
WAIT_SECONDS = 2.0  # for the last reply
_SPACING_SECONDS = 0.001  # between any two first requests: a burst would lose replies here, not there
_HEADER = struct.Struct("!BBHHH")  # type, code, checksum, identifier, sequence number
# Protocol, echo request, echo reply.
_FAMILIES = {
    socket.AF_INET: (socket.IPPROTO_ICMP, 8, 0),
    socket.AF_INET6: (socket.IPPROTO_ICMPV6, 128, 129),
}


@dataclass(slots=True)
class Echoes:
    """What came of the requests to one address. `error` says why none could be sent."""

    address: str
    sent: int = 0
    round_trips_seconds: list[float] = field(default_factory=list)
    error: str = ""
    done: bool = False


def open_socket(family: socket.AddressFamily) -> socket.socket:
    """Raises OSError where the kernel does not allow it (net.ipv4.ping_group_range, both families)."""
    opened = socket.socket(family, socket.SOCK_DGRAM, _FAMILIES[family][0])
    opened.setblocking(False)
    with contextlib.suppress(OSError):
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    return opened


def exchange(
    addresses: Sequence[str], count: int, deadline: float, on_done: Callable[[int, Echoes], None]
) -> None:
    """Send `count` requests to each numeric address; `on_done(position, echoes)` as each is settled.

    Those that `deadline` (time.monotonic() seconds) cuts are settled with what has come by then.
    """
    exchanging = _Exchange(addresses, count, on_done)
    try:
        exchanging.run(deadline)
    finally:
        exchanging.close()


class _Exchange:
    def __init__(self, addresses: Sequence[str], count: int, on_done: Callable[[int, Echoes], None]) -> None:
        self._count = count
        self._on_done = on_done
        self._echoes = [Echoes(address) for address in addresses]
        self._sockets: dict[socket.AddressFamily, socket.socket | OSError] = {}
        self._token = os.urandom(8)  # replies are ours by this, whoever else pings
        self._outstanding: dict[int, tuple[int, float]] = {}  # sequence number -> position, sent at
        self._sequence = 0
        self._open = len(addresses)
        now = time.monotonic()
        # (time, position, requests sent before); the entry after the last request ends the wait.
        self._agenda = [(now + place * _SPACING_SECONDS, place, 0) for place in range(len(addresses))]

    def close(self) -> None:
        for opened in self._sockets.values():
            if isinstance(opened, socket.socket):
                opened.close()

    def run(self, deadline: float) -> None:
        while self._open and (now := time.monotonic()) < deadline:
            while self._agenda and self._agenda[0][0] <= now:
                self._act(*heapq.heappop(self._agenda))
            if self._open:
                next_time = min(deadline, self._agenda[0][0]) if self._agenda else deadline
                self._receive(max(0.0, next_time - time.monotonic()))
        for position in range(len(self._echoes)):
            self._settle(position)

    def _act(self, when: float, position: int, sent_before: int) -> None:
        echoes = self._echoes[position]
        if echoes.done:
            return
        if sent_before == self._count:
            self._settle(position)
            return
        self._send(position, echoes)
        pause = INTERVAL_SECONDS
        if sent_before + 1 == self._count:
            pause = WAIT_SECONDS if echoes.sent else 0.0
        heapq.heappush(self._agenda, (when + pause, position, sent_before + 1))

    def _settle(self, position: int) -> None:
        echoes = self._echoes[position]
        if not echoes.done:
            echoes.done = True
            self._open -= 1
            self._on_done(position, echoes)

    def _send(self, position: int, echoes: Echoes) -> None:
        family = socket.AF_INET6 if ":" in echoes.address else socket.AF_INET
        self._sequence = (self._sequence + 1) & 0xFFFF
        request = _HEADER.pack(_FAMILIES[family][1], 0, 0, 0, self._sequence) + self._token
        try:
            sent_at = time.monotonic()
            self._socket(family).sendto(request, (echoes.address, 0))
        except OSError as error:
            echoes.error = error.strerror or str(error)
            return
        echoes.sent += 1
        self._outstanding[self._sequence] = (position, sent_at)

    def _socket(self, family: socket.AddressFamily) -> socket.socket:
        if family not in self._sockets:
            try:
                self._sockets[family] = open_socket(family)
            except OSError as error:
                self._sockets[family] = error
        found = self._sockets[family]
        if isinstance(found, OSError):
            raise found
        return found

    def _receive(self, seconds: float) -> None:
        opened = [item for item in self._sockets.values() if isinstance(item, socket.socket)]
        readable, _, _ = select.select(opened, [], [], seconds)
        for item in readable:
            # An error queued for some address (unreachable) ends this round, not the exchange.
            with contextlib.suppress(OSError):
                while True:
                    data, source = item.recvfrom(2048)
                    self._note(item.family, data, source[0])

    def _note(self, family: int, data: bytes, source: str) -> None:
        now = time.monotonic()
        if len(data) < _HEADER.size or data[_HEADER.size :] != self._token:
            return
        kind, _, _, _, sequence = _HEADER.unpack_from(data)
        position, sent_at = self._outstanding.get(sequence, (-1, 0.0))
        if position < 0 or kind != _FAMILIES[socket.AddressFamily(family)][2]:
            return
        echoes = self._echoes[position]
        if source.partition("%")[0] != echoes.address.partition("%")[0]:
            return
        del self._outstanding[sequence]
        echoes.round_trips_seconds.append(now - sent_at)
        if len(echoes.round_trips_seconds) == self._count:
            self._settle(position)
