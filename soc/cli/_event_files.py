"""Files of events: JSON lines, an array, or a single object."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from soc.model import ConfigurationError, Problem

Batch = tuple[int, list[Mapping[str, object]], list[Problem]]  # index of its first event, events, problems

_MAXIMUM_LINE_CHARACTERS = 10_000_000


def read_events(path: Path, size: int) -> Iterator[Batch]:
    """Events in batches of `size`. Raises ConfigurationError where the file as a whole does not read."""
    if path.suffix.lower() == ".evtx":
        raise ConfigurationError(
            f"{path}: binary event logs are not supported; convert with evtx_dump -o jsonl"
        )
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            if _is_lines(file):
                yield from _lines(path, file, size)
            else:
                yield from _whole(path, file, size)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot read events: {error.strerror}") from error


def _is_lines(file: TextIO) -> bool:
    """Whether the first line that is not blank is an object of its own."""
    first = next((line for line in file if line.strip()), "")
    file.seek(0)
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _lines(path: Path, file: TextIO, size: int) -> Iterator[Batch]:
    first = 0
    numbered = enumerate(file, start=1)
    while chunk := list(itertools.islice(numbered, size)):
        events: list[Mapping[str, object]] = []
        problems = []
        for number, line in chunk:
            if not line.strip():
                continue
            try:
                if len(line) > _MAXIMUM_LINE_CHARACTERS:
                    raise ValueError("line too long")
                event = json.loads(line)
                if not isinstance(event, dict):
                    raise ValueError("not an object")
                events.append(event)
            except (ValueError, RecursionError) as error:
                problems.append(Problem(str(path), number, f"not an event: {error}"))
        yield first, events, problems
        first += len(events)


def _whole(path: Path, file: TextIO, size: int) -> Iterator[Batch]:
    try:
        content = json.load(file)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path}: neither JSON nor JSON lines: {error}") from error
    events = content if isinstance(content, list) else [content]
    for first in range(0, len(events), size):
        chunk = events[first : first + size]
        problems = [
            Problem(str(path), 0, f"event {first + index} is not an object")
            for index, event in enumerate(chunk)
            if not isinstance(event, dict)
        ]
        yield first, [event if isinstance(event, dict) else {} for event in chunk], problems
