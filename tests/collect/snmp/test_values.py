"""soc.collect.snmp.values"""

from __future__ import annotations

from typing import Any

import pytest

from soc.collect.declare import ValueKind
from soc.collect.snmp.values import CONVERTERS, WRONG_TYPE, object_id


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("integer", -2147483648, -2147483648),
        ("integer", 2**32, WRONG_TYPE),
        ("integer", b"7", WRONG_TYPE),
        ("integer", True, WRONG_TYPE),
        ("counter32", 2**32 - 1, 2**32 - 1),
        ("counter32", 2**32, WRONG_TYPE),
        ("counter64", 2**64 - 1, 2**64 - 1),
        ("gauge", -1, WRONG_TYPE),
        ("ticks", 0, 0),
        ("text", b"caf\xe9\0", "caf\ufffd"),
        ("text", 5, WRONG_TYPE),
        ("octets", b"\0\1", b"\0\1"),
        ("oid", "1.3.6.1", "1.3.6.1"),
        ("oid", "3.1.5", "2.41.5"),
        ("oid", "3.10.179782201", WRONG_TYPE),
        ("oid", "no oid", WRONG_TYPE),
        ("oid", b"1.3.6", WRONG_TYPE),
        ("address", "192.0.2.1", "192.0.2.1"),
        ("address", "1.3.6.1.2", WRONG_TYPE),
        ("auto", 5, 5),
        ("auto", b"x", "x"),
        ("auto", 1.5, WRONG_TYPE),
        ("auto", None, WRONG_TYPE),
    ],
)
def test_a_value_is_what_was_declared_or_nothing(kind: ValueKind, raw: Any, value: Any) -> None:
    """Each kind takes its own type and range; anything else is WRONG_TYPE, never a number made of it."""
    assert CONVERTERS[kind](raw) == value


def test_a_long_string_is_bounded() -> None:
    """Text keeps its first 8192 characters."""
    assert len(CONVERTERS["text"](b"x" * 60_000)) == 8192


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("1.3.6.1.4.1.9.1.1208", "1.3.6.1.4.1.9.1.1208"),
        (b".1.3.6.1.4.1.232.165.11\0", "1.3.6.1.4.1.232.165.11"),
        (b"Example DS-6505B", ""),
        (b"10.0.0.1", ""),
        (b"1.3.6.1.4.1.9.", ""),
        (b"1.3.6.1." + b"1." * 200 + b"1", ""),
        (b"1.3.6.1.\xd9\xa3", ""),
        (7, ""),
        (None, ""),
    ],
)
def test_sys_object_id_as_text_is_one_too(raw: Any, found: str) -> None:
    """An octet string that holds a dotted OID says what the OID would, and nothing else does."""
    assert object_id(raw) == found
