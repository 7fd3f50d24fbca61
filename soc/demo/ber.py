"""The part of BER (ITU-T X.690) that SNMP messages use (RFC 3417 section 8): definite lengths only."""

from __future__ import annotations

INTEGER = 0x02
OCTET_STRING = 0x04
NULL = 0x05
OBJECT_IDENTIFIER = 0x06
SEQUENCE = 0x30
IP_ADDRESS = 0x40
COUNTER32 = 0x41
GAUGE32 = 0x42
TIME_TICKS = 0x43
OPAQUE = 0x44
COUNTER64 = 0x46
NO_SUCH_OBJECT = 0x80
NO_SUCH_INSTANCE = 0x81
END_OF_MIB_VIEW = 0x82

UNSIGNED_BITS = {COUNTER32: 32, GAUGE32: 32, TIME_TICKS: 32, COUNTER64: 64}
MAXIMUM_SUB_IDENTIFIERS = 128  # RFC 2578 section 3.5

Oid = tuple[int, ...]


class MalformedError(ValueError):
    """The bytes are not the BER that was expected."""


def encode(tag: int, content: bytes) -> bytes:
    """One tag-length-value."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size, "big") + content


def encode_integer(value: int, tag: int = INTEGER) -> bytes:
    """Two's complement in the fewest octets; an unsigned value keeps its leading zero octet."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return encode(tag, value.to_bytes(size, "big", signed=True))


def encode_oid(oid: Oid) -> bytes:
    """The content octets (no tag) of an OBJECT IDENTIFIER. Raises ValueError when it has no encoding."""
    if not 2 <= len(oid) <= MAXIMUM_SUB_IDENTIFIERS or oid[0] > 2 or (oid[0] < 2 and oid[1] > 39):
        raise ValueError(f"not an object identifier: {oid[:12]}")
    content = bytearray()
    for number in (oid[0] * 40 + oid[1], *oid[2:]):
        if not 0 <= number < 1 << 32:
            raise ValueError(f"sub-identifier {number} is not within 32 bits")
        if number < 0x80:
            content.append(number)
            continue
        for shift in range((number.bit_length() - 1) // 7 * 7, 0, -7):
            content.append(0x80 | (number >> shift) & 0x7F)
        content.append(number & 0x7F)
    return bytes(content)


def decode_oid(content: bytes) -> Oid:
    """Raises MalformedError for an empty, cut or overlong object identifier."""
    numbers: list[int] = []
    number = 0
    for octet in content:
        number = number << 7 | octet & 0x7F
        if octet < 0x80:
            numbers.append(number)
            number = 0
        elif number >= 1 << 32:
            raise MalformedError("sub-identifier beyond 32 bits")
    if not numbers or content[-1] >= 0x80 or len(numbers) >= MAXIMUM_SUB_IDENTIFIERS:
        raise MalformedError("object identifier cut or overlong")
    first = min(numbers[0] // 40, 2)
    return (first, numbers[0] - first * 40, *numbers[1:])


def read(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """The element at `at`: its tag and where its content starts and ends, checked against `end`."""
    if at + 2 > end:
        raise MalformedError("cut before a length")
    length = data[at + 1]
    start = at + 2
    if length >= 0x80:
        size = length & 0x7F
        if not 1 <= size <= 4 or start + size > end:
            raise MalformedError("length not definite or cut")
        length = int.from_bytes(data[start : start + size], "big")
        start += size
    stop = start + length
    if stop > end:
        raise MalformedError("content cut")
    return data[at], start, stop


def parse_oid(text: str) -> Oid:
    """Dotted text to numbers. Raises ValueError."""
    return tuple(map(int, text.lstrip(".").split(".")))
