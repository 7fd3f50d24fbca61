"""Which host keys a server shows, without a login: what people compare before they trust them."""

from __future__ import annotations

from collections.abc import Callable

from soc.collect.ssh.client import Client
from soc.collect.ssh.connection import Endpoint, exchange_keys, open_stream
from soc.collect.ssh.failure import SshError
from soc.collect.ssh.known_hosts import HostKeys
from soc.collect.ssh.limits import Limits

# One algorithm of each kind of key that a server may have.
_KINDS = (
    "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512",
)  # fmt: skip


def shown_keys(
    address: str,
    port: int,
    limits: Limits,
    monotonic: Callable[[], float],
    *,
    legacy: bool = False,
    jump: Client | None = None,
) -> list[bytes]:
    """The server's public keys, one connection each (through `jump`); once a key was shown nothing is sent.

    Raises SshError where it shows none.
    """
    found: dict[bytes, None] = {}
    kinds = list(_KINDS)
    while kinds:
        nobody = HostKeys("the record", algorithms=tuple(kinds))
        endpoint = Endpoint(address, port, nobody, legacy)
        client = None
        try:
            client = open_stream(endpoint, limits, monotonic() + limits.session_seconds, jump)
            exchange_keys(client, endpoint, limits)
        except SshError:
            if client is None or not client.host_key_blob:
                if found:
                    break
                raise
            found[client.host_key_blob] = None
            offered = client.offered()["host key"]
            kinds = [kind for kind in kinds if kind in offered and kind != client.host_key_type]
        finally:
            if client is not None:
                client.end()
    return list(found)
