"""The receiver as a whole: sockets, segments, status, and its end."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from soc.intake.receive.connections import Limits
from soc.intake.receive.counters import Counters, status_document, write_status
from soc.intake.receive.encoder import Encoder
from soc.intake.receive.receiver import Receiver
from soc.intake.receive.sink import Sink, set_aside_unreadable
from soc.intake.receive.sockets import describe
from soc.model import SpoolError
from soc.spool.layout import RECEIVE_LOCK, SPOOL
from soc.spool.lock import acquire
from soc.spool.raw_writer import Durable, RawWriter
from soc.spool.service_manager import ALIVE, READY, STOPPING, notify
from soc.spool.spool import Spool

LOCK_WAIT_SECONDS = 5.0  # for the receiver before us to end
STOP_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Clocks, and who is told what: each durable range of frames, and problems for people."""

    now: Callable[[], float]  # UTC seconds
    monotonic: Callable[[], float]
    report: Callable[[Durable], None]
    tell: Callable[[str], None]


def serve(
    data: Path, sockets: Sequence[socket.socket], limits: Limits, stop: int, surroundings: Surroundings
) -> bool:
    """Receive until the descriptor `stop` is readable; whether everything received is durable then.

    Raises LockHeldError when another receiver writes into this data directory, SpoolError when the
    spool cannot be used at all or the disk's thread died.
    """
    now, monotonic = surroundings.now, surroundings.monotonic
    with acquire(data / RECEIVE_LOCK, LOCK_WAIT_SECONDS, "soc receive"):
        spool = Spool(data / SPOOL, open_name="open-receive")
        try:
            spool.discard_unsealed()
            set_aside_unreadable(spool)
        except OSError as error:
            raise SpoolError(f"spool {spool.directory}: {error.strerror}") from error
        writer = RawWriter(
            spool.raw_directory, writer=f"receive@{socket.gethostname()}", seed=secrets.randbits(32)
        )
        sink = Sink(
            spool, writer, now=now, monotonic=monotonic, report=surroundings.report, tell=surroundings.tell
        )
        counters = Counters()
        encoder = Encoder(writer.seed, counters, now, sink.offer)
        receiver = Receiver(sockets, sink, encoder, counters, limits, monotonic)
        listening, started = describe(sockets), now()

        def tick() -> None:
            if not sink.alive:
                raise SpoolError("the thread that writes segments died; see the traceback above")
            write_status(
                spool.raw_directory, status_document(counters, sink.stored(), listening, started, now())
            )
            notify(ALIVE)

        sink.start()
        notify(READY)
        try:
            receiver.run(stop, tick)
        finally:
            notify(STOPPING)
            done = sink.stop(STOP_SECONDS)
        stored = sink.stored()
        write_status(spool.raw_directory, status_document(counters, stored, listening, started, now()))
        return done and not stored.lost
