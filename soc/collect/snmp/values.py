"""Values as declared: a device's word is checked against the column's kind, never taken for 0."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from soc.collect.declare import ValueKind
from soc.model.text import decode


class _WrongType:
    """The value is of another type than declared."""


WRONG_TYPE = _WrongType()
_LARGEST_OCTET = 127
_DOTTED = re.compile(r"\d{1,10}(?:\.\d{1,10}){1,127}")


def _within(lowest: int, highest: int) -> Callable[[Any], Any]:
    def check(raw: Any) -> Any:
        return raw if type(raw) is int and lowest <= raw <= highest else WRONG_TYPE

    return check


def _auto(raw: Any) -> Any:
    if type(raw) is int:
        return raw
    if isinstance(raw, bytes):
        return decode(raw)
    return raw if isinstance(raw, str) else WRONG_TYPE


def _text(raw: Any) -> Any:
    return decode(raw) if isinstance(raw, bytes) else WRONG_TYPE


def _octets(raw: Any) -> Any:
    return raw if isinstance(raw, bytes) else WRONG_TYPE


def _oid(raw: Any) -> Any:
    if not isinstance(raw, str) or not _DOTTED.fullmatch(raw):
        return WRONG_TYPE
    first, second = map(int, raw.split(".", 2)[:2])
    # The first two arcs are one number (X.690 section 8.19.4), of which gufo reads one octet only.
    number = first * 40 + second
    if number > _LARGEST_OCTET or (first < 2 and second >= 40):
        return WRONG_TYPE
    return raw if first <= 2 else f"2.{number - 80}{raw[len(f'{first}.{second}') :]}"


def object_id(raw: Any) -> str:
    """A sysObjectID as dotted text, "" where it is none. Some agents send it as an octet string."""
    if isinstance(raw, bytes):
        raw = raw.strip(b" \0").removeprefix(b".").decode("ascii", "replace")
        if not raw.startswith("1.3.6.1."):
            return ""
    found = _oid(raw)
    return "" if found is WRONG_TYPE else str(found)


def _address(raw: Any) -> Any:
    if not isinstance(raw, str):
        return WRONG_TYPE
    try:
        return str(ip_address(raw))
    except ValueError:
        return WRONG_TYPE


def convert_all(kind: ValueKind, cells: list[Any]) -> list[Any]:
    """Each cell as CONVERTERS have it; a column of honest cells is checked as a whole."""
    types = {*map(type, cells)}
    if types == {int}:
        if kind == "auto":
            return cells
        if kind in RANGES and RANGES[kind][0] <= min(cells) and max(cells) <= RANGES[kind][1]:
            return cells
    return list(map(CONVERTERS[kind], cells))


# Ranges of RFC 2578 section 7.1; the decoder says "an integer", not which application type it was.
RANGES: dict[ValueKind, tuple[int, int]] = {
    "integer": (-(2**31), 2**32 - 1),
    "counter32": (0, 2**32 - 1),
    "counter64": (0, 2**64 - 1),
    "gauge": (0, 2**32 - 1),
    "ticks": (0, 2**32 - 1),
}
CONVERTERS: dict[ValueKind, Callable[[Any], Any]] = {
    **{kind: _within(*limits) for kind, limits in RANGES.items()},
    "auto": _auto,
    "text": _text,
    "octets": _octets,
    "oid": _oid,
    "address": _address,
}
