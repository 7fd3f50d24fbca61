"""Identifiers that any writer can mint, the same for the same input."""

from __future__ import annotations

import hashlib
import os

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def digest(*parts: str, size: int = 16) -> str:
    """Hex hash of the parts, unambiguous in where one part ends (each is length-prefixed)."""
    state = hashlib.blake2b(digest_size=size)
    for part in parts:
        data = part.encode("utf-8", "replace")
        state.update(len(data).to_bytes(8, "big"))
        state.update(data)
    return state.hexdigest()


def ulid(time_ms: int, tail: bytes | None = None) -> str:
    """ULID (github.com/ulid/spec): 48 bits of milliseconds, then 80 bits, random unless given."""
    tail = os.urandom(10) if tail is None else tail
    number = (time_ms << 80) | int.from_bytes(tail[:10].ljust(10, b"\0"), "big")
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def ulid_time_ms(text: str) -> int:
    """The milliseconds in a ULID; 0 for text that is none."""
    if len(text) != 26 or not set(text) <= set(_CROCKFORD):
        return 0
    number = 0
    for character in text[:10]:
        number = number << 5 | _CROCKFORD.index(character)
    return number & (1 << 48) - 1
