"""SSH keys of one demo run: each host's own, the poller's, and the known_hosts file between them."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from soc.demo.serve import Endpoint


def write_keys(directory: Path, hosts: Iterable[tuple[str, Endpoint]]) -> None:
    """Generate into `directory`: id_ed25519, authorized_keys, known_hosts and host_keys/NAME."""
    (directory / "host_keys").mkdir(mode=0o700, parents=True)
    _write(directory / "id_ed25519", mine := Ed25519PrivateKey.generate())
    (directory / "authorized_keys").write_text(_public(mine) + "\n", encoding="ascii")
    lines = []
    for name, (address, port) in hosts:
        _write(directory / "host_keys" / name, key := Ed25519PrivateKey.generate())
        lines.append(f"[{address}]:{port} {_public(key)}\n")
    (directory / "known_hosts").write_text("".join(lines), encoding="ascii")


def authorized_key(directory: Path) -> bytes:
    """The public key that may log in, as the protocol carries it."""
    return base64.b64decode((directory / "authorized_keys").read_text(encoding="ascii").split()[1])


def _write(path: Path, key: Ed25519PrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
    )


def _public(key: Ed25519PrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        .decode("ascii")
    )
