"""Which ingested segments need not be kept: a verified backup contains them, and a day has passed.

`backup/verified.json`, beside the spool, names the last verified backup and the segments that were in
spool/done when it was made.
"""

from __future__ import annotations

import json
from pathlib import Path

from soc.model import SideFileError, StoreError
from soc.model.ids import ulid_time_ms
from soc.spool.durable import replace_durably
from soc.spool.layout import BACKUP
from soc.spool.spool import Spool
from soc.store.backup import STORE, Manifest
from soc.store.database import connect
from soc.store.segments import Segments
from soc.store.store import Store

KEEP_SECONDS = 24 * 3600.0
_FILE = "verified.json"


def note_verified(spool: Spool, backup: Path, manifest: Manifest) -> int:
    """The backup has been verified: note what it contains. Returns how many done segments that are.

    Raises StoreError when it cannot be noted.
    """
    done = [path.stem for path in spool.done_directory.glob("*.parquet")]
    database = connect(backup / STORE, [], read_only=True)
    try:
        found = Segments(database).known(done)
    finally:
        database.close()
    document = {
        "directory": str(backup.resolve()), "transaction": manifest.transaction, "segments": sorted(found)
    }  # fmt: skip
    place = _place(spool)
    try:
        place.parent.mkdir(mode=0o700, exist_ok=True)
        replace_durably(place, json.dumps(document).encode())
    except OSError as error:
        raise StoreError(f"{place}: {error.strerror}") from error
    return len(found)


def release_contained(store: Store, spool: Spool, now: float) -> int:
    """Unlink done segments that are contained and were sealed a day ago; returns how many went.

    With them goes what their transactions would need to be done again.
    """
    place = _place(spool)
    try:
        noted = json.loads(place.read_bytes())
        segments, number = list(noted["segments"]), int(noted["transaction"])
    except FileNotFoundError:
        return 0
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SideFileError(f"{place} does not read: make a new backup") from error
    before = now - KEEP_SECONDS
    gone = spool.release(segment for segment in segments if 0 < ulid_time_ms(segment) / 1000 < before)
    store.forget(number, before)
    return gone


def _place(spool: Spool) -> Path:
    return spool.directory.parent / BACKUP / _FILE
