"""The terminal that the console runs on."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Thread

from rich.console import Console

from soc.console.palette import Colours

GRACE_SECONDS = 3.0
LOST = 1  # exit code of a console whose terminal is gone


def colours(environment: Mapping[str, str]) -> Colours:
    """Which colours it has: none by the user's wish (no-color.org), else sixteen, else enough."""
    if environment.get("NO_COLOR"):
        return "none"
    return "full" if Console().color_system in ("256", "truecolor") else "ansi"


def watch(descriptor: int, lost: Callable[[], object]) -> None:
    """Call `lost`, from a thread of its own, when the other end of the terminal has hung up.

    A process that ignores SIGHUP would read end-of-file for ever, and one that was just writing would wait
    for ever: what has not ended by itself a while later is ended.
    """

    def wait() -> None:
        poll = select.poll()
        poll.register(descriptor, 0)  # hang-up and error are always reported
        poll.poll()
        with suppress(RuntimeError):  # it has ended already
            lost()
        time.sleep(GRACE_SECONDS)
        os._exit(LOST)

    Thread(target=wait, name="terminal", daemon=True).start()
