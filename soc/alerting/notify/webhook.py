"""Webhooks: one JSON document by POST. The URL is a secret and appears in no message."""

from __future__ import annotations

import http.client
import json
import socket
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

from soc import __version__
from soc.alerting.notify.attempt import Attempt, Progress
from soc.alerting.notify.connection import (
    PlainSocket,
    TlsSocket,
    connected,
    failure_words,
    peer_words,
    secured,
    tls_words,
)
from soc.alerting.notify.message import Message, document
from soc.inventory.settings import WebhookTarget
from soc.model import CredentialError

# A gateway may answer so for a server that took the request.
_MAY_HAVE_ARRIVED = {HTTPStatus.REQUEST_TIMEOUT, *range(500, 1000)}
# Refusals that concern the address, our right to use it or the moment: they may pass, unlike a refusal of
# the document (RFC 9110 section 15.5).
_MAY_PASS = {401, 403, 404, 405, 407, 425, 429}


def send(target: WebhookTarget, message: Message, *, seconds: float, progress: Progress) -> Attempt:
    """One request; no redirect is followed, no proxy asked. Receivers know a double by Idempotency-Key."""
    progress.begin("secret")
    try:
        url = urlsplit(target.url.resolve())
        host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    except CredentialError as error:
        return progress.ended("retry", str(error))
    except ValueError:  # whose text shows the URL
        return progress.ended("retry", "the URL is malformed")
    if url.scheme not in ("http", "https") or not host:
        return progress.ended("retry", "expected a URL beginning with https:// or http://")
    if url.username is not None:
        return progress.ended("retry", "a URL with a user's name is not supported")
    progress.begin("connect")
    try:
        with connected(host, port, seconds) as plain:
            progress.done(peer_words(plain))
            connection: PlainSocket | TlsSocket = plain
            if url.scheme == "https":
                progress.begin("tls")
                connection = secured(plain, host)
                progress.done(tls_words(connection))
            with connection:
                return _post(connection, url, host, port, message, progress)
    except http.client.InvalidURL:
        return progress.ended("retry", "the URL is malformed")
    except (http.client.HTTPException, OSError) as error:
        detail = "not an answer in HTTP" if isinstance(error, http.client.HTTPException) else ""
        return progress.ended(
            "retry", detail or failure_words(error), uncertain=progress.step in ("request", "answer")
        )
    except ValueError:
        return progress.ended("retry", "the URL is malformed")


def _post(
    connection: socket.socket, url: SplitResult, host: str, port: int, message: Message, progress: Progress
) -> Attempt:
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    client = kind(host, port)
    client.sock = connection
    progress.begin("request")
    body = json.dumps(document(message), ensure_ascii=True).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"soc/{__version__}",
        "Idempotency-Key": message.id,
        "Connection": "close",
    }
    client.request("POST", (url.path or "/") + (f"?{url.query}" if url.query else ""), body, headers)
    progress.done(f"{len(body)} bytes")
    progress.begin("answer")
    with client.getresponse() as answer:
        code = answer.status
    words = _words(code)
    if 200 <= code < 300:
        progress.done(words)
        return progress.ended("delivered", "")
    if 300 <= code < 400:
        return progress.ended("retry", f"{words}: redirects are not followed")
    uncertain = code in _MAY_HAVE_ARRIVED
    return progress.ended("retry" if uncertain or code in _MAY_PASS else "dead", words, uncertain=uncertain)


def _words(code: int) -> str:
    """The code with the standard's words: the server's own may repeat what it was sent."""
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)
