"""Connections that end in time whatever the other side does, and words for how they fail."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

CONNECT_SECONDS = 10.0
MAXIMUM_ANSWER_BYTES = 256 * 1024
# Verification errors whose words name the host: it may be a secret (X509_V_ERR_HOSTNAME_MISMATCH,
# X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL's x509_vfy.h).
_WRONG_NAME = {62, 64}


class EndlessAnswerError(OSError):
    """The other side says more than anybody needs."""


class Limits:
    """What is left of the time and of the bytes that a connection may take."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._bytes = MAXIMUM_ANSWER_BYTES

    def seconds(self) -> float:
        """More than 0. Raises TimeoutError or EndlessAnswerError when nothing is left of either."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if self._bytes <= 0:
            raise EndlessAnswerError
        return left

    def took(self, count: int) -> None:
        self._bytes -= count


if TYPE_CHECKING:
    _Base = socket.socket
else:
    _Base = object


class _Limited(_Base):
    """A timeout holds for one read: a server that dribbles or floods never meets it. Limits hold for all."""

    limits = Limits(0)

    def recv_into(self, *arguments: Any) -> int:
        self.settimeout(self.limits.seconds())
        count = super().recv_into(*arguments)
        self.limits.took(count)
        return count

    def send(self, *arguments: Any) -> int:
        self.settimeout(self.limits.seconds())
        return super().send(*arguments)

    def sendall(self, *arguments: Any) -> None:
        self.settimeout(self.limits.seconds())
        super().sendall(*arguments)


class PlainSocket(_Limited, socket.socket):
    """TCP within limits."""


class TlsSocket(_Limited, ssl.SSLSocket):
    """TLS within limits."""


@contextmanager
def connected(host: str, port: int, seconds: float) -> Iterator[PlainSocket]:
    """A TCP connection of which everything, TLS over it included, is over after `seconds`.

    Raises OSError when there is none, TimeoutError when a limit is met.
    """
    limits = Limits(seconds)
    found = socket.create_connection((host, port), timeout=min(seconds, CONNECT_SECONDS))
    with PlainSocket(fileno=found.detach()) as connection:
        connection.limits = limits
        connection.settimeout(limits.seconds())
        yield connection


def tls_context() -> ssl.SSLContext:
    """Certificates are verified against the system's authorities, or those that SSL_CERT_FILE names."""
    context = ssl.create_default_context()
    context.sslsocket_class = TlsSocket
    return context


def secured(connection: PlainSocket, host: str) -> TlsSocket:
    """TLS over the connection, with a certificate for `host`. Raises ssl.SSLError."""
    connection.settimeout(connection.limits.seconds())
    secure = tls_context().wrap_socket(connection, server_hostname=host)
    assert isinstance(secure, TlsSocket)
    secure.limits = connection.limits
    return secure


def tls_words(connection: TlsSocket) -> str:
    return f"{connection.version()}, certificate verified"


def peer_words(connection: socket.socket) -> str:
    """The other end's address: it shows where a name led to, and not the name."""
    address, port = connection.getpeername()[:2]
    return f"{address} port {port}"


def failure_words(error: Exception) -> str:
    """Why a connection failed, without the host's name or anything that was sent."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _WRONG_NAME:
            return "the certificate is for another name"
        return f"the certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or 'unexpected end'}"
    if isinstance(error, socket.gaierror):
        return "the host's name does not resolve"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, EndlessAnswerError):
        return "an answer without end"
    if isinstance(error, OSError) and error.errno:
        return error.strerror or type(error).__name__
    return "the connection was closed" if isinstance(error, OSError) else type(error).__name__
