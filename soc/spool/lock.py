"""Lock files of the data directory: flock, holding pid, command and start of the holder.

The kernel drops the lock when its holder ends, however it ends; the text is only for people.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from soc.model import LockHeldError
from soc.model.text import clean

_RETRY_SECONDS = 0.05
_MAXIMUM_TEXT_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, as its holder wrote it."""

    pid: int
    command: str
    started: float  # UTC seconds

    def __str__(self) -> str:
        started = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(self.started))
        return f"pid {self.pid} ({self.command}, since {started})"


def _read_holder(descriptor: int) -> Holder | None:
    try:
        document = json.loads(os.pread(descriptor, _MAXIMUM_TEXT_BYTES, 0))
        return Holder(int(document["pid"]), clean(str(document["command"]), 200), float(document["started"]))
    except (ValueError, KeyError, TypeError):
        return None


def holder(path: Path) -> Holder | None:
    """Who holds the lock now; None when it is free."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read_holder(descriptor) or Holder(0, "unknown", 0.0)
        return None
    finally:
        os.close(descriptor)


@contextmanager
def acquire(path: Path, wait_seconds: float, command: str) -> Iterator[None]:
    """Hold the lock at `path` for the block.

    Tries for `wait_seconds` (0 = once); raises LockHeldError, naming the holder, when it stays taken.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait(descriptor, path, wait_seconds)
        text = json.dumps({"pid": os.getpid(), "command": command, "started": time.time()})
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int, path: Path, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                owner = _read_holder(descriptor) or "another process"
                raise LockHeldError(f"{path.name} is held by {owner}; nothing is lost, try again") from None
        time.sleep(_RETRY_SECONDS)
