"""Who works with a hub while its processes are killed: senders of syslog, and an analyst who insists."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from soc.model.ids import digest
from tests.support.receiver import RunningReceiver, start
from tests.support.unix_http import Client

CANARIES = 20  # users that the senders name in turn
_CANARY_EVERY = 50
_LINES_AT_A_TIME = 10
_PAUSE_SECONDS = 0.05


class Receiver:
    """A `soc receive` that is killed and started again, and the ids of the events it answers for."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._held = ExitStack()
        self._done: list[RunningReceiver] = []
        self.start()

    def start(self) -> None:
        options = ("--udp", "127.0.0.1:0", "--tcp", "127.0.0.1:0")
        self.running = self._held.enter_context(start(self._data, *options))
        self._done.append(self.running)

    def kill(self) -> None:
        """kill -9; everything it has reported has been read then."""
        self._held.close()

    def event_ids(self) -> list[str]:
        """Of every frame that was reported durable."""
        return [
            digest("raw", segment, str(number))
            for running in self._done
            for segment, first, last in running.durable
            for number in range(first, last + 1)
        ]


class _Worker:
    """A thread that works until it is told to end; what breaks in it comes out of `end`."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self.stopping.set()
        self._thread.join(60)
        if self._error is not None:
            raise self._error

    def work(self) -> None:
        raise NotImplementedError

    def _run(self) -> None:
        try:
            while not self.stopping.is_set():
                self.work()
        except BaseException as error:
            self._error = error


class Sender(_Worker):
    """Sends numbered lines, by UDP and by TCP in turn; what a killed receiver loses is not sent again."""

    def __init__(self, receiver: Receiver) -> None:
        super().__init__()
        self._receiver = receiver
        self._next = 0
        self._connection: socket.socket | None = None

    def work(self) -> None:
        running = self._receiver.running
        try:
            running.send_udp(*self._lines())
            if self._connection is None:
                self._connection = running.connect()
            self._connection.sendall(b"".join(line + b"\n" for line in self._lines()))
        except OSError:
            self._close()
        time.sleep(_PAUSE_SECONDS)

    def end(self) -> None:
        super().end()
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _lines(self) -> list[bytes]:
        self._next += _LINES_AT_A_TIME
        return [_line(number).encode() for number in range(self._next - _LINES_AT_A_TIME, self._next)]


def _line(number: int) -> str:
    if number % _CANARY_EVERY:
        return f"<38>Oct 11 22:14:15 host app[1]: sent {number}"
    user = f"canary-sent-{number // _CANARY_EVERY % CANARIES}"
    return f"<38>Oct 11 22:14:15 host sshd[1]: Accepted publickey for {user} from 192.0.2.9 port 1 ssh2"


class Analyst(_Worker):
    """Takes every open alert and notes something on it. Whatever becomes of a request, the same one is
    made again until the hub has answered it; `done` are (action, alert id) of those."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._client = client
        self.done: list[tuple[str, str]] = []

    def work(self) -> None:
        for alert in self.untaken():
            taken = self._insist("acknowledge", alert)
            self._insist("note", taken, note="seen")
        time.sleep(0.2)

    def untaken(self) -> list[dict[str, Any]]:
        try:
            answer = self._client.get("/v1/alerts", filter="workflow:open", limit=20)
        except (OSError, http.client.HTTPException):
            return []
        return list(answer.document["items"]) if answer.status == 200 else []

    def _insist(self, action: str, alert: dict[str, Any], **more: str) -> dict[str, Any]:
        request = {"based_on": alert["version"], "request_id": f"{action}-{alert['id']}", **more}

        def ask() -> dict[str, Any] | None:
            try:
                answer = self._client.post(f"/v1/alerts/{alert['id']}/{action}", **request)
            except (OSError, http.client.HTTPException):
                return None
            assert answer.status in (200, 503), answer.body
            return dict(answer.document) if answer.status == 200 else None

        document = _until(ask)
        self.done.append((action, alert["id"]))
        return document


def _until(ask: Callable[[], dict[str, Any] | None], seconds: float = 240.0) -> dict[str, Any]:
    ends = time.monotonic() + seconds
    while (found := ask()) is None:
        assert time.monotonic() < ends, "the hub did not answer"
        time.sleep(0.1)
    return found
