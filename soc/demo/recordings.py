"""Recordings of real devices in the snmprec format: a row `OID|TYPE|VALUE` a line.

TYPE is the BER tag in decimal; `x` after it says that VALUE is hexadecimal, `e` that it holds
backslash escapes.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from soc.demo import ber
from soc.demo.tree import Value, Variable, VariableTree, encode_value

_NUMBERS = frozenset({ber.INTEGER, *ber.UNSIGNED_BITS})


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded device. `left_out`: rows that cannot be served, as (line number, reason)."""

    name: str
    tree: VariableTree
    left_out: tuple[tuple[int, str], ...]


def load_recording(path: Path) -> Recording:
    """Rows in any order; a repeated OID keeps its first row. Raises OSError when it cannot be read."""
    variables: list[Variable] = []
    left_out: list[tuple[int, str]] = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line.strip() or line.startswith(b"#"):
            continue
        try:
            variables.append(_parse(line.removesuffix(b"\r")))
        except ValueError as error:
            left_out.append((number, str(error)))
    return Recording(path.stem, VariableTree(variables), tuple(left_out))


def _parse(line: bytes) -> Variable:
    name, kind, text = line.split(b"|", 2)
    oid = ber.parse_oid(name.decode("ascii"))
    ber.encode_oid(oid)
    tag = int(kind.rstrip(b"xe"))
    if kind.endswith(b"x"):
        text = bytes.fromhex(text.decode("ascii"))
    elif kind.endswith(b"e"):
        text = text.decode("unicode_escape").encode("latin-1", "replace")
    value = _value(tag, text, raw=kind.endswith(b"x"))
    encode_value(tag, value)
    return Variable(oid, tag, value)


def _value(tag: int, text: bytes, *, raw: bool) -> Value:
    if tag in _NUMBERS:
        return int(text)
    if tag == ber.OBJECT_IDENTIFIER:
        return ber.parse_oid(text.decode("ascii"))
    if tag == ber.IP_ADDRESS and not raw and len(text) != 4:
        return ipaddress.IPv4Address(text.decode("ascii")).packed
    return None if tag == ber.NULL else text
