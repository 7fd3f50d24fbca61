"""soc.intake.receive.encoder"""

from __future__ import annotations

from pathlib import Path

from soc.intake.receive.counters import Counters
from soc.intake.receive.encoder import Encoder
from soc.intake.receive.sink import Chunk
from soc.spool.raw import Frame, RawHeader, encode_header, read_raw

SEED = 9


def frames(chunks: list[Chunk], directory: Path) -> list[Frame]:
    path = directory / "x.raw"
    header = encode_header(RawHeader("x", "test", "local", 0.0, 1, SEED))
    path.write_bytes(header + b"".join(chunk.frames for chunk in chunks))
    return read_raw(path).frames


def test_messages_are_numbered_over_all_chunks(tmp_path: Path) -> None:
    """From 1, without a gap, each chunk saying which it holds; an empty one is none."""
    chunks: list[Chunk] = []
    counters = Counters()
    encoder = Encoder(SEED, counters, lambda: 1_700_000_000.25, chunks.append)
    encoder.add("udp", "192.0.2.7", b"one")
    encoder.add("tcp", "::ffff:192.0.2.8", b"two", truncated=True)
    encoder.flush()
    encoder.flush()
    encoder.add("tcp", "2001:db8::1", b"three")
    encoder.flush()
    assert [(chunk.first, chunk.last) for chunk in chunks] == [(1, 2), (3, 3)]
    assert frames(chunks, tmp_path) == [
        Frame(1, 1_700_000_000.25, "udp", "192.0.2.7", b"one"),
        Frame(2, 1_700_000_000.25, "tcp", "192.0.2.8", b"two", truncated=True),
        Frame(3, 1_700_000_000.25, "tcp", "2001:db8::1", b"three"),
    ]
    assert counters.received == {"udp": 1, "tcp": 2}
    assert counters.truncated == 1


def test_chunks_stay_small(tmp_path: Path) -> None:
    """Much at once is handed over in pieces, so that segments keep near their size."""
    chunks: list[Chunk] = []
    encoder = Encoder(SEED, Counters(), lambda: 0.0, chunks.append)
    for _ in range(100):
        encoder.add("tcp", "192.0.2.7", b"x" * 60_000)
    encoder.flush()
    assert max(len(chunk.frames) for chunk in chunks) < 1_200_000
    assert [frame.number for frame in frames(chunks, tmp_path)] == list(range(1, 101))
