"""A stream with a total deadline and a byte cap: whatever the peer does, the session ends."""

from __future__ import annotations

import contextlib
import errno
import math
import socket
import time

import paramiko

_HEAD_BYTES = 64
_ATTENTIVE_SECONDS = 0.1
_RESTING_SECONDS = 60.0


class Guard:
    """What paramiko reads from and writes to: a TCP connection, or a channel through a jump host.

    Its thread polls the stream in short waits; once `deadline` (time.monotonic() seconds) or
    `maximum_bytes` is passed, the next of them raises ConnectionAbortedError, which ends the thread
    and wakes everybody who waits for it. `tripped` then says which: "deadline" or "limit".
    """

    def __init__(self, stream: socket.socket | paramiko.Channel, deadline: float, maximum_bytes: int) -> None:
        self._stream = stream
        self.deadline = deadline
        self.maximum_bytes = maximum_bytes
        self.received = 0
        self.head = b""  # how the peer began
        self.tripped = ""
        stream.settimeout(_ATTENTIVE_SECONDS)

    def rest(self) -> None:
        """Until `wake` nothing is waited for: hundreds of connections are kept, and each poll costs."""
        self.deadline = math.inf
        self._wait(_RESTING_SECONDS)

    def wake(self, deadline: float, maximum_bytes: int) -> None:
        """From now on at most so many bytes more, until `deadline`."""
        self.deadline, self.maximum_bytes = deadline, self.received + maximum_bytes
        self._wait(_ATTENTIVE_SECONDS)

    def _wait(self, seconds: float) -> None:
        with contextlib.suppress(OSError):  # closed: whoever reads next finds out
            self._stream.settimeout(seconds)

    def _check(self) -> None:
        if time.monotonic() >= self.deadline:
            self.tripped = self.tripped or "deadline"
        elif self.received > self.maximum_bytes:
            self.tripped = self.tripped or "limit"
        if self.tripped:
            raise ConnectionAbortedError(errno.ECONNABORTED, self.tripped)

    def recv(self, size: int) -> bytes:
        self._check()
        data = self._stream.recv(size)
        self.received += len(data)
        if len(self.head) < _HEAD_BYTES:
            self.head = (self.head + data)[:_HEAD_BYTES]
        return data

    def send(self, data: bytes) -> int:
        self._check()
        return self._stream.send(data)

    def settimeout(self, seconds: float) -> None:
        """Ours alone to decide."""

    @property
    def _closed(self) -> bool:
        """What paramiko asks of a socket."""
        return bool(self._stream._closed)  # type: ignore[union-attr]

    def close(self) -> None:
        if isinstance(self._stream, socket.socket):
            with contextlib.suppress(OSError):
                # Wakes a thread that waits in recv; close alone would leave it there for its timeout.
                self._stream.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            self._stream.close()
