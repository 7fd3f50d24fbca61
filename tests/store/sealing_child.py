"""Seal what is due as of a time, file by file, until killed or done."""

from __future__ import annotations

import sys
from pathlib import Path

from soc.store import open_store


def main(directory: Path, now: float) -> None:
    with open_store(directory, spool_directory=directory / "spool") as store:
        print("ready", flush=True)
        store.sealing.recover()
        while store.sealing.seal_samples(now) or store.sealing.seal_events(now, 0):
            pass


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
