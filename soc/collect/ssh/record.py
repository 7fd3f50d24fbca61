"""Writing known_hosts: append what is trusted, take out what is not any more."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from soc.collect.ssh.known_hosts import key_type, line_matches, lookup_name
from soc.spool.durable import replace_durably, write_all


def entry(host: str, port: int, blob: bytes, marker: str = "") -> str:
    """A line of known_hosts; `marker` is "@cert-authority", "@revoked" or ""."""
    words = [marker] if marker else []
    return " ".join([*words, lookup_name(host, port), key_type(blob), base64.b64encode(blob).decode()])


def add_entries(path: Path, lines: Iterable[str]) -> None:
    """Append in one write, so that nobody sees half of it. Hashes names where the file's are hashed.

    A file that is not there is made, for its owner only. Raises OSError.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = path.read_bytes() if path.exists() else b""
    hashed = any(line.startswith(b"|1|") for line in content.splitlines())
    text = "".join(f"{_hashed(line) if hashed else line}\n" for line in lines)
    if content and not content.endswith(b"\n"):
        text = "\n" + text
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        write_all(descriptor, text.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_entries(path: Path, host: str, port: int) -> None:
    """Take out the host's plain keys; other names on the same lines stay, patterns and markers too.

    Raises OSError.
    """
    if not path.exists():
        return
    path = path.resolve()
    own = lookup_name(host, port)
    kept = []
    for line in path.read_bytes().splitlines(keepends=True):
        words = line.split()
        if not words or words[0].startswith((b"#", b"@")):
            kept.append(line)
        elif words[0].startswith(b"|"):
            if not line_matches(words[0].decode("ascii", "replace"), own):
                kept.append(line)
        else:
            names = words[0].split(b",")
            others = [name for name in names if name.lower() != own.encode()]
            if len(others) == len(names):
                kept.append(line)
            elif others:
                kept.append(line.replace(words[0], b",".join(others), 1))
    mode = path.stat().st_mode & 0o777
    replace_durably(path, b"".join(kept))
    path.chmod(mode)


def _hashed(line: str) -> str:
    """As HashKnownHosts (ssh_config(5)) writes it; what has a marker or a pattern stays readable."""
    name, _, rest = line.partition(" ")
    if name.startswith("@"):
        return line
    salt = secrets.token_bytes(20)
    digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    encoded = "|".join(base64.b64encode(part).decode() for part in (salt, digest))
    return f"|1|{encoded} {rest}"
