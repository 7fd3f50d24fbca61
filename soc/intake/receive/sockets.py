"""The sockets a receiver listens on: bound by us, or handed over by systemd (sd_listen_fds(3))."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass

from soc.model import ConfigurationError

RECEIVE_BUFFER_BYTES = 16 * 1024**2
_BACKLOG = 512
_SO_RCVBUFFORCE = 33  # socket(7), Linux; not in Python's socket module
_FIRST_PASSED_DESCRIPTOR = 3


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to listen: `transport` is "udp" or "tcp", port 0 any free one."""

    transport: str
    address: str
    port: int


def bind(endpoint: Endpoint) -> socket.socket:
    """A bound socket, listening where it is TCP. Raises ConfigurationError."""
    family = socket.AF_INET6 if ":" in endpoint.address else socket.AF_INET
    kind = socket.SOCK_DGRAM if endpoint.transport == "udp" else socket.SOCK_STREAM
    sock = socket.socket(family, kind)
    try:
        if family == socket.AF_INET6:
            # [::] hears IPv4 too, whatever net.ipv6.bindv6only says.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((endpoint.address, endpoint.port))
        if kind == socket.SOCK_STREAM:
            sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        hint = "; ports below 1024 need root, or a systemd socket unit" if endpoint.port < 1024 else ""
        raise ConfigurationError(f"cannot listen on {_text(endpoint)}: {error.strerror}{hint}") from error
    return sock


def passed_sockets(environment: MutableMapping[str, str], pid: int) -> list[socket.socket]:
    """Sockets systemd handed over, none where it did not start us; the variables are removed.

    Raises ConfigurationError for one that is not a bound UDP or listening TCP socket.
    """
    count, owner = environment.pop("LISTEN_FDS", ""), environment.pop("LISTEN_PID", "")
    environment.pop("LISTEN_FDNAMES", None)
    if owner != str(pid) or not count.isdigit():
        return []
    descriptors = range(_FIRST_PASSED_DESCRIPTOR, _FIRST_PASSED_DESCRIPTOR + int(count))
    return [_passed(descriptor) for descriptor in descriptors]


def _passed(descriptor: int) -> socket.socket:
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            raise ConfigurationError(f"descriptor {descriptor} handed over by systemd is not a socket")
        os.set_inheritable(descriptor, False)
        sock = socket.socket(fileno=descriptor)
    except OSError as error:
        raise ConfigurationError(
            f"descriptor {descriptor} handed over by systemd: {error.strerror}"
        ) from error
    listening = sock.type == socket.SOCK_STREAM and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or not (
        listening or sock.type == socket.SOCK_DGRAM
    ):
        raise ConfigurationError(
            f"descriptor {descriptor} handed over by systemd: expected ListenDatagram= or ListenStream= "
            "with Accept=no and an IP address"
        )
    return sock


def enlarge_receive_buffer(sock: socket.socket, size_bytes: int = RECEIVE_BUFFER_BYTES) -> int:
    """Ask for a large receive buffer, past the system's limit where we may; returns what it is now."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, size_bytes)
    except OSError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size_bytes)
    # The kernel doubles what was asked for and reports that (socket(7)).
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2


def endpoint_of(sock: socket.socket) -> Endpoint:
    address, port = sock.getsockname()[:2]
    return Endpoint("udp" if sock.type == socket.SOCK_DGRAM else "tcp", address, port)


def _text(endpoint: Endpoint) -> str:
    address = f"[{endpoint.address}]" if ":" in endpoint.address else endpoint.address
    return f"{endpoint.transport} {address}:{endpoint.port}"


def describe(sockets: Sequence[socket.socket]) -> list[str]:
    """Each as `udp 127.0.0.1:5514`."""
    return [_text(endpoint_of(sock)) for sock in sockets]


def kernel_drops(sockets: Sequence[socket.socket], tables: Mapping[int, str] | None = None) -> int | None:
    """Datagrams the kernel dropped because these UDP sockets' buffers were full (proc(5), /proc/net/udp).

    None where the kernel does not tell. `tables` replaces the files' text, by address family.
    """
    inodes = {str(os.fstat(sock.fileno()).st_ino) for sock in sockets}
    total, told = 0, False
    for family, path in ((socket.AF_INET, "/proc/net/udp"), (socket.AF_INET6, "/proc/net/udp6")):
        if not any(sock.family == family for sock in sockets):
            continue
        try:
            text = tables[family] if tables else _read(path)
        except OSError:
            continue
        for line in text.splitlines()[1:]:
            columns = line.split()
            if len(columns) > 12 and columns[9] in inodes:
                total, told = total + int(columns[12]), True
    return total if told else None


def _read(path: str) -> str:
    with open(path, encoding="ascii", errors="replace") as file:  # noqa: PTH123 (a file of /proc)
        return file.read()
