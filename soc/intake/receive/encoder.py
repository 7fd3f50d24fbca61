"""Number messages and encode them, gathered into chunks for the sink."""

from __future__ import annotations

from collections.abc import Callable

from soc.intake.receive.counters import Counters
from soc.intake.receive.sink import Chunk
from soc.spool.raw import MAXIMUM_PAYLOAD_BYTES, TRANSPORTS, TRUNCATED, encode_frame

_CHUNK_BYTES = 1024**2
_MAPPED = "::ffff:"  # an IPv4 sender on an IPv6 socket (RFC 4291 section 2.5.5.2)
_MAXIMUM_SOURCES = 65_536
_FLAGS = {name: index for index, name in enumerate(TRANSPORTS)}


class Encoder:
    """Frames numbered from 1; `offer` takes each chunk."""

    def __init__(
        self, seed: int, counters: Counters, now: Callable[[], float], offer: Callable[[Chunk], None]
    ) -> None:
        self._seed = seed
        self._counters = counters
        self._now = now
        self._offer = offer
        self._sources: dict[str, bytes] = {}
        self._frames: list[bytes] = []
        self._added = dict.fromkeys(TRANSPORTS, 0)
        self._bytes = 0
        self._first = self._next = 1

    def add(self, transport: str, address: str, payload: bytes, truncated: bool = False) -> None:
        source = self._sources.get(address) or self._source(address)
        flags = _FLAGS[transport]
        if truncated:
            flags |= TRUNCATED
            self._counters.truncated += 1
        frame = encode_frame(
            self._seed, self._next, int(self._now() * 1e6), flags, source, payload[:MAXIMUM_PAYLOAD_BYTES]
        )
        self._next += 1
        self._added[transport] += 1
        self._frames.append(frame)
        self._bytes += len(frame)
        if self._bytes >= _CHUNK_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand over what was added."""
        if self._frames:
            self._offer(Chunk(self._first, self._next - 1, b"".join(self._frames)))
            self._counters.received.update(self._added)
            self._added = dict.fromkeys(TRANSPORTS, 0)
            self._frames, self._bytes, self._first = [], 0, self._next

    def _source(self, address: str) -> bytes:
        if len(self._sources) >= _MAXIMUM_SOURCES:
            self._sources.clear()
        source = address.removeprefix(_MAPPED) if "." in address else address
        return self._sources.setdefault(address, source.encode("ascii", "replace")[:255])
