"""Run a command of soc for as long as standard input stays open: `python -m soc.cli._tied serve --data DIR`.

A command that ends on SIGTERM thus ends with whoever holds the other end, however that one ends.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from soc.cli import main

_STANDARD_INPUT = 0


def _end_with_input() -> None:
    while os.read(_STANDARD_INPUT, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_input, daemon=True).start()
    sys.exit(main(sys.argv[1:]))
