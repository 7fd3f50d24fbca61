"""OpenSSH's known_hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT) and the decision about a host key.

An own reader: one line it does not know (a new key type) must not hide the others.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from soc.collect.ssh import certificate
from soc.collect.ssh.certificate import CertificateError, is_certificate, read_certificate
from soc.collect.ssh.failure import SshError

_REVOKED, _AUTHORITY = "@revoked", "@cert-authority"
_MAXIMUM_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Entry:
    patterns: tuple[str, ...]
    marker: str  # "@revoked", "@cert-authority" or ""
    key_type: str
    blob: bytes

    def matches(self, name: str) -> bool:
        found = False
        for pattern in self.patterns:
            if pattern.startswith("|1|"):
                found = found or _hashed_matches(pattern, name)
            elif pattern.startswith("!"):
                if fnmatchcase(name, pattern[1:]):
                    return False
            else:
                found = found or fnmatchcase(name, _literal_brackets(pattern))
        return found


def lookup_name(host: str, port: int) -> str:
    """As known_hosts names a host: bare on port 22, "[host]:port" on any other."""
    return (host if port == 22 else f"[{host}]:{port}").lower()


def line_matches(pattern: str, name: str) -> bool:
    """Whether one pattern of a line, which may be hashed, is that of a host's lookup name."""
    return _Entry((pattern,), "", "", b"").matches(name)


def _literal_brackets(pattern: str) -> str:
    # Only * and ? are wildcards here; "[host]:port" is plain text.
    return pattern.replace("[", "[[]")


def _hashed_matches(pattern: str, name: str) -> bool:
    try:
        salt, expected = (base64.b64decode(part, validate=True) for part in pattern[3:].split("|"))
    except ValueError:
        return False
    return hmac.compare_digest(hmac.new(salt, name.encode(), hashlib.sha1).digest(), expected)


def fingerprint(blob: bytes) -> str:
    """As ssh-keygen -l prints it: SHA256:… without padding."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def key_type(blob: bytes) -> str:
    """The name a public key begins with (RFC 4253 section 6.6)."""
    return blob[4 : 4 + int.from_bytes(blob[:4])][:64].decode("ascii", "replace")


@dataclass(frozen=True, slots=True)
class HostKeys:
    """What is known of one host. `source` names where from, for people."""

    source: str
    accepted: frozenset[bytes] = frozenset()
    revoked: frozenset[bytes] = frozenset()
    pinned: frozenset[str] = frozenset()  # fingerprints
    authorities: frozenset[bytes] = frozenset()  # keys that may sign its certificate
    names: tuple[str, ...] = ()  # of which its certificate must have one
    # asked for first, so that a server with several keys shows one we know
    algorithms: tuple[str, ...] = ()

    def check(self, blob: bytes, now: float) -> None:
        """Raises SshError unless the key or certificate is the host's.

        The reason is host-key-unknown, host-key-changed (a revoked one, too), or host-certificate
        where an authority that is trusted signed one that does not hold.
        """
        if not is_certificate(blob):
            return self._check_key(blob)
        try:
            shown = read_certificate(blob)
        except CertificateError as error:
            raise _refused("host-certificate", f"the host's certificate: {error}") from None
        presented = f"the certificate {shown.key_id!r} of {describe(shown.key)}"
        if shown.authority in self.revoked:
            authority = describe(shown.authority)
            raise _refused(
                "host-key-changed", f"{presented} is signed by {authority}, revoked in {self.source}"
            )
        if shown.authority not in self.authorities:
            return self._check_key(shown.key, f", with a certificate by {describe(shown.authority)}")
        if blob in self.revoked or shown.key in self.revoked:
            raise _refused("host-key-changed", f"{presented} is revoked in {self.source}")
        try:
            return shown.check(self.names, now)
        except CertificateError as error:
            raise _refused("host-certificate", f"{presented}: {error}") from None

    def _check_key(self, blob: bytes, more: str = "") -> None:
        presented = describe(blob) + more
        if blob in self.revoked:
            raise _refused("host-key-changed", f"{presented} is revoked in {self.source}")
        if blob in self.accepted or fingerprint(blob) in self.pinned:
            return
        if self.accepted or self.pinned:
            known = sorted(self.pinned) or sorted(fingerprint(key) for key in self.accepted)
            raise _refused(
                "host-key-changed", f"the host shows {presented}, {self.source} has {', '.join(known[:3])}"
            )
        raise _refused(
            "host-key-unknown",
            f"the host shows {presented}, which {self.source} lacks; `soc inventory trust` puts it there",
        )


def describe(blob: bytes) -> str:
    """A key for people: its type and fingerprint."""
    return f"{key_type(blob)} {fingerprint(blob)}"


def _refused(reason: str, detail: str) -> SshError:
    return SshError(reason, detail, phase="host key", answered=True)


class KnownHosts:
    """The entries of one file, looked up as ssh does: "host", or "[host]:port" unless the port is 22."""

    def __init__(self, lines: Iterable[str], source: str) -> None:
        self._source = source
        self._plain: dict[str, list[_Entry]] = {}
        self._patterns: list[_Entry] = []
        self._found: dict[str, list[_Entry]] = {}  # by name, of those that were looked for
        for line in lines:
            entry = _parse(line)
            if entry is None:
                continue
            if any(pattern.startswith(("|", "!")) or set(pattern) & {"*", "?"} for pattern in entry.patterns):
                self._patterns.append(entry)
            else:
                for name in entry.patterns:
                    self._plain.setdefault(name, []).append(entry)

    @classmethod
    def read(cls, *paths: Path) -> KnownHosts:
        """The entries of all these files. Raises OSError when one cannot be read."""
        lines: list[str] = []
        for path in paths:
            with path.open("rb") as file:
                lines += file.read(_MAXIMUM_BYTES).decode("utf-8", "replace").splitlines()
        return cls(lines, " and ".join(map(str, paths)))

    def keys(self, host: str, port: int, name: str = "") -> HostKeys:
        """What is known of `host`; `name` is another name that its certificate may have been made for."""
        own = lookup_name(host, port)
        names = tuple(dict.fromkeys((host, name))) if name else (host,)
        entries = self._entries(own)
        plain = [entry for entry in entries if not entry.marker]
        # As ssh does, authorities are looked for without the port, too.
        signing = [entry for other in (own, *names) for entry in self._entries(other.lower())]
        authorities = frozenset(entry.blob for entry in signing if entry.marker == _AUTHORITY)
        return HostKeys(
            self._source,
            accepted=frozenset(entry.blob for entry in plain),
            revoked=frozenset(entry.blob for entry in (*entries, *signing) if entry.marker == _REVOKED),
            authorities=authorities,
            names=names,
            algorithms=(
                *(certificate.ALGORITHMS if authorities else ()),
                *_algorithms(entry.key_type for entry in plain),
            ),
        )

    def _entries(self, name: str) -> list[_Entry]:
        found = self._found.get(name)
        if found is None:
            matching = (entry for entry in self._patterns if entry.matches(name))
            found = self._found[name] = [*self._plain.get(name, ()), *matching]
        return found


def accepting_lines(path: Path, host: str, port: int) -> list[tuple[int, bytes]]:
    """The lines of a file, by number, that accept keys of `host`, each with its key. Raises OSError."""
    own = lookup_name(host, port)
    with path.open("rb") as file:
        lines = file.read(_MAXIMUM_BYTES).decode("utf-8", "replace").splitlines()
    entries = ((number, _parse(line)) for number, line in enumerate(lines, 1))
    return [
        (number, entry.blob) for number, entry in entries if entry and not entry.marker and entry.matches(own)
    ]


def pinned(fingerprints: Collection[str]) -> HostKeys:
    """Host keys pinned in the inventory, as `ssh-keygen -l` prints them."""
    return HostKeys(
        "the inventory's fingerprint", pinned=frozenset(item.rstrip("=") for item in fingerprints)
    )


def _parse(line: str) -> _Entry | None:
    words = line.split()
    if not words or words[0].startswith("#"):
        return None
    marker = words.pop(0) if words[0].startswith("@") else ""
    if marker not in ("", _REVOKED, _AUTHORITY):
        return None
    if len(words) < 3:
        return None
    try:
        blob = base64.b64decode(words[2], validate=True)
    except ValueError:
        return None
    # A hashed name stands alone, and its Base64 knows upper case.
    patterns = (words[0],) if words[0].startswith("|") else tuple(words[0].lower().split(","))
    return _Entry(patterns, marker, words[1], blob)


def _algorithms(key_types: Iterable[str]) -> tuple[str, ...]:
    """Signature algorithms (RFC 8332) to ask for, for the key types known of a host."""
    found: dict[str, None] = {}
    for key_type in key_types:
        for name in ("rsa-sha2-512", "rsa-sha2-256") if key_type == "ssh-rsa" else (key_type,):
            found[name] = None
    return tuple(found)
