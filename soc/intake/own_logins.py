"""Which logins on hosts are our own: those of the device's SSH account from an address of ours."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import psutil

from soc.inventory import Inventory
from soc.model import Device

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class OwnLogins:
    """`accounts` by credential; `addresses` of the machine that collects; `networks` it is seen from.

    A login through a jump host comes from that host's addresses. Loopback addresses are everybody's: they
    count on devices that we reach by one.
    """

    devices: Mapping[str, Device] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    addresses: frozenset[str] = frozenset()
    networks: Sequence[IPNetwork] = ()

    @classmethod
    def of(cls, inventory: Inventory, addresses: Iterable[str]) -> OwnLogins:
        accounts = {
            name: str(credential.settings.get("user", ""))
            for name, credential in inventory.credentials.items()
            if credential.kind == "ssh"
        }
        return cls(inventory.devices, accounts, frozenset(addresses), inventory.settings.own_addresses)

    def made(self, device_name: str, user: str, source_ip: str) -> bool:
        """Whether this login on the device is ours."""
        device = self.devices.get(device_name)
        if device is None or not user or not source_ip:
            return False
        return any(self.accounts.get(name) == user for name in device.credentials) and self._is_ours(
            device, source_ip
        )

    def _is_ours(self, device: Device, source_ip: str) -> bool:
        try:
            address = ipaddress.ip_address(source_ip)
        except ValueError:
            return False
        if address.is_loopback:
            return any(_is_loopback(own) for own in device.addresses)
        jump = self.devices.get(_jump(device))
        if jump is not None:  # straight from us it is not: somebody else has the key
            return source_ip in jump.addresses
        return source_ip in self.addresses or any(address in network for network in self.networks)


def local_addresses() -> frozenset[str]:
    """The addresses of this machine's interfaces."""
    return frozenset(
        entry.address.partition("%")[0]
        for entries in psutil.net_if_addrs().values()
        for entry in entries
        if _is_address(entry.address.partition("%")[0])
    )


def _jump(device: Device) -> str:
    options = device.options.get("ssh")
    return str(options.get("jump") or "") if isinstance(options, Mapping) else ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_loopback(text: str) -> bool:
    return text == "localhost" or (_is_address(text) and ipaddress.ip_address(text).is_loopback)
