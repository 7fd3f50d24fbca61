"""Credentials for a cycle: resolved once, rested where a device refused them twice."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from soc.collect.port import Hop, ResolvedCredential
from soc.collect.state import Refusal
from soc.inventory import Inventory, resolve_credential
from soc.model import CredentialError, Device

REFUSALS_BEFORE_REST = 2
REST_SECONDS = 3600.0


def ssh_options(device: Device) -> Mapping[str, Any]:
    """The device's `ssh: {…}` of the inventory."""
    options = device.options.get("ssh")
    return options if isinstance(options, Mapping) else {}


def resolve_all(
    inventory: Inventory, names: Iterable[str]
) -> tuple[dict[str, ResolvedCredential], dict[str, str]]:
    """Resolve the named credentials: those that resolved, and for the others why not."""
    resolved: dict[str, ResolvedCredential] = {}
    unresolved: dict[str, str] = {}
    for name in sorted(set(names)):
        credential = inventory.credentials[name]
        try:
            resolved[name] = ResolvedCredential(name, credential.kind, resolve_credential(credential))
        except CredentialError as error:
            unresolved[name] = str(error)
    return resolved, unresolved


def usable(
    device: Device,
    kind: str,
    resolved: Mapping[str, ResolvedCredential],
    rests: Rests,
    preferred: str,
    now: float,
) -> tuple[tuple[ResolvedCredential, ...], bool]:
    """The device's credentials of one kind, the one that worked last first; and whether any rests."""
    found: list[ResolvedCredential] = []
    resting = False
    for name in device.credentials:
        credential = resolved.get(name)
        if credential is None or credential.kind != kind:
            continue
        if rests.resting(device.name, credential, now):
            resting = True
        else:
            found.append(credential)
    found.sort(key=lambda credential: credential.name != preferred)
    return tuple(found), resting


def jump_hosts(device: Device, inventory: Inventory) -> list[Device]:
    """The hosts on the way to a device (its `ssh: {jump: …}`), the one that is reached directly first."""
    found: list[Device] = []
    while name := ssh_options(found[0] if found else device).get("jump"):
        host = inventory.devices.get(str(name))
        if host is None or host in found:
            break  # no inventory that was checked has it so
        found.insert(0, host)
    return found


def needed(inventory: Inventory, devices: Iterable[Device]) -> set[str]:
    """The names of the devices' credentials, and of those on the way to them."""
    found: set[str] = set()
    for device in devices:
        found.update(device.credentials)
        for host in jump_hosts(device, inventory):
            found.update(name for name in host.credentials if inventory.credentials[name].kind == "ssh")
    return found


def hops(
    device: Device,
    inventory: Inventory,
    resolved: Mapping[str, ResolvedCredential],
    rests: Rests,
    now: float,
) -> tuple[Hop, ...]:
    """The jump hosts on the way to a device with their SSH credentials that do not rest."""
    return tuple(
        Hop(host, usable(host, "ssh", resolved, rests, "", now)[0]) for host in jump_hosts(device, inventory)
    )


class Rests:
    """Which credentials rest on which devices, because those refused them twice in a row.

    An hour's rest ends early when the credential changes, which a seal tells: slow to make, so that
    nothing can be guessed from it cheaply, and made once for a credential, not for every device.
    """

    def __init__(self, refusals: dict[tuple[str, str], Refusal], salt: bytes) -> None:
        self._refusals = refusals  # by device and credential
        self._salt = salt
        self._seals: dict[str, tuple[ResolvedCredential, bytes]] = {}

    def resting(self, device: str, credential: ResolvedCredential, now: float) -> bool:
        refusal = self._refusals.get((device, credential.name))
        return (
            refusal is not None
            and refusal.count >= REFUSALS_BEFORE_REST
            # Earlier than it began: the clock was stepped back.
            and refusal.until - REST_SECONDS <= now < refusal.until
            and hmac.compare_digest(refusal.seal, self._seal(credential))
        )

    def refused(self, device: str, credential: ResolvedCredential, now: float) -> Refusal:
        """Count one more refusal; a changed credential starts from one."""
        key, seal = (device, credential.name), self._seal(credential)
        previous = self._refusals.get(key)
        same = previous is not None and hmac.compare_digest(previous.seal, seal)
        count = previous.count + 1 if previous and same else 1
        refusal = self._refusals[key] = Refusal(count, now + REST_SECONDS, seal)
        return refusal

    def accepted(self, device: str, credential: str) -> bool:
        """Forget the refusals; whether there were any."""
        return self._refusals.pop((device, credential), None) is not None

    def _seal(self, credential: ResolvedCredential) -> bytes:
        known = self._seals.get(credential.name)
        if known is None or known[0] is not credential:
            known = self._seals[credential.name] = (credential, _seal(credential, self._salt))
        return known[1]


NO_RESTS = Rests({}, b"")


def _seal(credential: ResolvedCredential, salt: bytes) -> bytes:
    """Recognises a credential again without keeping anything one could log in with."""
    settings = dict(credential.settings)
    if key_file := settings.get("key_file"):
        with suppress(OSError):  # another key in the same file is a change, too
            status = Path(key_file).stat()
            settings["key_file_changed"] = (status.st_mtime_ns, status.st_size)
    text = json.dumps(settings, sort_keys=True, default=str)
    return hashlib.scrypt(text.encode(), salt=salt, n=2**14, r=8, p=1, dklen=16)
