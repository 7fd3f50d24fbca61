"""Serve many agents from one process: a UDP socket for each device's own address, one epoll loop."""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Callable, Mapping

from soc.demo.agent import Agent

_MAXIMUM_DATAGRAM = 65535
_BATCH = 32  # datagrams of one socket before the others get their turn
Endpoint = tuple[str, int]


class AgentServer:
    """Agents by endpoint. Each address is bound explicitly: a wildcard would answer for all of 127/8.

    Raises OSError when an endpoint cannot be bound.
    """

    def __init__(self, agents: Mapping[Endpoint, Agent]) -> None:
        self._poll = select.epoll()
        self._sockets: dict[int, tuple[socket.socket, Agent]] = {}
        try:
            for endpoint, agent in agents.items():
                udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                self._sockets[udp.fileno()] = (udp, agent)
                udp.setblocking(False)
                udp.bind(endpoint)
                self._poll.register(udp, select.EPOLLIN)
        except OSError:
            self.close()
            raise

    @property
    def endpoints(self) -> list[Endpoint]:
        return [udp.getsockname() for udp, _ in self._sockets.values()]

    def serve(self, stop_descriptor: int, clock: Callable[[], float]) -> None:
        """Answer until `stop_descriptor` is readable or at its end."""
        self._poll.register(stop_descriptor, select.EPOLLIN | select.EPOLLHUP)
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == stop_descriptor:
                    self._poll.unregister(stop_descriptor)
                    return
                self._answer(*self._sockets[descriptor], clock())

    @staticmethod
    def _answer(udp: socket.socket, agent: Agent, time: float) -> None:
        # A peer that went away leaves its ICMP error on the socket; the datagram after it is fine.
        with contextlib.suppress(BlockingIOError, ConnectionError):
            for _ in range(_BATCH):
                datagram, peer = udp.recvfrom(_MAXIMUM_DATAGRAM)
                response = agent.respond(datagram, time)
                if response is not None:
                    udp.sendto(response, peer)

    def close(self) -> None:
        for udp, _ in self._sockets.values():
            udp.close()
        self._sockets.clear()
        self._poll.close()
