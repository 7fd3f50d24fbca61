"""A plain HTTP client on a Unix socket: what any other program would use."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode


class UnixConnection(http.client.HTTPConnection):
    """http.client on a socket file."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=20)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@dataclass(frozen=True)
class Answer:
    status: int
    type: str
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


class Client:
    """Asks one API; a new connection for each question."""

    def __init__(self, path: Path, name: str = "api") -> None:
        self.path = path
        self._name = name

    def ask(self, method: str, target: str, body: bytes | None = None) -> Answer:
        connection = UnixConnection(self.path)
        try:
            connection.request(method, target, body, {"Soc-Client": self._name})
            response = connection.getresponse()
            return Answer(response.status, response.headers.get_content_type(), response.read())
        finally:
            connection.close()

    def get(self, path: str, **query: Any) -> Answer:
        return self.ask("GET", quote(path) + (f"?{urlencode(query)}" if query else ""))

    def post(self, path: str, **document: Any) -> Answer:
        return self.ask("POST", quote(path), json.dumps(document).encode())

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """The items of every page."""
        after: str | None = ""
        while after is not None:
            answer = self.get(path, **query, **({"after": after} if after else {}))
            assert answer.status == 200, answer.body
            yield from answer.document["items"]
            after = answer.document["next"]

    def stream(self) -> Stream:
        return Stream(self.path)


class Stream:
    """Server-sent events as (event, document), read one by one."""

    def __init__(self, path: Path) -> None:
        self._connection = UnixConnection(path)
        self._connection.request("GET", "/v1/stream")
        self.response = self._connection.getresponse()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.response.close()
        self._connection.close()

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        event = ""
        while line := self.response.readline():
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "event":
                event = value
            elif name == "data":
                yield event, json.loads(value)

    def until(self, wanted: str) -> Any:
        """The document of the next event of that name."""
        return next(document for event, document in self if event == wanted)
