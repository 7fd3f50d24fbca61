"""store.lock as everybody but a hub takes it: for a while, and never against a hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from soc.model import LockHeldError
from soc.spool.layout import HUB_COMMAND, STORE_LOCK
from soc.spool.lock import acquire


@contextmanager
def store_lock(data: Path, wait_seconds: float, command: str) -> Iterator[None]:
    """The lock for the block. Raises LockHeldError at once when a hub has it: hubs keep it; else when it
    stays taken for `wait_seconds`."""
    with ExitStack() as held:
        try:
            held.enter_context(acquire(data / STORE_LOCK, 0.0, command))
        except LockHeldError as error:
            if error.command == HUB_COMMAND:
                told = f"the hub (pid {error.pid}) has the store"
                raise LockHeldError(told, error.pid, error.command) from None
            held.enter_context(acquire(data / STORE_LOCK, wait_seconds, command))
        yield
