"""Connections to jump hosts, each shared by all devices behind it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from soc.collect.credentials import ssh_options
from soc.collect.port import Hop, ResolvedCredential
from soc.collect.ssh.client import Client
from soc.collect.ssh.connection import Endpoint, connect
from soc.collect.ssh.failure import SshError
from soc.collect.ssh.limits import Limits
from soc.collect.ssh.trust import Trust
from soc.model import Device

# Devices behind a jump host that failed are told so without another try.
_FAILURE_SECONDS = 30.0
_BYTES = 1 << 62  # what goes through is bounded by the sessions inside

Refused = Callable[[str, str], None]


@dataclass(slots=True)
class _Way:
    """The connection to one jump host, by way of those before it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    client: Client | None = None
    endpoint: Endpoint | None = None
    credential: ResolvedCredential | None = None
    failure: str = ""  # what the last try ended with
    failed: float = 0.0  # time.monotonic() seconds
    used: float = 0.0


class Jumps:
    """By the names of the hosts on the way."""

    def __init__(self, idle_seconds: float = 660.0) -> None:
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._ways: dict[tuple[str, ...], _Way] = {}

    def reach(
        self, hops: Sequence[Hop], limits: Limits, trust: Trust, deadline: float, refused: Refused
    ) -> Client | None:
        """The connection to the last of `hops`; None without any.

        `refused` is told of (host, credential) that were refused just now. Raises SshError with reason
        "jump" that names the host.
        """
        if not hops:
            return None
        name = hops[-1].device.name
        with self._lock:
            way = self._ways.setdefault(tuple(hop.device.name for hop in hops), _Way())
        if not way.lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise SshError("jump", f"jump host {name}: not connected in time")
        try:
            before = self.reach(hops[:-1], limits, trust, deadline, refused)
            way.used = time.monotonic()
            if way.client is not None and _fits(way, hops[-1], trust):
                return way.client
            if way.client is not None:
                way.client.end()
                way.client = None
            if way.failure and time.monotonic() < way.failed + _FAILURE_SECONDS:
                raise SshError("jump", way.failure)
            try:
                return _open(way, hops[-1], limits, trust, deadline, before, refused)
            except SshError as error:
                way.failure = f"jump host {name}: {error.reason}: {error.detail}"
                way.failed = time.monotonic()
                raise SshError("jump", way.failure) from None
        finally:
            way.lock.release()

    def sweep(self) -> None:
        """Close what was not used for long and leads nowhere now."""
        now = time.monotonic()
        self._end(lambda way: now >= way.used + self._idle_seconds and not (way.client and way.client.busy))

    def close(self) -> None:
        """Close all."""
        self._end(lambda _: True)

    def _end(self, gone: Callable[[_Way], bool]) -> None:
        with self._lock:
            names = [name for name, way in self._ways.items() if gone(way) and not way.lock.locked()]
            ended = [self._ways.pop(name) for name in names]
        for way in ended:
            if way.client is not None:
                way.client.end()


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
    refused: Refused,
) -> Client:
    failure = SshError("credential", "no usable credential, or no address")
    for address in hop.device.addresses:
        for credential in hop.credentials:
            try:
                endpoint = endpoint_of(hop.device, credential, address, trust)
                client = connect(endpoint, trust.login(credential), limits, deadline, before)
            except SshError as error:
                failure = error
                if error.reason == "authentication":
                    refused(hop.device.name, credential.name)
                elif error.reason != "credential":
                    break
            else:
                client.guard.wake(float("inf"), _BYTES)
                way.client, way.endpoint, way.credential = client, endpoint, credential
                way.failure = ""
                return client
        if failure.answered:
            break
    raise failure


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
