"""systemd's journal, pulled over SSH with journalctl(1) from where the last pull ended."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from functools import partial
from typing import Any

from soc.collect.declare import Collector, CommandOutput, SshCommand, collector
from soc.collect.logs import gap
from soc.model import LogRecord
from soc.model.text import MAXIMUM_TEXT_CHARACTERS

FORMAT = "journal"
FIRST_CONTACT_ENTRIES = 1000
PULL_BYTES = 4_194_304
_FIELDS = (
    "MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "_COMM", "_PID", "_UID", "_SYSTEMD_UNIT", "_HOSTNAME",
)  # fmt: skip
# What sd_journal_get_cursor(3) gives: hexadecimal numbers behind a letter each; no more than _SCRIPT takes.
_CURSOR = re.compile(r"[0-9a-z=;]{1,400}")
# What the kernel's audit system writes is read from auditd's own log, whole.
_TRANSPORTS = ("syslog", "journal", "stdout", "kernel", "driver")

# --after-cursor would leave out the oldest entry where the cursor's own is gone. So the entry read last
# comes once more, behind a line that names it: another in its place tells of a gap. Where nothing is at or
# behind the cursor (a new journal under a clock that went back), it is the first contact again.
_SCRIPT = """\
read -r cursor
command -v journalctl >/dev/null || exit 127
case $cursor in *[!0-9a-z=\\;]*) cursor=;; esac
only=
journalctl --help | grep -q -e --output-fields && only=--output-fields=FIELDS
entries() { journalctl OPTIONS --quiet --no-pager --output=json $only "$@" TRANSPORTS; }
if [ -n "$cursor" ] && [ -n "$(entries --cursor="$cursor" --lines=1 2>/dev/null)" ]; then
  echo "after $cursor"
  entries --cursor="$cursor" | head -c PULL_BYTES
  exit 0
fi
newest=$(journalctl OPTIONS --quiet --system --lines=1 --output=short) || exit 1
[ -n "$newest" ] || exit 127
echo "after $cursor"
entries --lines=FIRST_ENTRIES | head -c PULL_BYTES
"""


def journal_script(options: str = "") -> str:
    """The shell command; `options` name another journal (--directory=…), in plain letters."""
    text = _SCRIPT.replace("OPTIONS ", f"{options} " if options else "")
    text = text.replace("FIELDS", ",".join(_FIELDS))
    text = text.replace("TRANSPORTS", " ".join(f"_TRANSPORT={name}" for name in _TRANSPORTS))
    text = text.replace("FIRST_ENTRIES", str(FIRST_CONTACT_ENTRIES)).replace("PULL_BYTES", str(PULL_BYTES))
    return f"LC_ALL=C sh -c {shlex.quote(text)}"


def journal_records(stream: str, output: CommandOutput) -> Iterator[LogRecord]:
    """The entries behind the cursor that the line before them names; what comes first is a shell's noise."""
    after, resumed = "", False
    *lines, _ = output.stdout.split("\n")  # what follows the last newline was cut
    for line in lines:
        if line.startswith("after "):
            after = line.removeprefix("after ")
            continue
        entry = _entry(line)
        cursor = entry.get("__CURSOR") if entry else None
        if entry is None or not isinstance(cursor, str) or not _CURSOR.fullmatch(cursor):
            continue
        if after and not resumed:
            resumed = True
            if _same_place(cursor, after):
                continue
            yield gap(
                stream, after, "the entry read last is gone from the journal; what followed it may be too"
            )
        yield LogRecord(stream, cursor, _compact(entry), FORMAT, _time(entry))


def journal_log(name: str, documentation: str, *, stream: str, options: str = "") -> Collector:
    """A collector of a journal; the cursor is the journal's own (sd_journal_get_cursor(3))."""
    parse = partial(journal_records, stream)
    parse.__doc__ = documentation
    command = SshCommand(
        name.replace("_", "-"), journal_script(options), stream=stream, maximum_bytes=PULL_BYTES + 65_536
    )
    return collector(name=name, fetch=command, every="reachability")(parse)


def _entry(line: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def _same_place(cursor: str, other: str) -> bool:
    """Whether two cursors name one entry; sequence numbers (s, i) are new where a journal was rewritten."""
    return _place(cursor) == _place(other)


def _place(cursor: str) -> set[str]:
    return {part for part in cursor.split(";") if part[:2] not in ("s=", "i=")}


def _time(entry: dict[str, Any]) -> float | None:
    stamp = entry.get("__REALTIME_TIMESTAMP")
    known = isinstance(stamp, str) and stamp.isascii() and stamp.isdigit() and len(stamp) <= 17
    return int(stamp) / 1e6 if known else None  # type: ignore[arg-type]


def _compact(entry: dict[str, Any]) -> str:
    """The fields that count, as one document."""
    fields = {name: _text(entry[name], 256) for name in _FIELDS[1:] if entry.get(name) is not None}
    message = entry.get("MESSAGE")
    if message is None and "MESSAGE" in entry:  # journalctl prints no field of more than 4096 bytes
        fields |= {"truncated": "true", "MESSAGE": "(longer than 4096 bytes)"}
    else:
        fields["MESSAGE"] = _text(message, MAXIMUM_TEXT_CHARACTERS)
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _text(value: Any, limit: int) -> str:
    """A field's text: bytes that are no text come as numbers, a field that is there twice as a list."""
    if isinstance(value, list):
        if value and all(isinstance(byte, int) and 0 <= byte < 256 for byte in value):
            return bytes(value[: limit * 4]).decode("utf-8", "replace")[:limit]
        return "\n".join(_text(item, limit) for item in value if isinstance(item, str | list))[:limit]
    return value[:limit] if isinstance(value, str) else ""
