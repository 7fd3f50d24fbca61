"""Questions where a hub has the store: asked of the hub, over its socket (docs/reference.md, API)."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

from soc.model import ConfigurationError, LockHeldError, SocError, StoreError

if TYPE_CHECKING:
    from soc.store import Store

TIMEOUT_SECONDS = 30.0
BEGIN_SECONDS = 10.0
_PAGE_ITEMS = 1000
_MAXIMUM_ANSWER_BYTES = 256 * 1024 * 1024
T = TypeVar("T")


class NotFoundError(SocError):
    """The hub has nothing of that name."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout_seconds: float) -> None:
        super().__init__("localhost", timeout=timeout_seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class HubClient:
    """One hub. Every call raises SocError with what the hub says against it, or that it is gone."""

    def __init__(self, path: Path, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.path = path
        self._timeout_seconds = timeout_seconds

    def answers(self) -> bool:
        """Whether anybody listens."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(TIMEOUT_SECONDS)
            try:
                probe.connect(str(self.path))
            except OSError:
                return False
            return True

    def get(self, path: str, **query: Any) -> Any:
        """The document at `path`; what is None or "" is left out of the query."""
        wanted = {name: value for name, value in query.items() if value not in (None, "")}
        return self._ask("GET", path + (f"?{urlencode(wanted)}" if wanted else ""), None)

    def post(self, path: str, **document: Any) -> Any:
        return self._ask("POST", path, json.dumps(document).encode())

    def items(self, path: str, limit: int, **query: Any) -> Iterator[Any]:
        """At most `limit` items of the list at `path`, page by page."""
        after = None
        while limit > 0:
            page = self.get(path, limit=min(limit, _PAGE_ITEMS), after=after, **query)
            yield from page["items"]
            limit -= len(page["items"])
            after = page["next"]
            if after is None:
                return

    def _ask(self, method: str, target: str, body: bytes | None) -> Any:
        connection = _UnixConnection(self.path, self._timeout_seconds)
        try:
            connection.request(method, target, body, {"Soc-Client": "cli"})
            response = connection.getresponse()
            document = json.loads(response.read(_MAXIMUM_ANSWER_BYTES))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SocError(
                f"the hub at {self.path} gave no answer: {error or type(error).__name__}"
            ) from error
        finally:
            connection.close()
        if response.status != 200:
            raise _refused(response.status, str(document.get("message", response.reason)))
        return document


def _refused(status: int, message: str) -> SocError:
    match status:
        case 404:
            return NotFoundError(message)
        case 400 | 422:
            return ConfigurationError(message)
        case 429 | 503 if "store" not in message:
            return LockHeldError(f"{message}; nothing is lost, try again")
        case 503 | 507:
            return StoreError(message)
        case _:
            return SocError(message)


def segment(name: str) -> str:
    """A name as one part of a path."""
    return quote(name, safe="")


def hub_of(args: argparse.Namespace) -> HubClient | None:
    """The hub that these options and the environment mean, None where none answers."""
    from soc.cli._places import default_directory
    from soc.console.errors import DisconnectedError
    from soc.console.places import find_socket

    try:
        hub = HubClient(find_socket(None, args.data, os.environ, default_directory()))
    except (DisconnectedError, OSError):  # none, or not for this user to see
        return None
    return hub if hub.answers() else None


def ask(
    args: argparse.Namespace,
    command: str,
    of_hub: Callable[[HubClient], T],
    of_store: Callable[[Store, Path], T],
) -> T:
    """The hub's answer where there is one, else the store's, whose lock is held for as long as it takes."""
    from soc.cli._store import opened_store
    from soc.spool.layout import HUB_COMMAND

    hub = hub_of(args)
    if hub is not None:
        return of_hub(hub)
    try:
        with opened_store(args, command) as (store, data):
            return of_store(store, data)
    except LockHeldError as error:
        if error.command != HUB_COMMAND:
            raise
        return of_hub(_beginning(args, error))


def _beginning(args: argparse.Namespace, error: LockHeldError) -> HubClient:
    """The hub that has the store and does not answer yet. Raises the error when it does not in time."""
    ends = time.monotonic() + BEGIN_SECONDS
    while (hub := hub_of(args)) is None:
        if time.monotonic() >= ends:
            raise error
        time.sleep(0.1)
    return hub
