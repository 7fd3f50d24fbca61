"""One authenticated SSH connection, or the phase in which it was not to be had."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import paramiko
from paramiko.packet import Packetizer

from soc.collect.ssh.failure import SshError
from soc.collect.ssh.guard import GuardedSocket
from soc.collect.ssh.known_hosts import HostKeys
from soc.collect.ssh.limits import Limits

_BYTES_BEFORE_AUTHENTICATION = 256 * 1024
_WINDOW_BYTES = 256 * 1024
_WEAK_ALGORITHMS = {
    "ciphers": ("aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"),
    "macs": ("hmac-sha1", "hmac-sha1-96", "hmac-md5", "hmac-md5-96"),
}

# Everything it would log stands in the answer; its tracebacks on stderr help nobody.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to connect, whom to expect there, and what may be offered."""

    address: str
    port: int
    host_keys: HostKeys
    legacy: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Login:
    """An account with its secrets, ready to use: a key, a password, or both in this order."""

    user: str
    key: paramiko.PKey | None = None
    password: str | None = None


class _Packetizer(Packetizer):
    def start_handshake(self, timeout: float) -> None:
        """No timer: GuardedSocket has the deadline, and a timer's thread would outlive the session."""


@contextlib.contextmanager
def connect(
    endpoint: Endpoint, login: Login, limits: Limits, deadline: float, maximum_bytes: int
) -> Iterator[tuple[paramiko.Transport, GuardedSocket]]:
    """An authenticated transport, closed at the end. Raises SshError naming the phase that failed.

    `deadline` (time.monotonic() seconds) ends the connection whatever happens on it; so does the
    peer once it sent more than `maximum_bytes` after authentication.
    """
    guard = _tcp(endpoint, min(deadline, time.monotonic() + limits.connect_seconds))
    guard.deadline, guard.maximum_bytes = deadline, _BYTES_BEFORE_AUTHENTICATION
    weak: dict[str, Sequence[str]] = {} if endpoint.legacy else dict(_WEAK_ALGORITHMS)
    transport = paramiko.Transport(
        guard,
        default_window_size=_WINDOW_BYTES,
        disabled_algorithms=weak,
        packetizer_class=_Packetizer,
    )
    try:
        _exchange_keys(transport, guard, endpoint, limits)
        server_key = transport.get_remote_server_key()
        endpoint.host_keys.check(server_key.get_name(), server_key.asbytes())
        _authenticate(transport, guard, login, limits)
        guard.maximum_bytes = guard.received + maximum_bytes
        yield transport, guard
    finally:
        guard.close()
        transport.close()


def _tcp(endpoint: Endpoint, deadline: float) -> GuardedSocket:
    try:
        found = socket.getaddrinfo(endpoint.address, endpoint.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SshError("resolve", f"{endpoint.address}: {_text(error)}") from None
    failure = SshError("resolve", f"{endpoint.address} has no address")
    for family, kind, protocol, _, address in found:
        connected = GuardedSocket(family, kind, protocol)
        try:
            connected.settimeout(max(0.01, deadline - time.monotonic()))
            connected.connect(address)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            connected.close()
            failure = SshError(
                _connect_reason(error), f"{endpoint.address} port {endpoint.port}: {_text(error)}"
            )
        else:
            return connected
    raise failure


def _connect_reason(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    return "timeout" if isinstance(error, TimeoutError) else "connect"


def _text(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _exchange_keys(
    transport: paramiko.Transport, guard: GuardedSocket, endpoint: Endpoint, limits: Limits
) -> None:
    options = transport.get_security_options()
    known = [name for name in endpoint.host_keys.key_types if name in options.key_types]
    options.key_types = (*known, *(name for name in options.key_types if name not in known))
    done = threading.Event()
    transport.start_client(event=done)
    in_time = done.wait(max(0.0, min(limits.handshake_seconds, guard.deadline - time.monotonic())))
    answered = guard.received > 0
    if in_time and transport.is_active():
        return
    _raise_if_tripped(guard, "during key exchange")
    if not in_time:
        waited_for = "key exchange" if transport.remote_version else "the SSH banner"
        raise SshError("timeout", f"connected, but no end of {waited_for} in time", answered=answered)
    error = transport.get_exception()
    if not transport.remote_version:
        # OpenSSH at its MaxStartups closes or resets, silently or with one line that is no banner.
        dropped = not guard.head or guard.head.startswith(b"Exceeded MaxStartups")
        raise SshError(
            "protocol", f"the connection ended before an SSH banner ({guard.received} bytes came)",
            answered=answered, retry=dropped,
        )  # fmt: skip
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        hint = "" if endpoint.legacy else "; `ssh: {legacy: true}` allows older ciphers and MACs"
        raise SshError("protocol", f"no algorithm in common: {error}{hint}", answered=answered)
    why = _text(error) if error else "connection closed"
    raise SshError("protocol", f"key exchange failed: {why}", answered=answered)


def _authenticate(transport: paramiko.Transport, guard: GuardedSocket, login: Login, limits: Limits) -> None:
    refusals = []
    for method in ("publickey", "password"):
        done = threading.Event()
        if method == "publickey" and login.key is not None:
            transport.auth_publickey(login.user, login.key, event=done)
        elif method == "password" and login.password is not None:
            transport.auth_password(login.user, login.password, event=done, fallback=False)
        else:
            continue
        wait = max(0.0, min(limits.authentication_seconds, guard.deadline - time.monotonic()))
        in_time = done.wait(wait)
        if transport.is_authenticated():
            return
        _raise_if_tripped(guard, "during authentication")
        if not in_time:
            raise SshError("timeout", "no answer to authentication in time", answered=True)
        error = transport.get_exception()
        if not transport.is_active() and not isinstance(error, paramiko.AuthenticationException):
            raise SshError("protocol", "the connection ended during authentication", answered=True)
        refusals.append(method)
        if not transport.is_active():
            break
    raise SshError("authentication", f"user {login.user} refused ({' and '.join(refusals)})", answered=True)


def _raise_if_tripped(guard: GuardedSocket, where: str) -> None:
    if guard.tripped == "limit":
        raise SshError("limit", f"too many bytes {where}", answered=True)
    if guard.tripped:
        raise SshError("deadline", f"the session's time ran out {where}", answered=guard.received > 0)
