"""paramiko's Transport as we use it: the host key is judged before anything else is sent."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import paramiko
from paramiko.common import MSG_USERAUTH_REQUEST
from paramiko.packet import Packetizer

from soc.collect.ssh.guard import Guard
from soc.collect.ssh.known_hosts import HostKeys

_WINDOW_BYTES = 256 * 1024
_WEAK_ALGORITHMS: Mapping[str, Sequence[str]] = {
    "ciphers": ("aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"),
    "macs": ("hmac-sha1", "hmac-sha1-96", "hmac-md5", "hmac-md5-96"),
}
# First what is safe from quantum computers. Then P-256 before Curve25519: as strong, and sshd has it in
# assembler, so that a login costs its host an eighth less CPU (docs/figures.md).
_KEY_EXCHANGES_FIRST = ("mlkem768x25519-sha256", "ecdh-sha2-nistp256")
# As KEXINIT names them (RFC 4253 section 7.1); the server's direction is never the narrower one.
_OFFERED = {
    "key exchange": "kex_algo_list",
    "host key": "server_key_algo_list",
    "cipher": "server_encrypt_algo_list",
    "MAC": "server_mac_algo_list",
}

# Signals among the names of key exchanges (RFC 8308; OpenSSH PROTOCOL, strict key exchange).
_NO_ALGORITHMS = ("ext-info-", "kex-strict-")

# Everything it would log stands in the answer; its tracebacks on stderr help nobody.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


def _rank(key_exchange: str) -> int:
    first = _KEY_EXCHANGES_FIRST
    return first.index(key_exchange) if key_exchange in first else len(first)


class _Packetizer(Packetizer):
    def start_handshake(self, timeout: float) -> None:
        """No timer: the guard has the deadline, and a timer's thread would outlive the session."""


class Client(paramiko.Transport):
    """One connection. A host key that `host_keys` refuses ends it within the key exchange.

    Raised there, SshError is what get_exception() returns.
    """

    def __init__(self, guard: Guard, host_keys: HostKeys, *, legacy: bool = False) -> None:
        super().__init__(
            guard,  # type: ignore[arg-type]
            default_window_size=_WINDOW_BYTES,
            disabled_algorithms={} if legacy else dict(_WEAK_ALGORITHMS),
            packetizer_class=_Packetizer,
        )
        self.guard = guard
        self._judge = host_keys
        self.login_sent = False  # the server was shown a credential, whatever it made of it
        self.host_key_blob = b""  # as the host showed it, with proof that it has the private key
        self._offered: Mapping[str, Sequence[str]] = {}
        options = self.get_security_options()
        options.kex = sorted(options.kex, key=_rank)
        # A record may hold keys of types that we have not (ssh-dss, security keys).
        known = [name for name in host_keys.algorithms if name in self._key_info]  # type: ignore[attr-defined]
        options.key_types = (*known, *(name for name in options.key_types if name not in known))

    def offered(self) -> dict[str, tuple[str, ...]]:
        """The algorithms that the server has, by what they are for; {} before it said so."""
        return {
            what: tuple(name for name in self._offered.get(key, ()) if not name.startswith(_NO_ALGORITHMS))
            for what, key in _OFFERED.items()
            if self._offered
        }

    @property
    def busy(self) -> bool:
        """Whether any channel is open on it."""
        return len(self._channels) > 0  # type: ignore[attr-defined]

    def end(self) -> None:
        """Close the connection; whoever waits for something on it wakes up."""
        self.guard.close()
        self.close()

    def _send_message(self, data: Any) -> None:
        if not self.login_sent:
            self.login_sent = data.asbytes()[0] == MSG_USERAUTH_REQUEST
        super()._send_message(data)  # type: ignore[misc]

    def _verify_key(self, host_key: bytes, sig: bytes) -> None:
        super()._verify_key(host_key, sig)  # type: ignore[misc]
        self.host_key_blob = host_key
        self._judge.check(host_key, time.time())

    def _really_parse_kex_init(self, m: Any, ignore_first_byte: bool = False) -> Any:
        parsed = super()._really_parse_kex_init(m, ignore_first_byte)  # type: ignore[misc]
        if not ignore_first_byte:
            self._offered = {key: list(names) for key, names in parsed.items() if isinstance(names, list)}
        return parsed
