"""Hostile text: bounded, decoded with replacement, cleaned where it is shown."""

from __future__ import annotations

import re

MAXIMUM_TEXT_CHARACTERS = 8192
MAXIMUM_CURSOR_CHARACTERS = 1024

# C0, DEL, C1, line and paragraph separators, bidirectional controls, zero-width and other format
# characters a terminal may act on (Unicode TR36, TR9); lone surrogates cannot be encoded at all.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def decode(data: bytes, limit: int = MAXIMUM_TEXT_CHARACTERS) -> str:
    """A device's bytes as text: UTF-8 with replacement, trailing NULs dropped, `limit` characters."""
    return data[: limit * 4].rstrip(b"\0").decode("utf-8", "replace")[:limit]


def is_cursor(text: str) -> bool:
    """Whether it may name a place in a log: text that can be kept, printed and sent as one line."""
    return 0 < len(text) <= MAXIMUM_CURSOR_CHARACTERS and not _UNSAFE.search(text)


def clean(text: str, limit: int = MAXIMUM_TEXT_CHARACTERS) -> str:
    """Text safe to print on a terminal on one line: control and format characters become '\u00b7'."""
    return _UNSAFE.sub("\u00b7", text[:limit])
