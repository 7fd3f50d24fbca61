"""The directory of one demo run: the inventory it polls by, and secrets made for this run alone."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from soc.demo.keys import write_keys
from soc.demo.serve import Endpoint
from soc.inventory import Inventory, load_inventory
from soc.model import ConfigurationError, Device

INVENTORY, SECRETS, SSH, SCRATCH = "inventory.yaml", "secrets", "ssh", "scratch"
LOG = "demo.log"  # what the processes of the demo say
RECORDINGS = "recordings"  # a link to them
RECEIVER_ADDRESS = "127.0.0.1"
_MAXIMUM_DIRECTORY_BYTES = 85  # unix(7) allows a socket 107, its name included
_PORT_ATTEMPTS = 50
_PORTS = range(10_000, 32_000)  # unprivileged, and below the range that clients are given


def prepare(directory: Path, shipped_inventory: Path) -> Inventory:
    """Put the shipped inventory, on ports that are free now, and fresh secrets into an empty directory.

    Raises ConfigurationError when the directory holds anything, or its path is too long for the hub's
    socket, or no port is free.
    """
    if any(directory.iterdir()):
        raise ConfigurationError(f"{directory} is not empty; soc demo begins a store of its own")
    if len(os.fsencode(directory)) > _MAXIMUM_DIRECTORY_BYTES:
        raise ConfigurationError(f"{directory}: too long for a hub's socket; name a shorter one by --data")
    shipped = load_inventory(shipped_inventory)
    ports: dict[str, int] = {}
    for kind, protocol in (("snmp", socket.SOCK_DGRAM), ("ssh", socket.SOCK_STREAM)):
        endpoints = [endpoint(device, kind) for device in devices_with(shipped, kind)]
        ports[kind] = free_port([address for address, _ in endpoints], protocol)
    listen = {
        f"syslog_{name}": f"{RECEIVER_ADDRESS}:{free_port([RECEIVER_ADDRESS], protocol)}"
        for name, protocol in (("udp", socket.SOCK_DGRAM), ("tcp", socket.SOCK_STREAM))
    }
    path = directory / INVENTORY
    document = yaml.load(shipped_inventory.read_text(encoding="utf-8"), yaml.CSafeLoader)
    for defaults in document["defaults"].values():
        for kind, port in ports.items():
            defaults[kind]["port"] = port
    document["settings"]["listen"] = listen
    write_inventory(path, document)
    (directory / SCRATCH).mkdir(mode=0o700)
    write_secrets(directory, "community", "authentication", "privacy")
    inventory = load_inventory(path)
    hosts = [(device.name, endpoint(device, "ssh")) for device in devices_with(inventory, "ssh")]
    write_keys(directory / SSH, hosts)
    return inventory


def write_inventory(path: Path, document: Any) -> None:
    write_private(path, yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, width=200))


def write_secrets(directory: Path, *names: str) -> None:
    (directory / SECRETS).mkdir(mode=0o700)
    for name in names:
        write_private(directory / SECRETS / name, secrets.token_urlsafe(16))


def read_secret(directory: Path, name: str) -> str:
    return (directory / SECRETS / name).read_text(encoding="utf-8")


def write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def forget_secrets(directory: Path) -> None:
    """Remove what is of no use once the agents have ended."""
    for name in (SECRETS, SSH, SCRATCH):
        shutil.rmtree(directory / name, ignore_errors=True)
    (directory / RECORDINGS).unlink(missing_ok=True)


def devices_with(inventory: Inventory, kind: str, versions: Sequence[str] = ()) -> list[Device]:
    """The devices with a credential of a kind ("snmp", "ssh") and, if given, of one of the versions."""

    def fits(name: str) -> bool:
        credential = inventory.credentials[name]
        version = credential.settings.get("version")
        return credential.kind == kind and (not versions or version in versions)

    return [device for device in inventory.devices.values() if any(map(fits, device.credentials))]


def endpoint(device: Device, kind: str) -> Endpoint:
    options: Any = device.options.get(kind) or {}
    return device.addresses[0], int(options["port"])


def syslog_receiver(inventory: Inventory) -> Endpoint:
    """Where hosts send their syslog over UDP."""
    listener = inventory.settings.listen["syslog_udp"]
    return listener.address, listener.port


def free_port(addresses: Sequence[str], protocol: socket.SocketKind) -> int:
    """A port that is free on every address, drawn by lot: two demos that start together then differ.

    Raises ConfigurationError when there is none.
    """
    for _ in range(_PORT_ATTEMPTS):
        port = secrets.choice(_PORTS)
        with contextlib.ExitStack() as held:
            try:
                for address in addresses:
                    held.enter_context(socket.socket(socket.AF_INET, protocol)).bind((address, port))
            except OSError:
                continue
        return port
    raise ConfigurationError(f"no port found that is free on all of {addresses[0]} … {addresses[-1]}")
