"""One authenticated SSH connection, or the phase in which it was not to be had."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass

import paramiko

from soc.collect.ssh.client import Client
from soc.collect.ssh.failure import Phase, SshError
from soc.collect.ssh.guard import Guard
from soc.collect.ssh.known_hosts import HostKeys
from soc.collect.ssh.limits import Limits

_BYTES_BEFORE_AUTHENTICATION = 256 * 1024
_SHOWN_ALGORITHMS = 8
_PROHIBITED = 1  # SSH_OPEN_ADMINISTRATIVELY_PROHIBITED
# How servers begin that turn us away before their banner: OpenSSH at its MaxStartups says nothing or
# this; from 9.8 on this to addresses that failed before (sshd_config(5), PerSourcePenalties).
_DROPPED = b"Exceeded MaxStartups"
_PENALISED = b"Not allowed at this time"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to connect, whom to expect there, and what may be offered."""

    address: str
    port: int
    host_keys: HostKeys
    legacy: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Login:
    """An account with its secrets, ready to use: keys, a password, or both in this order."""

    user: str
    keys: tuple[paramiko.PKey, ...] = ()
    password: str | None = None


def connect(
    endpoint: Endpoint, login: Login, limits: Limits, deadline: float, jump: Client | None = None
) -> Client:
    """An authenticated connection, through `jump` where one is given. The caller ends it.

    Raises SshError naming the phase that failed. `deadline` (time.monotonic() seconds) ends the
    connection whatever happens on it, until its guard is told another.
    """
    client = open_stream(endpoint, limits, deadline, jump)
    try:
        exchange_keys(client, endpoint, limits)
        _authenticate(client, login, limits)
    except BaseException:
        client.end()
        raise
    return client


def open_stream(endpoint: Endpoint, limits: Limits, deadline: float, jump: Client | None = None) -> Client:
    """A client that has said nothing yet. Raises SshError of phase resolve or connect."""
    connecting = min(deadline, time.monotonic() + limits.connect_seconds)
    stream = _tcp(endpoint, connecting) if jump is None else _through(jump, endpoint, connecting)
    guard = Guard(stream, deadline, _BYTES_BEFORE_AUTHENTICATION)
    return Client(guard, endpoint.host_keys, legacy=endpoint.legacy)


def _through(jump: Client, endpoint: Endpoint, deadline: float) -> paramiko.Channel:
    """A channel of kind direct-tcpip (RFC 4254 section 7.2); the jump host resolves the address."""
    where = f"{endpoint.address} port {endpoint.port}"
    try:
        return jump.open_channel(
            "direct-tcpip", (endpoint.address, endpoint.port), ("127.0.0.1", 0),
            timeout=max(0.01, deadline - time.monotonic()),
        )  # fmt: skip
    except paramiko.ChannelException as error:
        # Its texts tell no more than its codes: prohibited (1), connect failed (2).
        if error.code == _PROHIBITED:
            raise SshError(
                "jump", f"the jump host forwards to nobody, or not to {where}", phase="connect"
            ) from None
        raise SshError("connect", f"{where}: not reached from the jump host", phase="connect") from None
    except (paramiko.SSHException, OSError, EOFError) as error:
        if not jump.is_active():
            why = "the jump host's connection ended"  # another is made at the next try
            raise SshError("jump", why, phase="connect", retry=True) from None
        raise SshError("timeout", f"{where}: {_text(error)}", phase="connect") from None


def _tcp(endpoint: Endpoint, deadline: float) -> socket.socket:
    try:
        found = socket.getaddrinfo(endpoint.address, endpoint.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SshError("resolve", f"{endpoint.address}: {_text(error)}", phase="resolve") from None
    failure = SshError("resolve", f"{endpoint.address} has no address", phase="resolve")
    for family, kind, protocol, _, address in found:
        connected = socket.socket(family, kind, protocol)
        try:
            connected.settimeout(max(0.01, deadline - time.monotonic()))
            connected.connect(address)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            connected.close()
            where = f"{endpoint.address} port {endpoint.port}"
            failure = SshError(_connect_reason(error), f"{where}: {_text(error)}", phase="connect")
        else:
            return connected
    raise failure


def _connect_reason(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    return "timeout" if isinstance(error, TimeoutError) else "connect"


def _text(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def exchange_keys(client: Client, endpoint: Endpoint, limits: Limits) -> None:
    """From the banner to a host key that is trusted. Raises SshError."""
    guard = client.guard
    done = threading.Event()
    client.start_client(event=done)
    in_time = done.wait(max(0.0, min(limits.handshake_seconds, guard.deadline - time.monotonic())))
    if in_time and client.is_active():
        return
    phase: Phase = "key exchange" if client.remote_version else "banner"
    answered = guard.received > 0
    _raise_if_tripped(guard, phase)
    if not in_time:
        raise SshError("timeout", "connected, but not done in time", phase=phase, answered=answered)
    error = client.get_exception()
    if isinstance(error, SshError):
        raise error
    if not client.remote_version:
        raise _no_banner(guard)
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        raise _nothing_in_common(client, error, endpoint)
    why = _text(error) if error else "connection closed"
    raise SshError("protocol", why, phase=phase, answered=answered)


def _no_banner(guard: Guard) -> SshError:
    answered = guard.received > 0
    if guard.head.startswith(_PENALISED):
        why = "the server refuses our address for a while, because logins from it failed (PerSourcePenalties)"
        return SshError("refused", why, phase="banner", answered=answered)
    return SshError(
        "protocol", f"the connection ended before one came ({guard.received} bytes came)", phase="banner",
        answered=answered, retry=not guard.head or guard.head.startswith(_DROPPED),
    )  # fmt: skip


def _nothing_in_common(client: Client, error: Exception, endpoint: Endpoint) -> SshError:
    """What the server has to offer; what we do not take is named by how paramiko words the failure."""
    words = {"kex": "key exchange", "host": "host key", "ciphers": "cipher", "macs": "MAC"}
    said = str(error)
    what = next((name for word, name in words.items() if f"acceptable {word}" in said), "")
    names = client.offered().get(what, ())
    if not any(names):
        return SshError("protocol", said, phase="key exchange", answered=True)
    shown = ", ".join(names[:_SHOWN_ALGORITHMS]) + (", …" if len(names) > _SHOWN_ALGORITHMS else "")
    way_out = ""
    if what in ("cipher", "MAC"):
        way_out = "; `ssh: {legacy: true}` allows more" if not endpoint.legacy else ""
    return SshError(
        "algorithms", f"no {what} in common; the server offers {shown}{way_out}", phase="key exchange",
        answered=True,
    )  # fmt: skip


def _authenticate(client: Client, login: Login, limits: Limits) -> None:
    guard = client.guard
    refusals = []
    for secret in (*login.keys, *([login.password] if login.password is not None else ())):
        done = threading.Event()
        error: Exception | None = None
        try:
            if isinstance(secret, str):
                client.auth_password(login.user, secret, event=done, fallback=False)
            else:
                client.auth_publickey(login.user, secret, event=done)
        except (paramiko.SSHException, OSError, EOFError) as ended:  # the connection, since the last answer
            error = ended
        wait = max(0.0, min(limits.authentication_seconds, guard.deadline - time.monotonic()))
        in_time = error is not None or done.wait(wait)
        if client.is_authenticated():
            return
        _raise_if_tripped(guard, "authentication")
        if not in_time:
            raise SshError("timeout", "no answer in time", phase="authentication", answered=True)
        over = error is not None or not client.is_active()
        if over and not client.login_sent:
            error = error or client.get_exception()
            why = f": {_text(error)}" if error else ""
            raise SshError("protocol", f"the connection ended{why}", phase="authentication", answered=True)
        refusals.append("password" if isinstance(secret, str) else "publickey")
        if over:  # sshd hangs up at its MaxAuthTries, which refuses what it was shown last
            break
    raise SshError(
        "authentication", f"user {login.user} refused ({' and '.join(dict.fromkeys(refusals))})",
        phase="authentication", answered=True,
    )  # fmt: skip


def _raise_if_tripped(guard: Guard, phase: Phase) -> None:
    if guard.tripped == "limit":
        raise SshError("limit", "too many bytes", phase=phase, answered=True)
    if guard.tripped:
        raise SshError("deadline", "the session's time ran out", phase=phase, answered=guard.received > 0)
