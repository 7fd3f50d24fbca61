"""The store for one question: its lock is held for as long as the question takes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from soc.model.text import clean

if TYPE_CHECKING:
    from soc.store import Store

LOCK_WAIT_SECONDS = 10.0


@contextmanager
def opened_store(args: argparse.Namespace, command: str) -> Iterator[tuple[Store, Path]]:
    """The store and its data directory; waits up to 10 s for whoever works on it.

    Raises LockHeldError (exit code 75) when that is not enough, and at once where a hub has the store.
    """
    from soc.cli._places import data_directory
    from soc.spool.layout import SPOOL
    from soc.spool.store_lock import store_lock
    from soc.store import open_store

    data = data_directory(args)
    with (
        store_lock(data, LOCK_WAIT_SECONDS, command),
        open_store(data, spool_directory=data / SPOOL) as store,
    ):
        if behind := len(store.pending()):
            lacking = f"the store lacks its last {behind} transactions; the next soc collect does them again"
            print(f"soc: {lacking}", file=sys.stderr)
        for notice in store.notices:
            print(f"soc: {clean(notice)}", file=sys.stderr)
        yield store, data


def catch_up(args: argparse.Namespace, store: Store) -> None:
    """Before something is changed: do again what the journal holds and the store lacks.

    Raises ConfigurationError when there is something, and inventory or rules do not load.
    """
    if not store.pending():
        return
    from soc.cli._load import site_of
    from soc.pipeline.pipeline import Pipeline
    from soc.spool.spool import Spool

    site = site_of(args, "soc")
    Pipeline(store, Spool(site.spool), site.inventory, site.rules, site.groups).recover(site.now())
