"""Raw segments: what was sent to us, as it came, before anything is made of it.

    file   = magic (8) | length u32 | CRC32 u32 | header (JSON)  | frame *
    frame  = length u32 | CRC32 u32 | number u64 | received u64 (UTC microseconds) | flags u8
             | source length u8 | source | payload

Integers are little-endian; a frame's length counts what follows its CRC. The CRC starts from the header's
random `seed` and the length: a sender cannot put a valid frame into its payload, and zeroes are no frame.
Numbers rise by one within a file, so a reader knows how many frames a damaged place held.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass, field
from pathlib import Path
from zlib import crc32

from soc.model import SpoolError
from soc.model.text import decode

FORMAT_VERSION = 1
OPEN_SUFFIX, SEALED_SUFFIX = ".open", ".raw"
MAXIMUM_PAYLOAD_BYTES = 65_536
TRANSPORTS: tuple[str, ...] = ("udp", "tcp")  # flags, bits 0 to 3
TRUNCATED = 0x80  # flags, bit 7: the sender's message was longer

_MAGIC = b"SOCRAW\r\n"
_PREFIX = struct.Struct("<II")
_BODY = struct.Struct("<QQBB")
_NUMBER = struct.Struct("<IIQ")
_MAXIMUM_SOURCE_BYTES = 255
_MAXIMUM_BODY_BYTES = _BODY.size + _MAXIMUM_SOURCE_BYTES + MAXIMUM_PAYLOAD_BYTES
_MAXIMUM_HEADER_BYTES = 65_536
_MAXIMUM_FILE_BYTES = 256 * 1024**2


@dataclass(frozen=True, slots=True)
class RawHeader:
    """What a raw segment says of itself; `first` is the number of its first frame."""

    segment: str  # ULID of the moment it was begun
    writer: str
    site: str
    created: float  # UTC seconds
    first: int
    seed: int  # 32 random bits
    format_version: int = FORMAT_VERSION


@dataclass(frozen=True, slots=True)
class Frame:
    """One message as it was received."""

    number: int
    received: float  # UTC seconds
    transport: str
    source: str  # address, without port
    payload: bytes
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Damage:
    """A place that holds no valid frame. `lost` counts its frames; None = nobody knows (the end is gone)."""

    offset: int
    size_bytes: int
    lost: int | None


@dataclass(slots=True)
class RawContent:
    """A raw segment as read: every frame that is whole, and what is not."""

    header: RawHeader
    frames: list[Frame] = field(default_factory=list)
    damages: list[Damage] = field(default_factory=list)
    valid_bytes: int = 0  # up to the first damage
    torn: bool = False  # whether the end is a write cut short


class TornHeaderError(SpoolError):
    """The file ends within its header: it never held a frame."""


def encode_header(header: RawHeader) -> bytes:
    document = json.dumps(asdict(header)).encode()
    return _MAGIC + _PREFIX.pack(len(document), crc32(document)) + document


def encode_frame(
    seed: int, number: int, received_microseconds: int, flags: int, source: bytes, payload: bytes
) -> bytes:
    """`flags` = index into TRANSPORTS, with TRUNCATED where the message was cut to MAXIMUM_PAYLOAD_BYTES."""
    body = _BODY.pack(number, received_microseconds, flags, len(source)) + source + payload
    length = len(body)
    return _PREFIX.pack(length, crc32(body, seed ^ length)) + body


def read_raw(path: Path) -> RawContent:
    """The whole file; behind a damaged place reading goes on with the next valid frame.

    Raises SpoolError when the header does not read or is of a newer format (TornHeaderError when the
    file ends within it), OSError when the file does not.
    """
    if path.stat().st_size > _MAXIMUM_FILE_BYTES:
        raise SpoolError(f"{path.name}: larger than any raw segment ({_MAXIMUM_FILE_BYTES} bytes)")
    data = path.read_bytes()
    header, offset = _header(data, path.name)
    content = RawContent(header, valid_bytes=offset)
    last = header.first - 1
    while offset < len(data):
        end = _frame_end(data, offset, header.seed)
        if end and (number := _NUMBER.unpack_from(data, offset)[2]) > last:
            content.frames.append(_frame(data, offset, end))
            offset, last = end, number
            if not content.damages:
                content.valid_bytes = end
            continue
        found = _resynchronise(data, offset + 1, last, header.seed)
        lost = None if found is None else _NUMBER.unpack_from(data, found)[2] - last - 1
        resume = len(data) if found is None else found
        content.damages.append(Damage(offset, resume - offset, lost))
        content.torn = found is None and _is_torn(data, offset, header.seed)
        offset = resume
    return content


def _header(data: bytes, name: str) -> tuple[RawHeader, int]:
    start = len(_MAGIC) + _PREFIX.size
    if len(data) < start and data[: len(_MAGIC)] == _MAGIC[: len(data)]:
        raise TornHeaderError(f"{name}: ends within its header")
    if not data.startswith(_MAGIC):
        raise SpoolError(f"{name}: not a raw segment")
    length, checksum = _PREFIX.unpack_from(data, len(_MAGIC))
    document = data[start : start + length]
    if length <= _MAXIMUM_HEADER_BYTES and len(document) < length:
        raise TornHeaderError(f"{name}: ends within its header")
    if length > _MAXIMUM_HEADER_BYTES or crc32(document) != checksum:
        raise SpoolError(f"{name}: its header is damaged")
    try:
        values = json.loads(document)
        if (version := int(values["format_version"])) > FORMAT_VERSION:
            raise SpoolError(f"{name}: raw format {version} is newer than ours ({FORMAT_VERSION})")
        header = RawHeader(
            str(values["segment"]), str(values["writer"]), str(values["site"]), float(values["created"]),
            int(values["first"]), int(values["seed"]), version,
        )  # fmt: skip
    except (ValueError, KeyError, TypeError) as error:
        raise SpoolError(f"{name}: its header lacks what a raw segment needs") from error
    return header, start + length


def _frame_end(data: bytes, offset: int, seed: int) -> int:
    """Where the frame at `offset` ends; 0 where there is none that is whole."""
    if offset + _PREFIX.size + _BODY.size > len(data):
        return 0
    length, checksum = _PREFIX.unpack_from(data, offset)
    begin = offset + _PREFIX.size
    if not _BODY.size <= length <= _MAXIMUM_BODY_BYTES or begin + length > len(data):
        return 0
    with memoryview(data) as view:
        whole = crc32(view[begin : begin + length], seed ^ length) == checksum
    return begin + length if whole else 0


def _frame(data: bytes, offset: int, end: int) -> Frame:
    begin = offset + _PREFIX.size
    number, microseconds, flags, source_length = _BODY.unpack_from(data, begin)
    begin += _BODY.size
    transport = flags & 0x0F
    return Frame(
        number,
        microseconds / 1e6,
        TRANSPORTS[transport] if transport < len(TRANSPORTS) else "",
        decode(data[begin : begin + source_length]),
        data[begin + source_length : end],
        bool(flags & TRUNCATED),
    )


def _is_torn(data: bytes, offset: int, seed: int) -> bool:
    """Whether the end, from `offset` on, is a write cut short, and no frame that was whole once.

    A cut write is the beginning of a frame that would end behind the file, or room the file system gave
    and nothing was written to. What is a whole frame but for its length was written.
    """
    rest = data[offset:]
    if len(rest) < _PREFIX.size or not rest.strip(b"\0"):
        return True
    length, checksum = _PREFIX.unpack_from(rest)
    body = rest[_PREFIX.size :]
    if not _BODY.size <= length <= _MAXIMUM_BODY_BYTES or length <= len(body):
        return False
    whole_but_for_its_length = crc32(body, seed ^ len(body)) == checksum
    return not whole_but_for_its_length


def _resynchronise(data: bytes, start: int, last: int, seed: int) -> int | None:
    """Offset of the next valid frame with a number that can follow `last`."""
    highest = last + (len(data) - start) // (_PREFIX.size + _BODY.size) + 1
    for offset in range(start, len(data) - _NUMBER.size + 1):
        if last < _NUMBER.unpack_from(data, offset)[2] <= highest and _frame_end(data, offset, seed):
            return offset
    return None
