"""What is kept until when, as documents: `soc retention show`, `soc hold list` and the API print these."""

from __future__ import annotations

from typing import Any

from soc.inventory import Retention
from soc.pipeline.report import moment_text
from soc.store import Store
from soc.store.sealing.holds import Hold
from soc.store.sealing.retention import Kept


def retention_document(store: Store, retention: Retention, now: float) -> dict[str, Any]:
    """The object of `/v1/retention`: rules of retention with what is kept under them, holds, hot rows."""
    return {
        "items": [_kept_document(kept) for kept in store.expiry.kept(retention, now)],
        "summary": {
            "hot": store.status.hot(),
            "holds": [hold_document(hold) for hold in store.expiry.holds.all() if hold.ended is None],
        },
    }


def hold_document(hold: Hold) -> dict[str, Any]:
    """A line of `soc hold list --json`; times that are open are null."""
    return {
        "id": hold.id,
        "reason": hold.reason,
        "device": hold.device,
        "from": moment_text(hold.begin),
        "to": moment_text(hold.end),
        "added": {"time": moment_text(hold.added), "uid": hold.added_by_uid, "name": hold.added_by},
        "ended": None
        if hold.ended is None
        else {
            "time": moment_text(hold.ended), "uid": hold.ended_by_uid, "name": hold.ended_by,
            "reason": hold.ended_reason,
        },
    }  # fmt: skip


def _kept_document(kept: Kept) -> dict[str, Any]:
    return {
        "name": kept.name,
        "keep_seconds": kept.keep_seconds,
        "files": kept.files,
        "bytes": kept.bytes,
        "rows": kept.rows,
        "oldest": moment_text(kept.oldest),
        "newest": moment_text(kept.newest),
        "next": {"file": kept.next_file, "expires": moment_text(kept.next_time)} if kept.next_file else None,
        "held": {"files": kept.held_files, "bytes": kept.held_bytes, "holds": sorted(kept.holds)},
        "expired": {"files": kept.expired_files, "bytes": kept.expired_bytes},
        "damaged": [{"file": file, "reason": reason} for file, reason in sorted(kept.damaged.items())],
    }
