"""Sessions on gufo-snmp's public API, for a version of it whose private sockets are not as we know them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from gufo import snmp
from gufo.snmp.aio import SnmpSession
from gufo.snmp.user import KeyType

from soc.collect.snmp.access import Access
from soc.collect.snmp.gufo import Bulk, Get, Next, Operation, Signal

_AUTH: dict[str, type[snmp.BaseAuthKey]] = {
    "md5": snmp.Md5Key, "sha1": snmp.Sha1Key, "sha224": snmp.Sha224Key, "sha256": snmp.Sha256Key,
    "sha384": snmp.Sha384Key, "sha512": snmp.Sha512Key,
}  # fmt: skip
_PRIV: dict[str, type[snmp.BasePrivKey]] = {
    "des": snmp.DesKey, "aes128": snmp.Aes128Key, "aes192": snmp.Aes192Key, "aes256": snmp.Aes256Key,
    "aes192c": snmp.Aes192Key, "aes256c": snmp.Aes256Key,
}  # fmt: skip
_VERSIONS = {"1": snmp.SnmpVersion.v1, "2c": snmp.SnmpVersion.v2c, "3": snmp.SnmpVersion.v3}


class PublicSession:
    """One agent, one credential, in an event loop."""

    discovers = True  # by itself

    def __init__(self, endpoint: str, access: Access, engine_id: bytes = b"") -> None:  # noqa: ARG002
        host, _, port = endpoint.rpartition(":")
        self._session = SnmpSession(
            host.strip("[]"), int(port), access.community, user=_user(access),
            version=_VERSIONS[access.version],
        )  # fmt: skip
        self._refreshed = access.version != "3"

    @property
    def engine_id(self) -> bytes:
        return b""

    async def perform(self, operation: Operation, wait_seconds: float) -> Any:
        """The operation's value or a Signal."""
        try:
            async with asyncio.timeout(wait_seconds):
                if not self._refreshed:
                    await self._session.refresh()
                    self._refreshed = True
                if isinstance(operation, Get):
                    return await self._session.get_many(operation.oids)
                if isinstance(operation, Bulk):
                    return await self._several(operation)
                if isinstance(operation, Next):
                    return await self._next(operation)
        except StopAsyncIteration:
            return Signal.END
        except TimeoutError:
            return Signal.TIMEOUT
        except snmp.SnmpAuthError:
            return Signal.REPORT
        except OSError:
            return Signal.UNREACHABLE
        except (snmp.SnmpError, RuntimeError):
            return Signal.GARBAGE
        return {}

    async def _next(self, operation: Next) -> Any:
        if not operation.fresh:  # it cannot go on in mid-column: what GETBULK ended, has ended
            return Signal.END
        if operation.iterator is None:
            operation.iterator = self._session.getnext(operation.oid)
        return [await anext(operation.iterator)]

    async def _several(self, operation: Bulk) -> list[tuple[str, Any] | None]:
        cells: AsyncIterator[tuple[str, Any]] | None = operation.iterator
        if cells is None:
            cells = operation.iterator = self._session.getbulk(operation.oid, operation.repetitions)
        found: list[tuple[str, Any] | None] = []
        for _ in range(operation.repetitions):
            try:
                found.append(await anext(cells))
            except StopAsyncIteration:
                found.append(None)
                break
        return found


def _user(access: Access) -> Any:
    if access.version != "3":
        return None
    auth = _AUTH[access.auth_protocol](access.auth_key, KeyType.Master) if access.auth_protocol else None
    priv = _PRIV[access.priv_protocol](access.priv_key, KeyType.Master) if access.priv_protocol else None
    expansion = (
        snmp.KeyExpansion.Cisco if access.priv_protocol.endswith("c") else snmp.KeyExpansion.Blumenthal
    )
    return snmp.User(access.user, auth_key=auth, priv_key=priv, key_expansion=expansion)
