"""A backup as `soc store backup` and the hub make it: written, verified, and noted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from soc.spool.spool import Spool
from soc.store import Store
from soc.store.contained import note_verified
from soc.store.verify import require, verify_backup


def back_up(store: Store, spool: Spool, data: Path, target: Path, now: float) -> dict[str, Any]:
    """Back the store in `data` up into the new directory `target` and verify it; returns the document of
    `soc store backup --json`.

    Others may go on writing, over other connections. Raises ConfigurationError for a target that is taken,
    StoreError when something cannot be written, or does not hold: nothing counts as contained then.
    """
    manifest = store.backup(data, target, now)
    require(verify_backup(target))
    contained = note_verified(spool, target, manifest)
    return {
        "directory": str(target),
        "transaction": manifest.transaction,
        "bytes": manifest.bytes,
        "files": len(manifest.files),
        "rows": sum(manifest.rows.values()),
        "segments": contained,
        "head": {"sequence": manifest.head.sequence, "hash": manifest.head.hash},
    }
