"""Which device sent a message: the socket's address says so; the host a message names is a claim.

Only where one address stands for many, a relay or devices behind one address, is the claim believed. Where
it contradicts the address of a device that comes and goes (availability: best-effort) neither is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address

from soc.model import Device


class Senders:
    """Devices by address and by the names they give themselves (`name`, `log_names`, addresses)."""

    def __init__(self, devices: Iterable[Device], relays: Sequence[IPv4Network | IPv6Network]) -> None:
        self._relays = tuple(relays)
        self._by_address: dict[str, list[Device]] = {}
        self._by_name: dict[str, Device] = {}
        for device in devices:
            if device.state == "retired":
                continue
            for address in device.addresses:
                self._by_address.setdefault(address, []).append(device)
            for name in (device.name, *device.log_names, *device.addresses):
                self._by_name.setdefault(name.casefold(), device)
        self._is_relay = lru_cache(maxsize=65_536)(self._in_relays)

    def by_address(self, address: str) -> Device | None:
        """The one device with this address; None for a relay, an unknown or a shared address."""
        found = self._by_address.get(address, ())
        return found[0] if len(found) == 1 and not self._is_relay(address) else None

    def device(self, address: str, host: str) -> tuple[Device | None, bool]:
        """The sender of a message that names `host`, and whether it came through a relay."""
        if self._is_relay(address):
            return self._named(host), True
        found = self._by_address.get(address, ())
        named = self._named(host)
        if len(found) == 1:
            # Addresses of what comes and goes are handed on: who says to be another is not this one.
            moved = found[0].availability == "best-effort" and named not in (None, found[0])
            return (None if moved else found[0]), False
        return (named if named in found else None), False

    def _named(self, host: str) -> Device | None:
        """By the whole name, else by what stands before its domain."""
        name = host.casefold()
        return self._by_name.get(name) or self._by_name.get(name.partition(".")[0])

    def _in_relays(self, address: str) -> bool:
        try:
            number = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return any(number in network for network in self._relays)
