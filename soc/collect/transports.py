"""The transports of this machine, each imported only when some device needs it."""

from __future__ import annotations

from soc.collect.plan import LOCAL_KIND
from soc.collect.port import Transport
from soc.inventory import Inventory


def transports_for(inventory: Inventory) -> dict[str, Transport]:
    """Transports by name for the inventory's devices; ping is missing where the machine cannot."""
    kinds = {credential.kind for credential in inventory.credentials.values()}
    found: dict[str, Transport] = {}
    if "snmp" in kinds:
        from soc.collect.snmp import SnmpTransport

        found["snmp"] = SnmpTransport()
    if "ssh" in kinds:
        from soc.collect.ssh import SshTransport

        found["ssh"] = SshTransport()
    if any(device.kind == LOCAL_KIND for device in inventory.devices.values()):
        from soc.collect.local import LocalTransport

        found["local"] = LocalTransport()
    from soc.collect.ping import PingTransport, ping_method

    if ping_method():
        found["ping"] = PingTransport()
    return found
