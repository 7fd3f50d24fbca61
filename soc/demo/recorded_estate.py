"""An inventory for a directory of recordings: each on a loopback address of its own, on one port."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from soc.demo import place
from soc.inventory import Inventory, load_inventory
from soc.model import ConfigurationError

SUFFIX = ".snmprec"
_ADDRESSES_PER_SUBNET = 250
# A row below these tells a printer (Printer-MIB) or a UPS (UPS-MIB) from network equipment.
_TOWERS = {"print": b"\n1.3.6.1.2.1.43.", "power": b"\n1.3.6.1.2.1.33."}


def prepare_recordings(directory: Path, source: Path) -> Inventory:
    """Write inventory and community into an empty directory. Raises ConfigurationError."""
    if any(directory.iterdir()):
        raise ConfigurationError(f"{directory} is not empty; soc demo begins with an empty directory")
    try:
        paths = sorted(source.glob(f"*{SUFFIX}"))
        devices = [_device(number, path) for number, path in enumerate(paths)]
    except OSError as error:
        raise ConfigurationError(f"recordings {source}: {error.strerror}") from error
    if not devices:
        raise ConfigurationError(f"recordings {source}: no file *{SUFFIX} (OID|TYPE|VALUE a line) there")
    port = place.free_port([device["address"] for device in devices], socket.SOCK_DGRAM)
    document = {
        "version": 1,
        "credentials": {"recorded": {"snmp": {"version": "2c", "community": {"file": "secrets/community"}}}},
        "devices": [{**device, "credentials": ["recorded"], "snmp": {"port": port}} for device in devices],
    }
    path = directory / place.INVENTORY
    place.write_inventory(path, document)
    (directory / place.SCRATCH).mkdir(mode=0o700)
    (directory / place.RECORDINGS).symlink_to(source.resolve())
    place.write_secrets(directory, "community")
    return load_inventory(path)


def _device(number: int, path: Path) -> dict[str, Any]:
    rows = b"\n" + path.read_bytes()
    tower = next((tower for tower, row in _TOWERS.items() if row in rows), "network")
    subnet, host = divmod(number, _ADDRESSES_PER_SUBNET)
    return {"name": path.name.removesuffix(SUFFIX), "address": f"127.21.{subnet}.{host + 1}", "tower": tower}
