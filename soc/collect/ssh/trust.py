"""What a credential and the inventory say about host keys and logins, read once a run."""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm

from soc.collect.credentials import ssh_options
from soc.collect.port import ResolvedCredential
from soc.collect.ssh.agent import agent_keys
from soc.collect.ssh.connection import Login
from soc.collect.ssh.failure import SshError
from soc.collect.ssh.known_hosts import HostKeys, KnownHosts, pinned
from soc.model import Device


class Trust:
    """Host keys and logins, cached: decrypting one key takes as long as ten sessions."""

    def __init__(self, known_hosts: Path | None = None) -> None:
        """`known_hosts` is read beside every credential's own, if it is there."""
        self._common = known_hosts if known_hosts and known_hosts.exists() else None
        self._lock = threading.Lock()
        self._known_hosts: dict[str, KnownHosts | str] = {}
        self._logins: dict[str, Login | SshError] = {}

    def host_keys(self, device: Device, credential: ResolvedCredential, address: str, port: int) -> HostKeys:
        """A pinned fingerprint counts alone; else the credential's known_hosts and our own."""
        if fingerprint := ssh_options(device).get("fingerprint"):
            return pinned([str(fingerprint)])
        path = str(credential.settings.get("known_hosts") or "")
        with self._lock:
            if path not in self._known_hosts:
                self._known_hosts[path] = self._read(path)
            found = self._known_hosts[path]
        return HostKeys(found) if isinstance(found, str) else found.keys(address, port, device.name)

    def _read(self, path: str) -> KnownHosts | str:
        paths = [Path(path).expanduser()] if path else []
        if self._common:
            paths.append(self._common)
        if not paths:
            return "the record (no known_hosts, no fingerprint)"
        try:
            return _read_known_hosts(tuple(paths), tuple(_stamp(path) for path in paths))
        except OSError as error:
            return f"{error.filename} ({error.strerror})"

    def login(self, credential: ResolvedCredential) -> Login:
        """Raises SshError with reason "credential" when its key file cannot be used."""
        with self._lock:
            if credential.name not in self._logins:
                try:
                    self._logins[credential.name] = _login(credential)
                except SshError as error:
                    self._logins[credential.name] = error
            found = self._logins[credential.name]
        if isinstance(found, SshError):
            raise found
        return found


def _stamp(path: Path) -> tuple[int, ...]:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


@lru_cache(maxsize=16)
def _read_known_hosts(paths: tuple[Path, ...], stamps: tuple[object, ...]) -> KnownHosts:  # noqa: ARG001
    """Read again when a file has changed: hashed names of a large one take longer than a session."""
    return KnownHosts.read(*paths)


def _login(credential: ResolvedCredential) -> Login:
    settings = credential.settings
    keys: list[paramiko.PKey] = []
    path, agent = str(settings.get("key_file") or ""), settings.get("agent")
    if agent:
        keys += agent_keys("" if agent is True else str(agent), path)
    elif path:
        passphrase = settings.get("passphrase")
        keys.append(_private_key(path, passphrase.encode() if passphrase else None))
    password = settings.get("password")
    if not keys and password is None:
        raise SshError("credential", f"credential {credential.name} has no key_file, agent or password")
    return Login(str(settings["user"]), tuple(keys), password)


def _private_key(path: str, passphrase: bytes | None) -> paramiko.PKey:
    """The key, with its certificate where `<key>-cert.pub` lies beside it, as ssh does."""
    try:
        return paramiko.PKey.from_path(Path(path).expanduser(), passphrase)  # type: ignore[arg-type]
    except OSError as error:
        why = error.strerror or "cannot be read"
    except TypeError:
        why = "a passphrase was given, but the key has none" if passphrase else "the key needs a passphrase"
    except (ValueError, paramiko.SSHException, paramiko.pkey.UnknownKeyType, UnsupportedAlgorithm):
        why = "wrong passphrase, or not a private key in OpenSSH's or PEM format (ed25519, ECDSA, RSA)"
    raise SshError("credential", f"key file {path}: {why}")
