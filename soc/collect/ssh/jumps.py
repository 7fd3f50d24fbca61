"""Connections to jump hosts, each shared by all devices behind it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from soc.collect.credentials import ssh_options
from soc.collect.port import Hop, ResolvedCredential
from soc.collect.ssh.client import Client
from soc.collect.ssh.connection import Endpoint, Login, connect
from soc.collect.ssh.failure import SshError
from soc.collect.ssh.limits import Limits
from soc.collect.ssh.trust import Trust
from soc.model import Device

# Devices behind a jump host that failed are told so without another try.
_FAILURE_SECONDS = 30.0
_BYTES = 1 << 62  # what goes through is bounded by the sessions inside
# One that drops everybody unheard keeps those waiting who want to go through it.
_ATTEMPTS_WHERE_DROPPED = 2

Judged = Callable[[str, str, bool], None]


@dataclass(slots=True)
class _Way:
    """The connection to one jump host, by way of those before it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    client: Client | None = None
    endpoint: Endpoint | None = None
    credential: ResolvedCredential | None = None
    before: Client | None = None  # what it goes through itself
    opened: float = 0.0  # time.monotonic() seconds
    failure: SshError | None = None  # what the last try ended with
    failed: float = 0.0
    dropped: bool = False  # the last try ended because the server heard none of it
    used: float = 0.0


class Jumps:
    """By the names of the hosts on the way."""

    def __init__(self, idle_seconds: float = 660.0, age_seconds: float = 3600.0) -> None:
        """After `age_seconds` a connection is used for nothing new."""
        self._idle_seconds = idle_seconds
        self._age_seconds = age_seconds
        self._lock = threading.Lock()
        self._ways: dict[tuple[str, ...], _Way] = {}
        self._retired: list[Client] = []  # in use still

    def reach(
        self, hops: Sequence[Hop], limits: Limits, trust: Trust, deadline: float, judged: Judged
    ) -> Client | None:
        """The connection to the last of `hops`; None without any.

        `judged` is told of (host, credential, whether it was accepted) of the logins made just now. Raises
        SshError that names the host, with reason "jump", or "host-key-changed" where it showed another.
        """
        if not hops:
            return None
        name = hops[-1].device.name
        with self._lock:
            way = self._ways.setdefault(_names(hops), _Way())
        if not way.lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise SshError("jump", f"jump host {name}: not connected in time")
        try:
            before = self.reach(hops[:-1], limits, trust, deadline, judged)
            way.used = time.monotonic()
            client = way.client
            if client is not None:
                fits = _fits(way, hops[-1], trust)
                if fits and way.before is before and way.used < way.opened + self._age_seconds:
                    return client
                way.client = None
                if fits:
                    with self._lock:
                        self._retired.append(client)
                else:
                    client.end()
            if way.failure is not None and time.monotonic() < way.failed + _FAILURE_SECONDS:
                raise SshError(way.failure.reason, way.failure.detail)
            try:
                return _open(way, hops[-1], limits, trust, deadline, before, judged)
            except SshError as error:
                reason = error.reason if error.reason == "host-key-changed" else "jump"
                way.failure = SshError(reason, f"jump host {name}: {error.reason}: {error.detail}")
                way.failed, way.dropped = time.monotonic(), error.retry
                raise SshError(reason, way.failure.detail) from None
        finally:
            way.lock.release()

    def leads(self, client: Client | None, hops: Sequence[Hop], trust: Trust) -> bool:
        """Whether `client` goes by way of `hops`, and each connection would be made the same way again."""
        if not hops:
            return client is None
        with self._lock:
            way = self._ways.get(_names(hops))
        return (
            way is not None
            and way.client is client
            and time.monotonic() < way.opened + self._age_seconds
            and _fits(way, hops[-1], trust)
            and self.leads(way.before, hops[:-1], trust)
        )

    def sweep(self) -> None:
        """Close what was not used for long and leads nowhere now."""
        now = time.monotonic()
        self._end(lambda way: now >= way.used + self._idle_seconds and not (way.client and way.client.busy))
        self._end_retired(lambda client: not client.busy)

    def close(self) -> None:
        """Close all."""
        self._end(lambda _: True)
        self._end_retired(lambda _: True)

    def _end_retired(self, gone: Callable[[Client], bool]) -> None:
        with self._lock:
            ended = [client for client in self._retired if gone(client)]
            self._retired = [client for client in self._retired if client not in ended]
        for client in ended:
            client.end()

    def _end(self, gone: Callable[[_Way], bool]) -> None:
        with self._lock:
            names = [name for name, way in self._ways.items() if gone(way) and not way.lock.locked()]
            ended = [self._ways.pop(name) for name in names]
        for way in ended:
            if way.client is not None:
                way.client.end()


def _names(hops: Sequence[Hop]) -> tuple[str, ...]:
    return tuple(hop.device.name for hop in hops)


def _fits(way: _Way, hop: Hop, trust: Trust) -> bool:
    """Whether the connection lives and is as the inventory and the record have it now."""
    client, endpoint, credential = way.client, way.endpoint, way.credential
    if client is None or endpoint is None or credential is None or not client.is_active():
        return False
    return credential in hop.credentials and still_fits(client, endpoint, hop.device, credential, trust)


def _open(
    way: _Way,
    hop: Hop,
    limits: Limits,
    trust: Trust,
    deadline: float,
    before: Client | None,
    judged: Judged,
) -> Client:
    failure = SshError("credential", "no usable credential, or no address")
    for address in hop.device.addresses:
        for credential in hop.credentials:
            try:
                endpoint = endpoint_of(hop.device, credential, address, trust)
                login = trust.login(credential)
                client = _connect(endpoint, login, limits, deadline, before, dropped=way.dropped)
            except SshError as error:
                failure = error
                if error.reason == "authentication":
                    judged(hop.device.name, credential.name, False)
                elif error.reason != "credential":
                    break
            else:
                client.guard.wake(float("inf"), _BYTES)
                judged(hop.device.name, credential.name, True)
                way.endpoint, way.credential, way.before = endpoint, credential, before
                way.opened, way.failure, way.dropped = time.monotonic(), None, False
                way.client = client
                return client
        if failure.answered:
            break
    raise failure


def _connect(
    endpoint: Endpoint, login: Login, limits: Limits, deadline: float, before: Client | None, *, dropped: bool
) -> Client:
    """Tries again where the server dropped the connection unheard (sshd_config, MaxStartups)."""
    last = min(limits.attempts, _ATTEMPTS_WHERE_DROPPED) if dropped else limits.attempts
    for attempt in range(1, last):
        try:
            return connect(endpoint, login, limits, deadline, before)
        except SshError as error:
            wait = limits.retry_wait(attempt)
            way_lost = before is not None and not before.is_active()
            if not error.retry or way_lost or time.monotonic() + wait >= deadline:
                raise
        time.sleep(wait)
    return connect(endpoint, login, limits, deadline, before)


def endpoint_of(device: Device, credential: ResolvedCredential, address: str, trust: Trust) -> Endpoint:
    """One address of a device, as its options and the record of host keys have it."""
    options = ssh_options(device)
    port = int(options.get("port", 22))
    host_keys = trust.host_keys(device, credential, address, port)
    return Endpoint(address, port, host_keys, bool(options.get("legacy", False)))


def still_fits(
    client: Client, endpoint: Endpoint, device: Device, credential: ResolvedCredential, trust: Trust
) -> bool:
    """Whether a connection would be made the same way again, and its host key be accepted."""
    if endpoint.address not in device.addresses:
        return False
    again = endpoint_of(device, credential, endpoint.address, trust)
    if (again.port, again.legacy) != (endpoint.port, endpoint.legacy):
        return False
    try:
        again.host_keys.check(client.host_key_blob, time.time())
    except SshError:
        return False
    return True
