"""What a receiver has taken and what it could not keep, for `soc status` and for people."""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

STATUS_FILE = "receive.json"

# Why a message was dropped, or a connection refused or closed by us.
SOCKET_BUFFER = "socket-buffer"  # the kernel's buffer was full: we were too slow
SPOOL_FULL = "spool-full"
BACKLOG = "backlog"  # the disk was too slow
EMPTY = "empty"
STOPPED = "stopped"  # received, and no room for it when we had to end
DISK = "disk"  # written, and the disk failed to make it durable


@dataclass(slots=True)
class Counters:
    """Since the receiver started."""

    received: Counter[str] = field(default_factory=Counter)  # messages kept, by transport
    dropped: Counter[str] = field(default_factory=Counter)  # messages, by reason
    truncated: int = 0
    connections: int = 0  # open now
    connections_accepted: int = 0
    connections_refused: Counter[str] = field(default_factory=Counter)
    connections_closed: Counter[str] = field(default_factory=Counter)  # by us, by reason


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of the messages that were received."""

    durable: int  # the highest number; 0 = none yet
    segments: int  # sealed
    waiting: int  # messages in memory
    blocked: str  # why nothing is stored just now; "" = all is well
    lost: Counter[str]  # messages taken and not stored, by reason


def status_document(
    counters: Counters, stored: Stored, listening: Sequence[str], started: float, now: float
) -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "started": _text(started),
        "time": _text(now),
        "listening": list(listening),
        "received": dict(counters.received),
        "dropped": dict(counters.dropped + stored.lost),
        "truncated": counters.truncated,
        "connections": {
            "open": counters.connections,
            "accepted": counters.connections_accepted,
            "refused": dict(counters.connections_refused),
            "closed": dict(counters.connections_closed),
        },
        "durable": stored.durable,
        "segments": stored.segments,
        "waiting": stored.waiting,
        "blocked": stored.blocked,
    }


def write_status(directory: Path, document: dict[str, Any]) -> None:
    """Replace the status file at once; a full disk keeps the last one."""
    temporary = directory / (STATUS_FILE + ".new")
    with contextlib.suppress(OSError):
        temporary.write_text(json.dumps(document) + "\n", encoding="utf-8")
        temporary.replace(directory / STATUS_FILE)


def read_status(directory: Path) -> dict[str, Any] | None:
    """The last status of the receiver that writes into this raw directory; None where there is none."""
    try:
        document = json.loads((directory / STATUS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def _text(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
