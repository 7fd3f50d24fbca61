"""The terminal that the console runs on."""

from __future__ import annotations

import select
from collections.abc import Mapping

from rich.console import Console

from soc.console.palette import Colours


def colours(environment: Mapping[str, str]) -> Colours:
    """Which colours it has: none by the user's wish (no-color.org), else sixteen, else enough."""
    if environment.get("NO_COLOR"):
        return "none"
    return "full" if Console().color_system in ("256", "truecolor") else "ansi"


def gone(descriptor: int) -> bool:
    """Whether the other end of a terminal has hung up.

    After an SSH loss a process that ignores SIGHUP would read end-of-file for ever.
    """
    poll = select.poll()
    poll.register(descriptor, 0)  # hang-up and error are always reported
    return any(state & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, state in poll.poll(0))
