"""Where one syslog message ends and the next begins on a TCP connection (RFC 6587).

Each message says by its first byte how it is framed: a digit begins a length (octet counting, section
3.4.1), anything else runs to the next line feed (section 3.4.2).
"""

from __future__ import annotations

import re

Message = tuple[bytes, bool]  # the message, and whether it is only a part of what was sent

_COUNT = re.compile(rb"([1-9][0-9]{0,6}) (?=<)")
_FRAME_ENDS = b"\r\n\0"


class Framer:
    """Cuts one connection's bytes into messages of at most `limit` bytes; the rest of one is skipped."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = b""
        self._skip_bytes = 0  # of a counted message already handed over
        self._skip_line = False  # up to the next line feed, likewise

    @property
    def unfinished(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._buffer) or self._skip_bytes > 0 or self._skip_line

    def feed(self, data: bytes) -> list[Message]:
        """The messages that `data` completes."""
        data = self._skip(self._buffer + data)
        messages: list[Message] = []
        position, size = 0, len(data)
        while position < size:
            if data[position] in _FRAME_ENDS:
                position += 1
                continue
            if found := _COUNT.match(data, position):
                begin, end = found.end(), found.end() + int(found[1])
                if end - begin > self._limit and size - begin >= self._limit:
                    messages.append((data[begin : begin + self._limit], True))
                    self._skip_bytes = max(0, end - size)
                elif end > size:
                    break
                else:
                    messages.append((data[begin:end], False))
                position = min(end, size)
                continue
            end = data.find(b"\n", position)
            if end < 0:
                # Too few bytes to tell a count from text, or a line that has not ended.
                if size - position <= self._limit:
                    break
                messages.append((data[position : position + self._limit], True))
                self._skip_line = True
                position = size
                continue
            if end - position > self._limit:
                messages.append((data[position : position + self._limit], True))
            else:
                messages.append((data[position:end].rstrip(_FRAME_ENDS), False))
            position = end + 1
        self._buffer = data[position:]
        return messages

    def end(self) -> list[Message]:
        """What is left when the connection ends: a last line may lack its line feed, a count its bytes."""
        data, self._buffer = self._buffer.rstrip(_FRAME_ENDS), b""
        found = _COUNT.match(data)
        text = data[found.end() :] if found else data
        return [(text, found is not None)] if text else []

    def _skip(self, data: bytes) -> bytes:
        if self._skip_bytes:
            skipped = min(self._skip_bytes, len(data))
            self._skip_bytes -= skipped
            return data[skipped:]
        if self._skip_line:
            end = data.find(b"\n")
            self._skip_line = end < 0
            return data[end + 1 :] if end >= 0 else b""
        return data
