"""Credentials for a cycle: resolved once, rested where a device refused them twice."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Mapping

from soc.collect.port import ResolvedCredential
from soc.collect.state import Refusal
from soc.inventory import Inventory, resolve_credential
from soc.model import CredentialError, Device

REFUSALS_BEFORE_REST = 2
REST_SECONDS = 3600.0


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
    refusals: Mapping[tuple[str, str], Refusal],
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
        refusal = refusals.get((device.name, name))
        if refusal and _rests(refusal, credential, now):
            resting = True
        else:
            found.append(credential)
    found.sort(key=lambda credential: credential.name != preferred)
    return tuple(found), resting


def _rests(refusal: Refusal, credential: ResolvedCredential, now: float) -> bool:
    return (
        refusal.count >= REFUSALS_BEFORE_REST
        and now < refusal.until
        and hmac.compare_digest(refusal.seal, _seal(credential, refusal.salt))
    )


def refused(previous: Refusal | None, credential: ResolvedCredential, now: float) -> Refusal:
    """The refusal to remember after one more; a changed credential starts from one."""
    salt = previous.salt if previous else os.urandom(16)
    seal = _seal(credential, salt)
    same = previous is not None and hmac.compare_digest(previous.seal, seal)
    return Refusal(previous.count + 1 if previous and same else 1, now + REST_SECONDS, salt, seal)


def _seal(credential: ResolvedCredential, salt: bytes) -> bytes:
    """Recognises a credential again without keeping anything one could log in with or guess from cheaply."""
    text = json.dumps(dict(credential.settings), sort_keys=True, default=str)
    return hashlib.scrypt(text.encode(), salt=salt, n=2**14, r=8, p=1, dklen=16)
