"""SNMP credentials: from resolved settings to what a session needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from soc.collect.port import ResolvedCredential

VERSIONS = {"1": "1", "v1": "1", "2": "2c", "2c": "2c", "v2c": "2c", "3": "3", "v3": "3"}
AUTH_PROTOCOLS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
# The key extensions of RFC draft-blumenthal-aes-usm-04 and, ending in c, of Cisco's
# draft-reeder-snmpv3-usm-3desede; they differ where the hash is shorter than the key.
PRIV_PROTOCOLS = ("des", "aes128", "aes192", "aes256", "aes192c", "aes256c")
_ALIASES = {"sha": "sha1", "aes": "aes128"}

MasterKey = Callable[[str, bytes], bytes]


@dataclass(frozen=True)
class Access:
    """One credential ready for use: v3 keys are master keys (RFC 3414 A.2), never passwords."""

    name: str
    version: str  # "1", "2c" or "3"
    community: str = field(default="", repr=False)
    user: str = ""
    auth_protocol: str = ""
    auth_key: bytes = field(default=b"", repr=False)
    priv_protocol: str = ""
    priv_key: bytes = field(default=b"", repr=False)
    timeout_seconds: float = 2.0
    tries: int = 3
    context: str = ""  # SNMPv3's contextName

    @cached_property
    def first_wait_seconds(self) -> float:
        return self.waits()[0]

    def waits(self) -> list[float]:
        """How long each try waits: each half again as long as the one before, timeout x tries in all."""
        weights = [1.5**attempt for attempt in range(self.tries)]
        unit = self.timeout_seconds * self.tries / sum(weights)
        return [unit * weight for weight in weights]


def read_access(credential: ResolvedCredential, options: Mapping[str, Any], master_key: MasterKey) -> Access:
    """A context of v1 and v2c goes with the community, as switches want it (public@100 for VLAN 100).

    Raises ValueError, naming the setting and never its value, for what cannot be used.
    """
    settings = credential.settings
    version = VERSIONS.get(str(options.get("version") or settings.get("version") or "2c").lower(), "")
    if not version:
        raise ValueError(f"credential {credential.name}: version is 1, 2c or 3")
    timeout, tries = float(settings.get("timeout", 2.0)), int(settings.get("tries", 3))
    if not 0.01 <= timeout <= 60 or not 1 <= tries <= 10:
        raise ValueError(f"credential {credential.name}: timeout is 0.01 to 60 s, tries is 1 to 10")
    context = str(options.get("context") or "")
    if version != "3":
        community = settings.get("community")
        if not isinstance(community, str) or not community:
            raise ValueError(f"credential {credential.name}: no community for SNMPv{version}")
        if context:
            community = f"{community}@{context}"
        return Access(credential.name, version, community, timeout_seconds=timeout, tries=tries)
    user = settings.get("user")
    if not isinstance(user, str) or not user:
        raise ValueError(f"credential {credential.name}: no user for SNMPv3")
    auth_protocol, auth_password = _protocol(credential.name, settings, "auth", AUTH_PROTOCOLS)
    priv_protocol, priv_password = _protocol(credential.name, settings, "priv", PRIV_PROTOCOLS)
    if priv_protocol and not auth_protocol:
        raise ValueError(f"credential {credential.name}: priv needs auth (RFC 3411: no noAuthPriv)")
    return Access(
        credential.name, version, "", user,
        auth_protocol, master_key(auth_protocol, auth_password) if auth_protocol else b"",
        priv_protocol, master_key(auth_protocol, priv_password) if priv_protocol else b"",
        timeout, tries, context,
    )  # fmt: skip


def _protocol(name: str, settings: Mapping[str, Any], part: str, known: tuple[str, ...]) -> tuple[str, bytes]:
    setting = settings.get(part)
    if not setting:
        return "", b""
    protocol = str(setting.get("protocol", "")).lower().replace("-", "").replace("_", "")
    protocol = _ALIASES.get(protocol, protocol)
    if protocol not in known:
        hint = "; 3DES is not supported" if "3des" in protocol else ""
        raise ValueError(f"credential {name}: {part} protocol is one of {', '.join(known)}{hint}")
    key = setting.get("key")
    if not isinstance(key, str) or not key:
        raise ValueError(f"credential {name}: {part} has no key")
    return protocol, key.encode()
