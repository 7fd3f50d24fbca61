"""Server-sent events (WHATWG HTML, section 9.2), parsed as they arrive."""

from __future__ import annotations

from dataclasses import dataclass

from soc.console.errors import DisconnectedError

MAXIMUM_EVENT_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event; `name` is "message" where the hub named none."""

    name: str
    data: str


class StreamParser:
    """Bytes in, whole events out; comments (heartbeats) and unknown fields vanish."""

    def __init__(self) -> None:
        self._rest = b""
        self._name = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, data: bytes) -> list[StreamEvent]:
        """The events that `data` completes. Raises DisconnectedError when one grows beyond all bounds."""
        *lines, self._rest = (self._rest + data).replace(b"\r\n", b"\n").split(b"\n")
        events = []
        for line in lines:
            self._size += len(line)
            if line:
                self._field(line.decode("utf-8", "replace"))
                continue
            if self._data:
                events.append(StreamEvent(self._name or "message", "\n".join(self._data)))
            self._name, self._data, self._size = "", [], 0
        if self._size + len(self._rest) > MAXIMUM_EVENT_BYTES:
            raise DisconnectedError("the hub's stream sent an event larger than 4 MiB")
        return events

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._name = value
        elif name == "data":
            self._data.append(value)
