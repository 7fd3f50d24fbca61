"""Journals written by Debian's systemd-journal-remote, in the format of `journalctl --output=export`."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

JOURNAL_REMOTE = Path("/lib/systemd/systemd-journal-remote")
BOOT = "0123456789abcdef0123456789abcdef"
START_MICROSECONDS = 1_772_359_200_000_000  # 2026-03-01T10:00:00Z


class Journal:
    """A directory of journal files, as journalctl --directory reads it."""

    def __init__(self, directory: Path, start: int = START_MICROSECONDS) -> None:
        """Entries have times from `start` on, microseconds."""
        if not JOURNAL_REMOTE.exists():
            pytest.skip("needs Debian package systemd-journal-remote")
        if shutil.which("journalctl") is None:
            pytest.skip("needs Debian package systemd")
        self.directory = directory
        self.file = directory / "system.journal"
        self.boot = BOOT
        self.start = start
        self.written = 0

    def write(self, *messages: str | bytes, at: int | None = None, **fields: str) -> None:
        """An entry for each message, a millisecond after the last one; `at` = microseconds instead."""
        entries = []
        for message in messages:
            self.written += 1
            time = self.start + self.written * 1000 if at is None else at
            entries.append(self.entry(time, [("MESSAGE", message), *self._usual(fields)]))
        self.write_raw(b"".join(entries))

    def write_raw(self, entries: bytes) -> None:
        done = subprocess.run(
            [JOURNAL_REMOTE, "--output", self.file, "-"], input=entries, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()

    def entry(self, time: int, fields: Iterable[tuple[str, str | bytes]]) -> bytes:
        """One entry in the export format; values with line feeds or bytes that are no text are framed."""
        monotonic = time - self.start + 1_000_000
        head = (
            f"__REALTIME_TIMESTAMP={time}\n__MONOTONIC_TIMESTAMP={max(monotonic, 1)}\n_BOOT_ID={self.boot}\n"
        )
        lines = [head.encode()]
        for name, value in fields:
            data = value.encode() if isinstance(value, str) else value
            if b"\n" in data or not data.isascii():
                lines.append(name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n")
            else:
                lines.append(name.encode() + b"=" + data + b"\n")
        return b"".join(lines) + b"\n"

    def rotate(self, number: int) -> None:
        """Archive the file; the next entry begins another, with a sequence of its own."""
        self.file.rename(self.archived(number))

    def archived(self, number: int) -> Path:
        return self.directory / f"system@{number:032x}-0000000000000001-0005f00000000001.journal"

    def _usual(self, fields: Mapping[str, str]) -> list[tuple[str, str]]:
        usual = {"PRIORITY": "6", "SYSLOG_IDENTIFIER": "app", "_PID": "77", "_TRANSPORT": "syslog", **fields}
        return list(usual.items())
