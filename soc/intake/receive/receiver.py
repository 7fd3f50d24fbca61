"""The receiving loop: one thread, epoll, and sockets drained before it looks again."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Sequence

from soc.intake.receive.connections import Connections, Limits
from soc.intake.receive.counters import BACKLOG, EMPTY, SOCKET_BUFFER, SPOOL_FULL, Counters
from soc.intake.receive.encoder import Encoder
from soc.intake.receive.sink import Sink
from soc.intake.receive.sockets import kernel_drops
from soc.spool.raw import MAXIMUM_PAYLOAD_BYTES

_DATAGRAMS_PER_TURN = 512
_TICK_SECONDS = 1.0
_HELD_SECONDS = 0.1
_MAXIMUM_DRAIN_TURNS = 64  # at the end: what had come before, not what keeps coming


class Receiver:
    """Takes messages from the sockets into the sink until `stop` is readable.

    Each second `tick` is called. While nothing can be stored, datagrams are read and counted as dropped;
    TCP connections are left unread, so that their senders hold what they have.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        sink: Sink,
        encoder: Encoder,
        counters: Counters,
        limits: Limits,
        monotonic: Callable[[], float],
    ) -> None:
        self._epoll = select.epoll()
        self._sink = sink
        self._encoder = encoder
        self._counters = counters
        self._udp_limit = min(limits.udp_message_bytes, MAXIMUM_PAYLOAD_BYTES)
        self._monotonic = monotonic
        self._datagram = {sock.fileno(): sock for sock in sockets if sock.type == socket.SOCK_DGRAM}
        self._listening = {sock.fileno(): sock for sock in sockets if sock.type == socket.SOCK_STREAM}
        self._connections = Connections(limits, counters, encoder, monotonic, self._watch, self._unwatch)
        self._held = False
        self._kernel_drops_before = kernel_drops(list(self._datagram.values())) or 0
        for sock in sockets:
            sock.setblocking(False)
            self._watch(sock.fileno())

    def run(self, stop: int, tick: Callable[[], None]) -> None:
        self._epoll.register(stop, select.EPOLLIN)
        due = self._monotonic()
        while True:
            for descriptor, _ in self._epoll.poll(_HELD_SECONDS if self._held else _TICK_SECONDS):
                if descriptor == stop:
                    self._finish()
                    return
                self._handle(descriptor)
            self._encoder.flush()
            self._hold(not self._sink.accepting)
            if self._monotonic() >= due:
                due = self._monotonic() + _TICK_SECONDS
                if not self._held:
                    self._connections.close_silent()
                self.count_kernel_drops()
                tick()

    def count_kernel_drops(self) -> None:
        dropped = kernel_drops(list(self._datagram.values()))
        if dropped is not None and dropped > self._kernel_drops_before:
            self._counters.dropped[SOCKET_BUFFER] = dropped - self._kernel_drops_before

    def _handle(self, descriptor: int) -> None:
        if sock := self._datagram.get(descriptor):
            self._drain(sock)
        elif listener := self._listening.get(descriptor):
            self._connections.accept(listener)
        else:
            self._connections.read(descriptor)

    def _drain(self, sock: socket.socket) -> bool:
        """Up to a turn's datagrams; whether there may be more."""
        limit = self._udp_limit
        size = limit + 1
        receive, add = sock.recvfrom, self._encoder.add
        reason = "" if self._sink.accepting else SPOOL_FULL if self._sink.blocked else BACKLOG
        for _ in range(_DATAGRAMS_PER_TURN):
            try:
                payload, name = receive(size)
            except OSError:  # none left; an ICMP error of an earlier answer is none of ours
                return False
            if reason:
                self._counters.dropped[reason] += 1
                continue
            truncated = len(payload) > limit
            if payload := payload[:limit].rstrip(b"\r\n\0"):
                add("udp", name[0], payload, truncated)
            else:
                self._counters.dropped[EMPTY] += 1
        return True

    def _hold(self, held: bool) -> None:
        """Leave connections unread while nothing can be stored."""
        if held == self._held:
            return
        self._held = held
        events = 0 if held else select.EPOLLIN
        for descriptor in (*self._listening, *self._connections.descriptors()):
            self._epoll.modify(descriptor, events)
        if not held:
            self._connections.heard_now()

    def _finish(self) -> None:
        """Take what had come when we were told to stop."""
        for sock in self._datagram.values():
            for _ in range(_MAXIMUM_DRAIN_TURNS):
                if not self._drain(sock):
                    break
        if not self._held:
            self._connections.close_all()
        self._encoder.flush()
        self._epoll.close()

    def _watch(self, descriptor: int) -> None:
        self._epoll.register(descriptor, select.EPOLLIN)

    def _unwatch(self, descriptor: int) -> None:
        self._epoll.unregister(descriptor)
