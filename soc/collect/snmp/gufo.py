"""The one module that touches gufo-snmp: sessions on its private non-blocking sockets.

A session has one request in flight. gufo takes answers only from the address it is connected to and
only for the last request id; it tells neither error-status nor the types of values, and reads at
most 4080 bytes of a datagram. What that leaves undecided is settled in `exchange`, `walk` and `values`.
"""

from __future__ import annotations

import hashlib
import select
import time
from enum import Enum
from typing import Any, Protocol

from soc.collect.snmp.access import Access

try:
    from gufo.snmp import _fast
except ImportError:  # another version of gufo-snmp than the one soc is built on
    _fast = None  # type: ignore[assignment]

_NEEDED = ("GetIter", "SnmpV1ClientSocket", "SnmpV2cClientSocket", "SnmpV3ClientSocket")
FAST = all(hasattr(_fast, name) for name in _NEEDED)  # else soc.collect.snmp.public has to do
_MASTER_KEY_OCTETS = 1 << 20
_MASTER_KEY = 1 << 6  # gufo's marker of a key that is a hashed password, not yet bound to an engine
AUTH_ALGORITHMS = {"md5": 1, "sha1": 4, "sha224": 7, "sha256": 10, "sha384": 11, "sha512": 12}
AUTH_KEY_BYTES = {"md5": 16, "sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64}
PRIV_ALGORITHMS = {"des": 1, "aes128": 2, "aes192": 3, "aes256": 4, "aes192c": 3, "aes256c": 4}
PRIV_KEY_BYTES = {"des": 16, "aes128": 16, "aes192": 24, "aes256": 32, "aes192c": 24, "aes256c": 32}


class Signal(Enum):
    """What may come of a request instead of a value."""

    END = "end"  # nothing further in the subtree, or an error-status: gufo shows them alike
    TIMEOUT = "timeout"
    REFUSED = "refused"  # ICMP port unreachable
    UNREACHABLE = "connect"  # no route, network down
    REPORT = "authentication"  # an SNMPv3 report: user, key, level, engine or time not accepted
    GARBAGE = "protocol"  # a datagram that could not be decoded (or was cut at 4080 bytes)
    TOO_BIG = "encode"  # the request itself did not fit
    DEADLINE = "deadline"


class Operation(Protocol):
    """One kind of request; `receive` raises BlockingIOError while nothing has come."""

    single: bool  # cannot be made smaller

    def send(self, socket: Any) -> None: ...

    def receive(self, socket: Any) -> Any: ...


class Get:
    """GET of several OIDs -> {oid: value}; absent ones are left out."""

    __slots__ = ("oids", "single")

    def __init__(self, oids: list[str]) -> None:
        self.oids = oids
        self.single = len(oids) == 1

    def send(self, socket: Any) -> None:
        socket.send_get_many(self.oids)

    def receive(self, socket: Any) -> Any:
        return socket.recv_get_many()


class Bulk:
    """GETBULK of one column, continuing where the last left off -> [(oid, value), ..., None at its end].

    `iterator` and `last` are the session's: how far it is.
    """

    __slots__ = ("iterator", "last", "oid", "repetitions", "single")

    def __init__(self, oid: str, repetitions: int) -> None:
        self.oid = self.last = oid
        self.repetitions = repetitions
        self.iterator: Any = None
        self.single = repetitions == 1

    def send(self, socket: Any) -> None:
        if self.iterator is None:
            self.iterator = _fast.GetIter(self.oid, self.repetitions)
        socket.send_get_bulk(self.iterator)

    def receive(self, socket: Any) -> Any:
        return socket.recv_get_bulk(self.iterator)


class Next:
    """GETNEXT in the same iteration as `bulk`, or in one of its own -> [(oid, value)]."""

    __slots__ = ("fresh", "iterator", "last", "oid")
    single = True

    def __init__(self, oid: str, bulk: Bulk | None = None) -> None:
        self.oid = oid
        self.last = bulk.last if bulk else oid
        self.iterator: Any = bulk.iterator if bulk else None
        self.fresh = bulk is None

    def send(self, socket: Any) -> None:
        if self.iterator is None:
            self.iterator = _fast.GetIter(self.oid, 1)
        socket.send_get_next(self.iterator)

    def receive(self, socket: Any) -> Any:
        return [socket.recv_get_next(self.iterator)]


class Refresh:
    """SNMPv3 discovery: the agent's engine id, or its boots and time once the id is known."""

    __slots__ = ()
    single = True

    def send(self, socket: Any) -> None:
        socket.send_refresh()

    def receive(self, socket: Any) -> Any:
        socket.recv_refresh()
        return {}


REFRESH = Refresh()


class Session:
    """One connected UDP socket, speaking for one credential to one agent; closed when dropped."""

    __slots__ = ("clock_read", "fd", "polled", "socket")
    discovers = False  # SNMPv3 engines: that is asked of it

    def __init__(self, endpoint: str, access: Access, engine_id: bytes = b"") -> None:
        """`endpoint` as 192.0.2.1:161 or [2001:db8::1]:161. Raises OSError without a route."""
        self.socket: Any
        if access.version == "3":
            keys = _keys(access) if engine_id else ("", 0, b"", 0, b"")
            self.socket = _fast.SnmpV3ClientSocket(endpoint, engine_id, *keys, 0, 0, 0, 0)
        else:
            kind = _fast.SnmpV1ClientSocket if access.version == "1" else _fast.SnmpV2cClientSocket
            self.socket = kind(endpoint, access.community, 0, 0, 0, 0)
        self.fd: int = self.socket.get_fd()
        self.polled: select.epoll | None = None  # the epoll set that has this socket
        self.clock_read = time.monotonic()  # the agent's, no later than this

    @property
    def engine_id(self) -> bytes:
        return bytes(self.socket.get_engine_id())

    def authenticate(self, access: Access) -> None:
        """Take the user and keys, bound to the engine id that discovery found."""
        self.socket.set_keys(*_keys(access))

    def replace(self, other: Session) -> None:
        """Go on over the socket of `other`."""
        self.socket, self.fd, self.polled = other.socket, other.fd, other.polled
        self.clock_read = other.clock_read

    def send(self, operation: Operation) -> Signal | None:
        """None once sent."""
        try:
            operation.send(self.socket)
        except _fast.SnmpEncodeError:
            return Signal.TOO_BIG
        except OSError as error:
            return Signal.REFUSED if "refused" in str(error) else Signal.UNREACHABLE
        return None

    def receive(self, operation: Operation) -> Any:
        """The answer's value or a Signal; None while there is nothing to read."""
        try:
            return operation.receive(self.socket)
        except BlockingIOError:
            return None
        except StopAsyncIteration:
            return Signal.END
        except _fast.SnmpAuthError:
            return Signal.REPORT
        except TimeoutError:  # so gufo names ECONNREFUSED on a non-blocking socket
            return Signal.REFUSED
        except OSError:
            return Signal.UNREACHABLE
        except (_fast.SnmpError, RuntimeError):
            return Signal.GARBAGE
        except BaseException as error:
            # Some malformed datagrams make gufo's decoder panic; the socket stays usable.
            if type(error).__name__ != "PanicException":
                raise
            return Signal.GARBAGE


def master_key(protocol: str, password: bytes) -> bytes:
    """The password hashed as RFC 3414 A.2 says: a million octets, so once per credential."""
    repeated = password * (_MASTER_KEY_OCTETS // len(password) + 1)
    return hashlib.new(protocol, repeated[:_MASTER_KEY_OCTETS], usedforsecurity=False).digest()


def _keys(access: Access) -> tuple[str, int, bytes, int, bytes]:
    if not access.auth_protocol:
        return access.user, 0, b"", 0, b""
    auth = AUTH_ALGORITHMS[access.auth_protocol]
    if not access.priv_protocol:
        return access.user, auth | _MASTER_KEY, access.auth_key, 0, b""
    if PRIV_KEY_BYTES[access.priv_protocol] > AUTH_KEY_BYTES[access.auth_protocol]:
        auth += 2 if access.priv_protocol.endswith("c") else 1  # which key extension
    priv = PRIV_ALGORITHMS[access.priv_protocol]
    return access.user, auth | _MASTER_KEY, access.auth_key, priv | _MASTER_KEY, access.priv_key
