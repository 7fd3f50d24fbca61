"""Deliver what is due, and die by SIGKILL at the moment named: `claimed`, `sent`, or never (`done`)."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from soc.inventory import MailServer, MailTarget, Notify
from soc.pipeline.delivery import deliver_due
from soc.store import Store, open_store

T = TypeVar("T")
# The number of the visit to the store during which it dies: 1 looks, 2 claims, 3 settles.
DEATHS = {"claimed": (2, "after"), "sent": (3, "before"), "done": (0, "")}


def main(directory: Path, port: int, death: str, now: float) -> None:
    visits = 0

    def in_store(work: Callable[[Store], T]) -> T:
        nonlocal visits
        visits += 1
        if DEATHS[death] == (visits, "before"):
            os.kill(os.getpid(), signal.SIGKILL)
        with open_store(directory, spool_directory=directory / "spool") as store:
            found = work(store)
            if DEATHS[death] == (visits, "after"):
                os.kill(os.getpid(), signal.SIGKILL)
            return found

    target = MailTarget(("mia@example.org",), "soc@example.org", MailServer("127.0.0.1", port, "none"))
    deliver_due(
        in_store,
        Notify({"ops": target}),
        now=lambda: now,
        monotonic=lambda: 0.0,
        draw=lambda: 0.5,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], float(sys.argv[4]))
