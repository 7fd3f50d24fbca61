"""Refine waiting raw segments: one refined segment for each, the same however often it is done."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from soc.intake.refine import ReceivedLine, Refiner
from soc.model import Event, SpoolError
from soc.model.ids import digest, ulid
from soc.model.own import own_event
from soc.model.text import MAXIMUM_TEXT_CHARACTERS, decode
from soc.spool.raw import MAXIMUM_PAYLOAD_BYTES, Frame, RawContent, read_raw
from soc.spool.raw_writer import sealed_segments
from soc.spool.spool import Spool

OPEN_NAME = "refining"  # collectors empty "open" when they start
WRITER = "refine"


@dataclass(slots=True)
class Refined:
    """What one pass did."""

    segments: int = 0
    events: int = 0
    matches: int = 0
    damaged: int = 0


def refine_waiting(
    spool_directory: Path,
    refiner: Refiner,
    now: Callable[[], float],
    should_stop: Callable[[], bool] = lambda: False,
) -> Refined:
    """Refine the sealed raw segments of the spool that no other process is refining, oldest first.

    A raw segment goes to raw/done once its refined one is durable; a damaged one to quarantine, what is
    whole in it being refined all the same. Raises SpoolError when the spool takes no segment: what was
    not refined waits.
    """
    spool = Spool(spool_directory, open_name=OPEN_NAME)
    done = Refined()
    for path in sealed_segments(spool.raw_directory):
        if should_stop():
            break
        with _claimed(path) as claimed:
            if claimed:
                _refine(spool, path, refiner, now, done)
    return done


def _refine(spool: Spool, path: Path, refiner: Refiner, now: Callable[[], float], done: Refined) -> None:
    # Polars takes a third of a second to load: not before there is something to refine.
    from soc.spool.segment import SegmentBuilder

    created = path.stat().st_mtime
    writer, site, reason = WRITER, "local", ""
    builder = SegmentBuilder()
    try:
        content = read_raw(path)
        created, writer, site = content.header.created, content.header.writer, content.header.site
        reason = _damage(content)
        events, matches = refiner.refine_received([_line(path.stem, frame) for frame in content.frames])
        for event in events:
            builder.add_event(event)
        for match in matches:
            builder.add_match(match)
        done.events += len(events)
        done.matches += len(matches)
    except (SpoolError, OSError) as error:
        reason = str(error)
    except Exception as error:  # one segment that cannot be refined stops no other
        builder = SegmentBuilder()
        reason = f"refining failed: {type(error).__name__}: {error}"
    if reason:
        builder.add_event(_damage_event(path.stem, reason, created))
    segment = ulid(int(created * 1000), bytes.fromhex(digest("refined", path.stem, size=10)))
    spool.seal(builder, writer=writer, site=site, created=created, sealed=now(), segment=segment)
    if reason:
        spool.quarantine(path, reason)
    else:
        path.rename(spool.raw_done_directory / path.name)
    done.segments += 1
    done.damaged += bool(reason)


def _line(segment: str, frame: Frame) -> ReceivedLine:
    text = decode(frame.payload, MAXIMUM_PAYLOAD_BYTES)
    return ReceivedLine(
        digest("raw", segment, str(frame.number)),
        text[:MAXIMUM_TEXT_CHARACTERS],
        frame.received,
        frame.source,
        frame.transport,
        frame.truncated or len(text) > MAXIMUM_TEXT_CHARACTERS,
    )


def _damage(content: RawContent) -> str:
    """What is wrong with a sealed segment; empty = nothing."""
    if not content.damages:
        return ""
    places = ", ".join(f"{damage.size_bytes} bytes at {damage.offset}" for damage in content.damages[:5])
    known = sum(damage.lost or 0 for damage in content.damages)
    at_end = any(damage.lost is None for damage in content.damages)
    lost = f"{known} messages lost" + (" and an unknown number at the end" if at_end else "")
    return f"damaged: {lost} ({places})"


def _damage_event(segment: str, reason: str, time: float) -> Event:
    return own_event(
        ("raw-damage", segment),
        time,
        "spool",
        "quarantine",
        f"raw segment set aside: {reason}",
        severity_id=4,
        fields={"segment": segment, "reason": reason},
    )


@contextmanager
def _claimed(path: Path) -> Iterator[bool]:
    """Whether the raw segment is ours for the block; a process that ends gives its claim up."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield False
        return
    try:
        yield _lock(descriptor) and path.exists()
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
