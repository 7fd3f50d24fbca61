"""soc.console.sse: server-sent events in whatever pieces they come."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soc.console.errors import DisconnectedError
from soc.console.sse import StreamEvent, StreamParser

STREAM = (
    'event: hello\ndata: {}\n\n: heartbeat\n\nevent: alert\r\ndata: {"a":\r\ndata:"ü"}\r\n\r\n'
    "id: 7\nretry: 10\ndata: plain\n\nevent: nothing\n\n"
).encode()
EVENTS = [StreamEvent("hello", "{}"), StreamEvent("alert", '{"a":\n"ü"}'), StreamEvent("message", "plain")]


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_events_come_whole_however_they_are_cut(cuts: list[int]) -> None:
    """Cut anywhere, inside a character or a line break too, the stream says the same."""
    parser = StreamParser()
    bounds = [0, *sorted(cuts), len(STREAM)]
    events = []
    for begin, end in pairwise(bounds):
        events += parser.feed(STREAM[begin:end])
    assert events == EVENTS


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(data: bytes) -> None:
    """No bytes raise anything; names and data are text."""
    for event in StreamParser().feed(data):
        assert isinstance(event.name + event.data, str)


@pytest.mark.parametrize("line", [b"data: " + b"x" * 100_000 + b"\n", b"y" * 100_000])
def test_event_without_end(line: bytes) -> None:
    """An event that never ends is given up before it fills the memory."""
    parser = StreamParser()

    def feed() -> None:
        for _ in range(100):
            parser.feed(line)

    with pytest.raises(DisconnectedError, match="larger than"):
        feed()
