"""The systemd journal as `journalctl --output=json` prints it (systemd.journal-fields(7))."""

from __future__ import annotations

import json
from datetime import tzinfo

from soc.intake.frame import Frame

FORMAT = "journal"

_FIELDS = {
    "_HOSTNAME": "hostname", "_PID": "pid", "_SYSTEMD_UNIT": "unit", "_UID": "uid", "_COMM": "comm",
    "truncated": "truncated",
}  # fmt: skip
_SEVERITIES = frozenset("01234567")


def decode(line: str, received: float, zone: tzinfo) -> Frame | None:  # noqa: ARG001 (a decoder's signature)
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or "MESSAGE" not in entry:
        return None
    stamp = _text(entry.get("__REALTIME_TIMESTAMP"))
    priority = _text(entry.get("PRIORITY"))
    return Frame(
        _text(entry["MESSAGE"]),
        _text(entry.get("SYSLOG_IDENTIFIER")) or _text(entry.get("_COMM")),
        int(stamp) / 1e6 if stamp.isascii() and stamp.isdigit() and len(stamp) <= 17 else None,
        int(priority) if priority in _SEVERITIES else None,
        {ours: text for theirs, ours in _FIELDS.items() if (text := _text(entry.get(theirs)))},
    )


def _text(value: object) -> str:
    """A field's text. Bytes that are not UTF-8 come as a list of numbers, a field that is there twice as
    a list of its values."""
    if isinstance(value, list):
        if all(isinstance(byte, int) and 0 <= byte < 256 for byte in value):
            return bytes(value).decode("utf-8", "replace")
        return "\n".join(_text(item) for item in value if not isinstance(item, int))
    return value if isinstance(value, str) else ""
