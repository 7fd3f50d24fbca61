"""OpenSSH host certificates (PROTOCOL.certkeys): what one says, and whether it holds for a host.

paramiko takes a certificate for the key it certifies and checks nothing else of it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase

import paramiko

SUFFIX = "-cert-v01@openssh.com"
# Signature algorithms of hosts to ask for, best first; paramiko knows no others.
ALGORITHMS = tuple(
    f"{name}{SUFFIX}"
    for name in (
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
        "rsa-sha2-512", "rsa-sha2-256",
    )
)  # fmt: skip
# The strings and integers that make up the key itself, between the nonce and the serial number.
_KEY_FIELDS = {
    "ssh-ed25519": 1,
    "ecdsa-sha2-nistp256": 2,
    "ecdsa-sha2-nistp384": 2,
    "ecdsa-sha2-nistp521": 2,
    "ssh-rsa": 2,
}
_HOST_TYPE = 2
_MAXIMUM_PRINCIPALS = 256


class CertificateError(Exception):
    """The certificate does not hold; the text says why."""


@dataclass(frozen=True, slots=True)
class HostCertificate:
    """What a certificate says; nothing of it is checked but its form and signature."""

    key: bytes  # the plain public key that is certified
    type: int  # 1 = user, 2 = host
    key_id: str
    principals: tuple[str, ...]
    valid_after: int  # UTC seconds, included
    valid_before: int  # not included
    critical_options: tuple[str, ...]
    authority: bytes  # the public key that signed it

    def check(self, names: Collection[str], now: float) -> None:
        """Raises CertificateError unless it is one for a host called one of `names`, at this time."""
        if self.type != _HOST_TYPE:
            raise CertificateError("it is no host's but a user's certificate")
        if self.critical_options:
            raise CertificateError(f"critical option not known: {', '.join(self.critical_options[:3])}")
        if now < self.valid_after:
            raise CertificateError("it is not valid yet")
        if now >= self.valid_before:
            raise CertificateError("it is expired")
        if not any(
            fnmatchcase(name.lower(), principal.lower().replace("[", "[[]"))
            for name in names
            for principal in self.principals
        ):
            made_for = ", ".join(self.principals[:3]) or "nobody"
            raise CertificateError(f"it was made for {made_for}, not for {' or '.join(names)}")


def is_certificate(blob: bytes) -> bool:
    """Whether a public key's blob is a certificate's, going by the name it begins with."""
    return blob[4 : 4 + int.from_bytes(blob[:4])].endswith(SUFFIX.encode())


def read_certificate(blob: bytes) -> HostCertificate:
    """Raises CertificateError where the form is wrong or the signature does not fit."""
    try:
        return _read(_Fields(blob))
    except (ValueError, IndexError, UnicodeDecodeError) as error:
        raise CertificateError(f"not to be read: {error}") from None


class _Fields:
    """The fields of RFC 4251 section 5; raises ValueError where one is cut short."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, size: int) -> bytes:
        found = self.data[self.position : self.position + size]
        if len(found) < size:
            raise ValueError("it is cut short")
        self.position += size
        return found

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def string(self) -> bytes:
        return self.take(self.number(4))

    @property
    def ended(self) -> bool:
        return self.position >= len(self.data)


def _read(fields: _Fields) -> HostCertificate:
    kind = fields.string().decode("ascii").removesuffix(SUFFIX)
    if kind not in _KEY_FIELDS:
        raise ValueError(f"a key of type {kind[:40]!r}")
    fields.string()  # nonce
    begun = fields.position
    for _ in range(_KEY_FIELDS[kind]):
        fields.string()
    key = _string(kind.encode()) + fields.data[begun : fields.position]
    fields.number(8)  # serial
    certificate_type = fields.number(4)
    key_id = fields.string().decode("utf-8", "replace")
    principals = _strings(fields.string())
    valid_after, valid_before = fields.number(8), fields.number(8)
    critical = _strings(fields.string())[::2]  # name and data by turns
    fields.string()  # extensions: none is defined for hosts
    fields.string()  # reserved
    authority = fields.string()
    signed = fields.data[: fields.position]
    signature = fields.string()
    if not fields.ended:
        raise ValueError("something follows the signature")
    _check_signature(authority, signed, signature)
    return HostCertificate(
        key, certificate_type, key_id, principals, valid_after, valid_before, critical, authority
    )


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data


def _strings(data: bytes) -> tuple[str, ...]:
    fields, found = _Fields(data), []
    while not fields.ended:
        found.append(fields.string().decode("utf-8", "replace"))
        if len(found) > _MAXIMUM_PRINCIPALS:
            raise ValueError(f"more than {_MAXIMUM_PRINCIPALS} principals or options")
    return tuple(found)


def _check_signature(authority: bytes, signed: bytes, signature: bytes) -> None:
    kind = _Fields(authority).string().decode("ascii")
    if kind not in _KEY_FIELDS:
        raise ValueError(f"signed by a key of type {kind[:40]!r}")  # no certificate signs another
    try:
        key = paramiko.PKey.from_type_string(kind, authority)
        fits = key.verify_ssh_sig(signed, paramiko.Message(signature))
    except Exception:  # the library raises anything on keys and signatures that are none
        fits = False
    if not fits:
        raise ValueError("its signature does not fit")
