"""How many connections stand to one host at a time."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from soc.collect.ssh.connection import Endpoint
from soc.collect.ssh.failure import SshError


class Slots:
    """At most so many connections to one address and port at a time."""

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._lock = threading.Lock()
        self._semaphores: dict[tuple[object, ...], threading.Semaphore] = {}

    @contextlib.contextmanager
    def hold(self, endpoint: Endpoint, via: tuple[str, ...], deadline: float) -> Iterator[None]:
        """Raises SshError when none became free before `deadline` (time.monotonic() seconds)."""
        with self._lock:
            key = (endpoint.address, endpoint.port, via)
            slot = self._semaphores.setdefault(key, threading.Semaphore(self._per_host))
        if not slot.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise SshError("deadline", f"{endpoint.address}: no free session in time")
        try:
            yield
        finally:
            slot.release()
