"""Lock files of the data directory: flock, holding pid, command and start of the holder.

The kernel drops the lock when its holder ends, however it ends; the text is only for people.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from soc.model import ConfigurationError, LockHeldError
from soc.model.text import clean

_RETRY_SECONDS = 0.05
_MAXIMUM_TEXT_BYTES = 4096


def _held(descriptor: int, path: Path) -> LockHeldError:
    """What to raise, with the holder as it wrote itself."""
    owner, pid, command = "another process", 0, ""
    with suppress(ValueError, KeyError, TypeError, OverflowError, OSError):
        document = json.loads(os.pread(descriptor, _MAXIMUM_TEXT_BYTES, 0))
        started = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(float(document["started"])))
        pid, command = int(document["pid"]), clean(str(document["command"]), 200)
        owner = f"pid {pid} ({command}, since {started})"
    return LockHeldError(f"{path.name} is held by {owner}; nothing is lost, try again", pid, command)


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock. Looking takes it for an instant: only for locks whose takers wait."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def acquire(path: Path, wait_seconds: float, command: str) -> Iterator[int]:
    """Hold the lock at `path` for the block; yields the descriptor, which holds it in whoever inherits it.

    Tries for `wait_seconds` (0 = once); raises LockHeldError, naming the holder, when it stays taken,
    and ConfigurationError when the file cannot be opened for writing.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"{path}: {error.strerror}; this user needs a data directory of its own to write to (--data DIR)"
        ) from error
    try:
        _wait(descriptor, path, wait_seconds)
        text = json.dumps({"pid": os.getpid(), "command": command, "started": time.time()})
        with suppress(OSError):  # on a full disk nobody reads who holds it, but it is held
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, text.encode(), 0)
        yield descriptor
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
                raise _held(descriptor, path) from None
        time.sleep(_RETRY_SECONDS)
