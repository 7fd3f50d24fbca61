"""Connections that stay open between runs: few enough, looked at before use, closed in time."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass

from soc.collect.port import ResolvedCredential
from soc.collect.ssh.client import Client
from soc.collect.ssh.connection import Endpoint
from soc.collect.ssh.jumps import Jumps


@dataclass(slots=True)
class Connection:
    """An authenticated connection and what it was made with."""

    client: Client
    endpoint: Endpoint
    credential: ResolvedCredential
    via: tuple[str, ...] = ()  # names of the jump hosts, the first one first
    jump: Client | None = None  # the connection to the last of them
    opened: float = 0.0  # time.monotonic() seconds
    used: float = 0.0

    def end(self) -> None:
        self.client.end()


class Kept:
    """By device. When it is full, newcomers are not kept: what is kept then is used again and again."""

    def __init__(
        self,
        *,
        count: int = 512,  # a thread and some 100 KB each
        per_host: int = 8,  # devices behind one address and port
        per_jump: int = 128,  # devices behind one jump host, whose sshd has a file open for each
        idle_seconds: float = 660.0,  # longer than the interval of what is asked most
        age_seconds: float = 3600.0,  # an account that was taken away loses its connection at last
    ) -> None:
        self._count = count
        self._per_host = per_host
        self._per_jump = per_jump
        self._idle_seconds = idle_seconds
        self._age_seconds = age_seconds
        self.jumps = Jumps(idle_seconds, age_seconds)  # kept as well: what is behind them lives through them
        self._lock = threading.Lock()
        self._connections: dict[str, Connection] = {}

    def __len__(self) -> int:
        return len(self._connections)

    def take(self, device: str) -> Connection | None:
        """The device's connection, if there is one that lives; whoever takes it has it alone."""
        with self._lock:
            found = self._connections.pop(device, None)
        if found is not None and not found.client.is_active():
            found.end()
            return None
        return found

    def keep(self, device: str, connection: Connection) -> None:
        """Have it for the next time, or close it."""
        now = time.monotonic()
        connection.used = now
        old: Connection | None = connection
        with self._lock:
            others = [other for other in self._connections.values() if other.via == connection.via]
            hosts = Counter((other.endpoint.address, other.endpoint.port) for other in others)
            if (
                connection.client.is_active()
                and now < connection.opened + self._age_seconds
                and len(self._connections) < self._count
                and hosts[connection.endpoint.address, connection.endpoint.port] < self._per_host
                and (not connection.via or len(others) < self._per_jump)
            ):
                connection.client.guard.rest()
                old = self._connections.pop(device, None)
                self._connections[device] = connection
        if old is not None:
            old.end()

    def sweep(self) -> None:
        """Close what is dead or was not used for long."""
        now = time.monotonic()
        with self._lock:
            gone = [
                name
                for name, connection in self._connections.items()
                if not connection.client.is_active()
                or now >= connection.used + self._idle_seconds
                or now >= connection.opened + self._age_seconds
            ]
            ended = [self._connections.pop(name) for name in gone]
        for connection in ended:
            connection.end()
        self.jumps.sweep()

    def close(self) -> None:
        """Close all."""
        with self._lock:
            ended, self._connections = list(self._connections.values()), {}
        for connection in ended:
            connection.end()
        self.jumps.close()
