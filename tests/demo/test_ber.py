"""BER as SNMP uses it, against known encodings and against itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc.demo import ber
from soc.demo.tree import Variable, VariableTree, encode_value

OIDS = st.builds(
    lambda first, second, rest: (first, second, *rest),
    st.integers(0, 1),
    st.integers(0, 39),
    st.lists(st.integers(0, (1 << 32) - 1), max_size=20),
)


@pytest.mark.parametrize(
    ("value", "encoded"),
    [(0, "020100"), (127, "02017f"), (128, "02020080"), (-1, "0201ff"), (-129, "0202ff7f")],
)
def test_integers(value: int, encoded: str) -> None:
    """Two's complement in the fewest octets (X.690 section 8.3)."""
    assert ber.encode_integer(value).hex() == encoded


def test_known_oid() -> None:
    """1.3.6.1.4.1.8072 as net-snmp encodes it."""
    assert ber.encode_oid((1, 3, 6, 1, 4, 1, 8072)).hex() == "2b06010401bf08"


@settings(deadline=None)
@given(OIDS)
def test_oid_round_trip(oid: tuple[int, ...]) -> None:
    """What is encoded is decoded again."""
    assert ber.decode_oid(ber.encode_oid(oid)) == oid


@pytest.mark.parametrize("content", [b"", b"\x2b\x86", b"\x2b\xff\xff\xff\xff\xff\x7f", b"\x2b" * 200])
def test_malformed_oids(content: bytes) -> None:
    """Empty, cut, too large and overlong object identifiers are told apart from good ones."""
    with pytest.raises(ber.MalformedError):
        ber.decode_oid(content)


@pytest.mark.parametrize("oid", [(1,), (3, 1), (1, 40), (1, 3, -1), (1, 3, 1 << 32), (1,) * 129])
def test_oids_without_an_encoding(oid: tuple[int, ...]) -> None:
    """What is no object identifier is refused when encoded."""
    with pytest.raises(ValueError, match=r"object identifier|sub-identifier"):
        ber.encode_oid(oid)


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (ber.INTEGER, 1 << 31),
        (ber.INTEGER, b"text"),
        (ber.IP_ADDRESS, b"\x7f\x00\x01"),
        (ber.OCTET_STRING, 5),
        (ber.OCTET_STRING, b"x" * 70_000),
        (0x99, 1),
    ],
)
def test_values_that_do_not_fit(tag: int, value: int | bytes) -> None:
    """A value of another type or width than its tag is refused, with its OID once in a tree."""
    with pytest.raises(ValueError, match="BER tag"):
        encode_value(tag, value)
    with pytest.raises(ValueError, match=r"1\.3\.6\.1: "):
        VariableTree([Variable((1, 3, 6, 1), tag, value)])
