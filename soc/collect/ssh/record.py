"""Writing known_hosts: append what is trusted, take out what is not any more."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from soc.collect.ssh.known_hosts import key_type, line_matches, lookup_name
from soc.spool.durable import fsync, write_all


def entry(host: str, port: int, blob: bytes, marker: str = "") -> str:
    """A line of known_hosts; `marker` is "@cert-authority", "@revoked" or ""."""
    words = [marker] if marker else []
    kind = "".join(key_type(blob).split())  # of a file's making, as the rest of the key
    return " ".join([*words, lookup_name(host, port), kind, base64.b64encode(blob).decode()])


def add_entries(path: Path, lines: Iterable[str]) -> None:
    """Append in one write, so that nobody sees half of it. Hashes names where the file's are hashed.

    A file that is not there is made, for its owner only. Raises OSError.
    """
    path = path.resolve()
    with _locked(path) as descriptor:
        write_all(descriptor, _written(lines, path.read_bytes()))
        os.fsync(descriptor)


def replace_entries(path: Path, host: str, port: int, lines: Iterable[str]) -> None:
    """Put `lines` in the place of the host's plain keys, in one step; owner and mode stay.

    Other names on the same lines stay, patterns and markers too. Raises OSError.
    """
    path = path.resolve()
    with _locked(path) as descriptor:
        content = path.read_bytes()
        kept = _without(content, lookup_name(host, port))
        written = kept + _written(lines, kept)
        if written != content:
            _replace(path, written, os.fstat(descriptor))


def _written(lines: Iterable[str], before: bytes) -> bytes:
    """What to append to a file's content."""
    hashed = any(line.startswith(b"|1|") for line in before.splitlines())
    text = "".join(f"{_hashed(line) if hashed else line}\n" for line in lines)
    return (("\n" if before and not before.endswith(b"\n") else "") + text).encode() if text else b""


def _without(content: bytes, own: str) -> bytes:
    kept = []
    for line in content.splitlines(keepends=True):
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
    return b"".join(kept)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The file, open to append and locked; where another has put a new one in its place, that one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        descriptor = _opened(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_at(path, descriptor):
                yield descriptor
                return
        finally:
            os.close(descriptor)


def _opened(path: Path) -> int:
    flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC
    while True:
        with contextlib.suppress(FileNotFoundError):
            return os.open(path, flags)
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
            if os.geteuid() == 0:  # for whom the directory is, who would not be able to read it
                directory = path.parent.stat()
                os.fchown(descriptor, directory.st_uid, directory.st_gid)
            return descriptor


def _is_at(path: Path, descriptor: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False


def _replace(path: Path, content: bytes, old: os.stat_result) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            new = os.fstat(descriptor)
            if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
                os.fchown(descriptor, old.st_uid, old.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(old.st_mode) & 0o777)
            write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.rename(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from None
    fsync(path.parent)


def _hashed(line: str) -> str:
    """As HashKnownHosts (ssh_config(5)) writes it; what has a marker or a pattern stays readable."""
    name, _, rest = line.partition(" ")
    if name.startswith("@"):
        return line
    salt = secrets.token_bytes(20)
    digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    encoded = "|".join(base64.b64encode(part).decode() for part in (salt, digest))
    return f"|1|{encoded} {rest}"
