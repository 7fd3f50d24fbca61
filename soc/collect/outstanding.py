"""Commands that were sent to hosts and are in no sealed segment yet, in a file: a kill takes none away.

They are written before they are sent, with one write(2): what the kernel has taken outlives the process.
Only a machine that stops may lose the last seconds.
"""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from soc.collect.port import Execution
from soc.model.times import is_time
from soc.spool.durable import replace_durably

_SUFFIX = ".jsonl"
_COMPACT_BYTES = 1024 * 1024
_MODE = os.O_WRONLY | os.O_CREAT | os.O_APPEND

Sent = tuple[str, Execution]  # device, and the execution as it is told when nothing more is heard of it


class Outstanding:
    """Those of one writer (`Environment.writer`). Any thread may use it."""

    def __init__(self, directory: Path, writer: str) -> None:
        """The file in `directory` is made when there is something to write."""
        self.left: list[Sent] = []  # by processes that are gone, until `settle` is told of them
        self._path = directory / f"{writer}{_SUFFIX}"
        self._lock = threading.Lock()
        self._file = -1
        self._bytes = 0
        self._open: dict[Sent, None] = {}

    def take_over(self, others: Collection[str] = ()) -> list[str]:
        """Find what is `left`; `others` are writers at work. Returns what could not be done, for people.

        Some of it may be sealed all the same: it makes the event that is there (event_of).
        """
        problems: list[str] = []
        with self._lock:
            taken: list[Path] = []
            for path in sorted(self._path.parent.glob(f"*{_SUFFIX}")):
                if path.stem in others:
                    continue
                try:
                    self._open |= dict.fromkeys(_read(path))
                except FileNotFoundError:  # a writer beside this one has taken it over
                    continue
                except OSError as error:
                    problems.append(_not_taken(path, error))
                else:
                    taken.append(path)
            self.left = list(self._open)
            if taken:
                try:
                    self._rewrite()
                    for path in taken:
                        if path != self._path:
                            path.unlink(missing_ok=True)
                except OSError as error:
                    problems.append(_not_taken(self._path, error))
        return problems

    def job(self, device: str) -> JobSending:
        """For the commands of one job on the device."""
        return JobSending(self, device)

    def note(self, device: str, executions: Sequence[Execution]) -> None:
        """They are about to be sent. Raises OSError, and then they must not be."""
        lines = b"".join(_line(device, execution) for execution in executions)
        with self._lock:
            if self._file < 0:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._file = os.open(self._path, _MODE, 0o600)
                self._bytes = os.fstat(self._file).st_size
            try:
                if os.write(self._file, lines) < len(lines):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            except OSError:
                with suppress(OSError):
                    os.ftruncate(self._file, self._bytes)
                raise
            self._bytes += len(lines)
            self._open |= dict.fromkeys((device, execution) for execution in executions)

    def settle(self, sealed: Iterable[Sent]) -> None:
        """They are in a sealed segment, whatever came of them, or were not run."""
        with self._lock:
            for device, execution in sealed:
                self._open.pop((device, as_sent(execution)), None)
            self.left = [sent for sent in self.left if sent in self._open]
            if self._bytes > _COMPACT_BYTES or (self._bytes and not self._open):
                with suppress(OSError):  # what stays in the file too long makes an event that is there
                    self._rewrite()

    def _rewrite(self) -> None:
        """Leave only what is open in the file. Raises OSError."""
        lines = b"".join(_line(device, execution) for device, execution in self._open)
        if not lines and self._file >= 0:
            os.ftruncate(self._file, 0)
        else:
            if self._file >= 0:
                # Whatever fails from here on, the next note opens the file that is there then.
                os.close(self._file)
                self._file = -1
            replace_durably(self._path, lines)
        self._bytes = len(lines)


class JobSending:
    """Of one job; the port's Sending."""

    def __init__(self, outstanding: Outstanding, device: str) -> None:
        self._outstanding = outstanding
        self._device = device
        self._noted: list[Execution] = []

    def note(self, executions: Sequence[Execution]) -> None:
        self._outstanding.note(self._device, executions)
        self._noted += executions

    def withdraw(self, executions: Iterable[Execution]) -> None:
        for execution in executions:
            self._noted.remove(execution)
            self._outstanding.settle([(self._device, execution)])

    def untold(self, told: Iterable[Execution]) -> list[Execution]:
        """Those that the answer, which has come, does not tell of."""
        known = {as_sent(execution) for execution in told}
        return [execution for execution in self._noted if execution not in known]


def as_sent(execution: Execution) -> Execution:
    """As it was noted, before anything was heard of it."""
    return replace(execution, exit_code=-1, bytes=0, reason="internal")


def _not_taken(path: Path, error: OSError) -> str:
    return f"commands that a collection before sent, in {path}: {error.strerror}"


def _line(device: str, execution: Execution) -> bytes:
    noted = [device, execution.command, execution.time, execution.account, execution.address]
    return json.dumps(noted).encode() + b"\n"


def _read(path: Path) -> Iterator[Sent]:
    """What stands in the file; a line that was cut or is none of ours is left out."""
    for line in path.read_bytes().splitlines():
        with suppress(ValueError, TypeError, KeyError):
            device, command, time, account, address = json.loads(line)
            is_ours = all(isinstance(text, str) for text in (device, command, account, address))
            if is_ours and is_time(time):
                yield device, as_sent(Execution(command, float(time), account, address, -1, 0))
