"""A socket with a total deadline and a byte cap: whatever the peer does, the session ends."""

from __future__ import annotations

import contextlib
import errno
import math
import socket
import time

_HEAD_BYTES = 64


class GuardedSocket(socket.socket):
    """What paramiko reads from and writes to.

    Its thread polls the socket in short waits; once `deadline` (time.monotonic() seconds) or
    `maximum_bytes` is passed, the next of them raises ConnectionAbortedError, which ends the thread
    and wakes everybody who waits for it. `tripped` then says which: "deadline" or "limit".
    """

    def __init__(self, family: int, kind: int, protocol: int) -> None:
        super().__init__(family, kind, protocol)
        self.deadline = math.inf
        self.maximum_bytes = 0
        self.received = 0
        self.head = b""  # how the peer began
        self.tripped = ""

    def _check(self) -> None:
        if time.monotonic() >= self.deadline:
            self.tripped = self.tripped or "deadline"
        elif self.received > self.maximum_bytes:
            self.tripped = self.tripped or "limit"
        if self.tripped:
            raise ConnectionAbortedError(errno.ECONNABORTED, self.tripped)

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        self._check()
        data = super().recv(bufsize, flags)
        self.received += len(data)
        if len(self.head) < _HEAD_BYTES:
            self.head = (self.head + data)[:_HEAD_BYTES]
        return data

    def send(self, data: bytes, flags: int = 0, /) -> int:  # type: ignore[override]
        self._check()
        return super().send(data, flags)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            # Wakes a thread that waits in recv; close alone would leave it there for its timeout.
            self.shutdown(socket.SHUT_RDWR)
        super().close()
