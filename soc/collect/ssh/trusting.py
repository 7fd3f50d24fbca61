"""What is on record of a device's host keys, and what to change so that others are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from soc.collect.credentials import ssh_options
from soc.collect.ssh.known_hosts import HostKeys, KnownHosts, accepting_lines, describe
from soc.collect.ssh.record import add_entries, entry, replace_entries
from soc.inventory import Inventory
from soc.model import Device


@dataclass(frozen=True, slots=True)
class Place:
    """Where one address of a device is known by host key, and in which files that stands."""

    device: Device
    address: str
    port: int
    files: tuple[Path, ...]  # where its keys belong
    common: Path  # what it says counts beside them

    @property
    def read(self) -> tuple[Path, ...]:
        """All files by which its keys are judged."""
        return tuple(dict.fromkeys((*self.files, self.common)))


@dataclass(slots=True)
class Findings:
    """Keys compared with the record of one file. Keys of other kinds than shown are left as they are."""

    new: list[bytes] = field(default_factory=list)
    known: list[bytes] = field(default_factory=list)
    revoked: list[bytes] = field(default_factory=list)
    replaced: list[bytes] = field(default_factory=list)  # on record, and not among those compared


def places(inventory: Inventory, device: Device, data: Path) -> list[Place]:
    """One for each address; without a known_hosts file of its own a credential's keys stand in `data`."""
    credentials = [inventory.credentials[name] for name in device.credentials]
    files = [
        Path(str(item.settings.get("known_hosts") or data)) for item in credentials if item.kind == "ssh"
    ]
    port = int(ssh_options(device).get("port", 22))
    distinct = tuple(dict.fromkeys(files))
    return [Place(device, address, port, distinct, data) for address in device.addresses if distinct]


def on_record(path: Path, place: Place) -> HostKeys:
    """Raises OSError where the file is there and cannot be read."""
    found = KnownHosts.read(path) if path.exists() else KnownHosts([], str(path))
    return found.keys(place.address, place.port, place.device.name)


def compare(record: HostKeys, keys: Sequence[bytes]) -> Findings:
    """Sort `keys` by what the record says of each."""
    found = Findings()
    for key in keys:
        listed = found.known if key in record.accepted else found.new
        (found.revoked if key in record.revoked else listed).append(key)
    found.replaced = sorted(record.accepted - record.revoked - set(keys))
    return found


def write(path: Path, place: Place, keys: Sequence[bytes], *, instead: bool = False) -> None:
    """Put `keys` on record; with `instead`, nothing else of the host's own stays there. Raises OSError."""
    lines = [entry(place.address, place.port, key) for key in keys]
    if instead:
        replace_entries(path, place.address, place.port, lines)
    else:
        add_entries(path, lines)


def still_accepted(place: Place, keys: Sequence[bytes]) -> list[str]:
    """What accepts others than `keys`, for people: lines with patterns are not the host's alone.

    Raises OSError.
    """
    revoked = frozenset[bytes]().union(*(on_record(path, place).revoked for path in place.read))
    return [
        f"{describe(key)} by {path} line {number}"
        for path in place.read
        if path.exists()
        for number, key in accepting_lines(path, place.address, place.port)
        if key not in keys and key not in revoked
    ]


def take_markers(path: Path, place: Place, other: HostKeys) -> None:
    """Put on record which keys are revoked, and who may sign the host's certificate, as another record says.

    Raises OSError.
    """
    record = on_record(path, place)
    marked = {
        "@cert-authority": other.authorities - other.revoked - record.authorities - record.revoked,
        "@revoked": other.revoked - record.revoked,
    }
    lines = [
        entry(place.address, place.port, key, marker)
        for marker, keys in marked.items()
        for key in sorted(keys)
    ]
    if lines:
        add_entries(path, lines)
