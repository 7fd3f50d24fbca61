"""soc.intake.receive.framing"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc.intake.receive.framing import Framer, Message

LIMIT = 64


def feed(*pieces: bytes, limit: int = LIMIT) -> list[Message]:
    framer = Framer(limit)
    messages = [message for piece in pieces for message in framer.feed(piece)]
    return messages + framer.end()


def whole(*texts: bytes) -> list[Message]:
    return [(text, False) for text in texts]


@pytest.mark.parametrize(
    ("sent", "messages"),
    [
        (b"<13>one\n<13>two\r\n<13>three\0\n", whole(b"<13>one", b"<13>two", b"<13>three")),
        (b"7 <13>one8 <13>a\nb\n7 <13>two", whole(b"<13>one", b"<13>a\nb\n", b"<13>two")),
        (b"7 <13>one\n<13>two\n7 <13>six", whole(b"<13>one", b"<13>two", b"<13>six")),
        (b"\n\r\n\n<13>one\n\n\n", whole(b"<13>one")),
        (b"2024 was a year\n", whole(b"2024 was a year")),
        (b"12 monkeys\n", whole(b"12 monkeys")),
        (b"0 <13>x\n", whole(b"0 <13>x")),
        (b"99999999 <13>x\n", whole(b"99999999 <13>x")),
        (b"no priority\n", whole(b"no priority")),
        (b"", []),
    ],
)
def test_messages_are_told_apart(sent: bytes, messages: list[Message]) -> None:
    """Both framings, mixed as senders do, each message as it was sent."""
    assert feed(sent) == messages


def test_the_last_line_may_lack_its_end() -> None:
    """A line that the end of the connection ends is whole; a count that was not reached is a part."""
    assert feed(b"<13>one\n<13>two") == whole(b"<13>one", b"<13>two")
    assert feed(b"10 <13>on") == [(b"<13>on", True)]


def test_long_messages_are_cut_and_the_next_is_found() -> None:
    """Of a message over the limit the beginning is kept; what follows it is not lost."""
    long = b"<13>" + b"x" * 200
    assert feed(long + b"\n<13>next\n") == [(long[:LIMIT], True), (b"<13>next", False)]
    assert feed(b"204 " + long + b"8 <13>next") == [(long[:LIMIT], True), (b"<13>next", False)]
    assert feed(b"9999999 <13>" + b"x" * LIMIT) == [(b"<13>" + b"x" * (LIMIT - 4), True)]


_LINE = st.binary(min_size=1, max_size=100).map(lambda text: b"<13>" + text.replace(b"\n", b"."))
_PART = st.one_of(
    _LINE.map(lambda line: line + b"\n"), _LINE.map(lambda line: b"%d %s" % (len(line), line)), st.binary()
)


@settings(max_examples=150, deadline=None)
@given(parts=st.lists(_PART, max_size=8), cuts=st.lists(st.integers(0, 600), max_size=12))
def test_how_bytes_arrive_changes_nothing(parts: list[bytes], cuts: list[int]) -> None:
    """Messages are the same whether they come at once, in pieces, or byte by byte; and never too long."""
    sent = b"".join(parts)
    bounds = [0, *sorted(min(cut, len(sent)) for cut in cuts), len(sent)]
    pieces = [sent[begin:end] for begin, end in itertools.pairwise(bounds)]
    expected = feed(sent)
    assert feed(*pieces) == expected
    assert feed(*(sent[index : index + 1] for index in range(len(sent)))) == expected
    assert all(0 < len(message) <= LIMIT for message, _ in expected)


def test_memory_is_bounded() -> None:
    """A line that never ends costs its limit, not what is sent of it."""
    framer = Framer(LIMIT)
    kept = [message for _ in range(1000) for message in framer.feed(b"<13>" + b"x" * 96)]
    assert len(kept) == 1
    assert framer.unfinished
    assert framer.end() == []
