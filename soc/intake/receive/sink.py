"""From encoded frames to durable segments, on a thread of its own: the disk never holds up a socket."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from soc.intake.receive.counters import DISK, STOPPED, Stored
from soc.model import SpoolError
from soc.spool.given_up import given_up_event
from soc.spool.raw_writer import Durable, RawWriter, recover
from soc.spool.segment import SegmentBuilder
from soc.spool.spool import Spool

SYNC_SECONDS = 0.2
SEAL_SECONDS = 1.0
SEAL_BYTES = 8 * 1024**2
# Messages in memory beyond this are a disk too slow to keep up.
BACKLOG_BYTES = 64 * 1024**2
_WRITE_SECONDS = 0.05
_ROOM_SECONDS = 5.0  # between looks at the whole spool, which take long where it holds many files
_RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Chunk:
    """Encoded frames numbered `first` to `last`."""

    first: int
    last: int
    frames: bytes


class Sink:
    """Takes chunks from the receiving thread, in order of their numbers.

    `report` is called with each range of frames that became durable, `tell` with what people should know;
    both from the sink's thread.
    """

    def __init__(
        self,
        spool: Spool,
        writer: RawWriter,
        *,
        now: Callable[[], float],
        monotonic: Callable[[], float],
        report: Callable[[Durable], None],
        tell: Callable[[str], None],
    ) -> None:
        self._spool = spool
        self._writer = writer
        self._now = now
        self._monotonic = monotonic
        self._report = report
        self._tell = tell
        self._changed = threading.Condition()
        self._pending: deque[Chunk] = deque()
        self._pending_bytes = 0
        self._stopping = False
        self._idle = False
        self._blocked = ""
        self._retry_at = 0.0
        self._room_at = 0.0
        self._synced_at = 0.0
        self._durable = 0
        self._segments = 0
        self._given_up: list[str] = []  # done segments that went, and nobody was told
        self.lost: Counter[str] = Counter()  # messages, by reason
        self._thread = threading.Thread(target=self._run, name="sink", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def blocked(self) -> str:
        """Why nothing is stored just now; empty = all is well."""
        return self._blocked

    @property
    def accepting(self) -> bool:
        """Whether a chunk offered now would be stored soon."""
        return not self._blocked and self._pending_bytes < BACKLOG_BYTES

    def offer(self, chunk: Chunk) -> None:
        with self._changed:
            self._pending.append(chunk)
            self._pending_bytes += len(chunk.frames)
            if self._idle:
                self._changed.notify()

    def stored(self) -> Stored:
        with self._changed:
            waiting = _messages(self._pending)
        return Stored(self._durable, self._segments, waiting, self._blocked, Counter(self.lost))

    def stop(self, wait_seconds: float) -> bool:
        """Write what was offered, seal, end; whether that was done in time."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(wait_seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._idle = not (self._pending or self._blocked or self._writer.begun is not None)
                if self._idle:
                    self._changed.wait_for(lambda: self._stopping or self._pending)
                    self._idle = False
                else:
                    self._changed.wait_for(lambda: self._stopping, _WRITE_SECONDS)
                stopping = self._stopping
            self.step(stopping)
            if stopping:
                return

    def step(self, stopping: bool = False) -> None:
        """Write, sync and seal what is due; everything when `stopping`."""
        monotonic = self._monotonic()
        if self._blocked and (stopping or monotonic >= self._retry_at):
            self._unblock(monotonic)
        try:
            if not self._blocked:
                self._write(monotonic)
            if self._writer.dirty and (stopping or monotonic >= self._synced_at + SYNC_SECONDS):
                self._synced_at = monotonic
                self._settle(self._writer.sync())
            self._seal_if_due(monotonic, stopping)
        except OSError as error:
            self._lose(error, monotonic)
        if stopping and self._pending:
            self.lost[STOPPED] += _messages(self._pending)
            self._tell(f"ending with {self.lost[STOPPED]} received messages that could not be stored")

    def _write(self, monotonic: float) -> None:
        while self._pending:
            if self._writer.begun is None and monotonic >= self._room_at:
                self._room_at = monotonic + _ROOM_SECONDS
                try:
                    self._check_room()
                except SpoolError as error:
                    self._block(str(error), monotonic)
                    return
            chunk = self._pending[0]
            if not self._append(chunk, monotonic):
                return
            with self._changed:
                self._pending.popleft()
                self._pending_bytes -= len(chunk.frames)
            if self._writer.size_bytes >= SEAL_BYTES:
                self._seal_if_due(monotonic, False)

    def _check_room(self) -> None:
        """Raises SpoolError while there is none, or while what went for it cannot be told."""
        self._given_up += self._spool.check_room()
        if self._given_up:
            now = self._now()
            builder = SegmentBuilder()
            builder.add_event(given_up_event(self._given_up, now))
            self._spool.seal(builder, writer=self._writer.name, created=now, sealed=now)
            self._given_up = []

    def _append(self, chunk: Chunk, monotonic: float) -> bool:
        """Whether the chunk is written; a disk that is full is met with the reserve, once."""
        for attempt in range(2):
            try:
                self._writer.append(chunk.first, chunk.last, chunk.frames, self._now(), monotonic)
                return True
            except OSError as error:
                self._spool.release_reserve()
                if attempt:
                    self._block(f"raw segment not written: {error.strerror}", monotonic)
        return False

    def _seal_if_due(self, monotonic: float, stopping: bool) -> None:
        begun = self._writer.begun
        if begun is None:
            return
        due = monotonic >= begun + SEAL_SECONDS or self._writer.size_bytes >= SEAL_BYTES
        if due or stopping or self._blocked:
            sealed = self._writer.seal()
            if sealed:
                self._segments += 1
                self._settle(sealed[1])

    def _settle(self, durable: Durable | None) -> None:
        if durable:
            self._durable = durable.last
            self._report(durable)

    def _lose(self, error: OSError, monotonic: float) -> None:
        """The disk failed to make frames durable: they are not in its cache any more to be tried again."""
        lost = self._writer.abandon()
        self.lost[DISK] += lost
        self._block(f"raw segment not made durable ({lost} messages lost): {error.strerror}", monotonic)

    def _block(self, reason: str, monotonic: float) -> None:
        self._retry_at = monotonic + _RETRY_SECONDS
        before, self._blocked = self._blocked, reason
        if not before:
            self._tell(f"{reason}; UDP messages are dropped and TCP senders held until this ends")

    def _unblock(self, monotonic: float) -> None:
        self._retry_at = monotonic + _RETRY_SECONDS
        self._room_at = monotonic + _ROOM_SECONDS
        try:
            self._check_room()
            set_aside_unreadable(self._spool)
        except (SpoolError, OSError):
            return
        self._blocked = ""
        self._tell("messages are stored again")


def set_aside_unreadable(spool: Spool) -> int:
    """Seal what an earlier writer left open; returns how many segments. The caller is the only writer."""
    recovered = recover(spool.raw_directory)
    for path, reason in recovered.unreadable:
        spool.quarantine(path, reason)
    return len(recovered.sealed)


def _messages(chunks: Sequence[Chunk] | deque[Chunk]) -> int:
    return sum(chunk.last - chunk.first + 1 for chunk in chunks)
