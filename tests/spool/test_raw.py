"""soc.spool.raw"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soc.model import SpoolError
from soc.spool.raw import (
    MAXIMUM_PAYLOAD_BYTES,
    TRUNCATED,
    Damage,
    Frame,
    RawHeader,
    TornHeaderError,
    encode_frame,
    encode_header,
    read_raw,
)

HEADER = RawHeader("01HGW2N7EHJVQ9X8ZB4M5T6R7K", "receive@test", "local", 1_700_000_000.5, 11, 0xDEADBEEF)
START = len(encode_header(HEADER))


def encoded(number: int, payload: bytes = b"", seed: int = HEADER.seed, flags: int = 0) -> bytes:
    payload = payload or b"<13>message %d" % number
    return encode_frame(seed, number, 1_700_000_000_000_000 + number, flags, b"192.0.2.7", payload)


def written(directory: Path, *parts: bytes) -> Path:
    path = directory / f"{HEADER.segment}.raw"
    path.write_bytes(b"".join((encode_header(HEADER), *parts)))
    return path


def numbers(path: Path) -> list[int]:
    return [frame.number for frame in read_raw(path).frames]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Header and frames come back with everything in them, payloads of every size and byte."""
    payload = bytes(range(256)) * (MAXIMUM_PAYLOAD_BYTES // 256)
    path = written(tmp_path, encoded(11, b"\0"), encoded(12, payload, flags=1 | TRUNCATED))
    content = read_raw(path)
    assert content.header == HEADER
    assert content.damages == []
    assert content.valid_bytes == path.stat().st_size
    assert content.frames == [
        Frame(11, 1_700_000_000.000011, "udp", "192.0.2.7", b"\0"),
        Frame(12, 1_700_000_000.000012, "tcp", "192.0.2.7", payload, truncated=True),
    ]


def test_a_tail_torn_at_any_byte_costs_the_torn_frame_only(tmp_path: Path) -> None:
    """Wherever the last frame was cut, those before it are read and the place is told."""
    whole, last = [encoded(11), encoded(12)], encoded(13)
    end = START + sum(map(len, whole))
    for kept in range(1, len(last)):
        content = read_raw(written(tmp_path, *whole, last[:kept]))
        assert [frame.number for frame in content.frames] == [11, 12], kept
        assert content.valid_bytes == end
        assert content.damages == [Damage(end, kept, None)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_bit_costs_one_frame(tmp_path: Path, data: st.DataObject) -> None:
    """Whichever bit of a frame is wrong, that frame is lost, counted, and the following ones are read."""
    frames = [encoded(number) for number in range(11, 16)]
    hit = bytearray(frames[2])
    bit = data.draw(st.integers(0, len(hit) * 8 - 1))
    hit[bit // 8] ^= 1 << bit % 8
    content = read_raw(written(tmp_path, *frames[:2], bytes(hit), *frames[3:]))
    assert [frame.number for frame in content.frames] == [11, 12, 14, 15]
    assert [(damage.offset, damage.lost) for damage in content.damages] == [
        (START + len(frames[0]) + len(frames[1]), 1)
    ]


def test_missing_frames_are_counted(tmp_path: Path) -> None:
    """A hole of several frames is told with how many it held."""
    path = written(tmp_path, encoded(11), b"\xff" * 500, encoded(20))
    content = read_raw(path)
    assert [frame.number for frame in content.frames] == [11, 20]
    assert content.damages == [Damage(START + len(encoded(11)), 500, 8)]


@pytest.mark.parametrize("filling", [b"\0", b"\xff", b"<"])
def test_a_filled_tail_is_no_frame(tmp_path: Path, filling: bytes) -> None:
    """Blocks the file system had reserved and never written are not read as frames."""
    assert numbers(written(tmp_path, encoded(11), filling * 4096)) == [11]


def test_a_sender_cannot_forge_a_frame(tmp_path: Path) -> None:
    """Bytes in a payload that look like a frame are none, even where the frame around them is damaged."""
    forged = encoded(12, b"<13>forged", seed=0)
    around = bytearray(encoded(11, b"<13>x" + forged))
    around[9] ^= 1
    assert numbers(written(tmp_path, bytes(around), encoded(12))) == [12]


def test_a_frame_of_another_place_is_none(tmp_path: Path) -> None:
    """Numbers only rise: a repeated or older frame is damage."""
    assert numbers(written(tmp_path, encoded(11), encoded(12), encoded(12), encoded(13))) == [11, 12, 13]


def test_a_header_torn_at_any_byte_is_told_apart(tmp_path: Path) -> None:
    """A file that ends within its header never held a frame."""
    path = tmp_path / "torn.open"
    for kept in range(START):
        path.write_bytes(encode_header(HEADER)[:kept])
        with pytest.raises(TornHeaderError):
            read_raw(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PAR1" + b"x" * 100, "not a raw segment"),
        (encode_header(HEADER).replace(b"receive", b"RECEIVE"), "header is damaged"),
        (encode_header(replace(HEADER, format_version=9)), "newer than ours"),
    ],
)
def test_an_unusable_header_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """The reason is said; nothing is guessed."""
    path = tmp_path / "bad.raw"
    path.write_bytes(content)
    with pytest.raises(SpoolError, match=said):
        read_raw(path)


def test_a_header_lacking_something_is_refused(tmp_path: Path) -> None:
    """A header that reads but is not one of ours."""
    document = json.dumps({"format_version": 1}).encode()
    path = tmp_path / "bad.raw"
    length, checksum = len(document).to_bytes(4, "little"), crc32(document).to_bytes(4, "little")
    path.write_bytes(encode_header(HEADER)[:8] + length + checksum + document)
    with pytest.raises(SpoolError, match="lacks"):
        read_raw(path)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(max_size=400))
def test_any_bytes_are_survived(tmp_path: Path, noise: bytes) -> None:
    """Noise between frames never hides the frames around it, nor becomes one."""
    assert numbers(written(tmp_path, encoded(11), noise, encoded(12), noise)) == [11, 12]
