"""Keys that an ssh-agent holds (draft-ietf-sshm-ssh-agent): it signs, the key never leaves it."""

from __future__ import annotations

import base64
import os
import socket
import threading
from pathlib import Path
from typing import Any

import paramiko
from paramiko.agent import AgentKey, AgentSSH

from soc.collect.ssh.failure import SshError

_WAIT_SECONDS = 10.0
# sshd ends a connection after so many refused tries less a few (sshd_config(5), MaxAuthTries).
_MAXIMUM_KEYS = 3


class _Agent(AgentSSH):
    """One connection to the agent, for all sessions of a run."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._lock = threading.Lock()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(_WAIT_SECONDS)
        try:
            connection.connect(path)
            self._connect(connection)  # type: ignore[attr-defined]
        except BaseException:
            connection.close()
            raise

    def _send_message(self, msg: Any) -> Any:
        with self._lock:
            return super()._send_message(msg)  # type: ignore[misc]


def agent_keys(path: str, public_key_file: str = "") -> list[paramiko.PKey]:
    """The agent's keys, in its order and not more than are worth trying.

    `path` is its socket's, "" that of SSH_AUTH_SOCK. With `public_key_file`, its key alone. Raises
    SshError with reason "credential".
    """
    path = path or os.environ.get("SSH_AUTH_SOCK", "")
    if not path:
        raise SshError("credential", "agent: SSH_AUTH_SOCK is not set; give the path of the agent's socket")
    wanted = _public_key(public_key_file) if public_key_file else None
    try:
        found = [key for key in _Agent(path).get_keys() if wanted in (None, key.blob)]
    except (OSError, paramiko.SSHException) as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise SshError("credential", f"agent {path}: {why}") from None
    if not found:
        what = f"the key of {public_key_file}" if wanted else "any key"
        raise SshError("credential", f"agent {path} does not hold {what}")
    return [_Key(key) for key in found[:_MAXIMUM_KEYS]]


class _Key(AgentKey):
    """paramiko's own forgets that it was a certificate."""

    def __init__(self, key: AgentKey) -> None:
        super().__init__(key.agent, key.blob, key.comment)

    def asbytes(self) -> bytes:
        return self.blob


def _public_key(path: str) -> bytes:
    """Of a public key's file, or of the one beside a private key's."""
    file = Path(path).expanduser()
    if file.suffix != ".pub":
        file = file.with_name(f"{file.name}.pub")
    try:
        return base64.b64decode(file.read_text(errors="replace").split()[1], validate=True)
    except (OSError, IndexError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a public key"
        raise SshError("credential", f"key file {file}: {why}") from None
