"""The transports of this machine, each imported only when some device needs it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from soc.collect.plan import LOCAL_KIND
from soc.collect.port import Transport
from soc.inventory import Inventory

if TYPE_CHECKING:
    from soc.collect.ssh.kept import Kept


class Transports:
    """Makes transports over and over; the SSH connections that one leaves are there for the next."""

    def __init__(self, known_hosts: Path) -> None:
        """`known_hosts` (KNOWN_HOSTS in the data directory): what `soc inventory trust` wrote."""
        self._known_hosts = known_hosts
        self._kept: Kept | None = None

    def __call__(self, inventory: Inventory) -> dict[str, Transport]:
        """As transports_for."""
        if self._kept is None and _has_kind(inventory, "ssh"):
            from soc.collect.ssh.kept import Kept

            self._kept = Kept()
        return transports_for(inventory, self._known_hosts, self._kept)


def transports_for(
    inventory: Inventory, known_hosts: Path | None = None, kept: Kept | None = None
) -> dict[str, Transport]:
    """Transports by name for the inventory's devices; ping is missing where the machine cannot.

    Without `kept` every SSH connection is closed when its device is done.
    """
    found: dict[str, Transport] = {}
    if _has_kind(inventory, "snmp"):
        from soc.collect.snmp import SnmpTransport

        found["snmp"] = SnmpTransport()
    if _has_kind(inventory, "ssh"):
        from soc.collect.ssh.transport import SshTransport

        found["ssh"] = SshTransport(known_hosts=known_hosts, kept=kept)
    if any(device.kind == LOCAL_KIND for device in inventory.devices.values()):
        from soc.collect.local import LocalTransport

        found["local"] = LocalTransport()
    from soc.collect.ping import PingTransport, ping_method

    if ping_method():
        found["ping"] = PingTransport()
    return found


def _has_kind(inventory: Inventory, kind: str) -> bool:
    return any(credential.kind == kind for credential in inventory.credentials.values())
