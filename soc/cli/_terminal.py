"""Whether a screen can be painted."""

from __future__ import annotations

import sys


def on_terminal() -> bool:
    """Keys come from standard input, and Textual paints on standard error."""
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
