"""Sessions on pysnmp: slow, and complete. For odd agents, SNMPv3 contexts, and to compare with.

pysnmp takes SNMPv2c answers from any source address, and does not tell a refused port from silence.
"""

from __future__ import annotations

import warnings
from typing import Any

from soc.collect.snmp.access import Access
from soc.collect.snmp.gufo import Bulk, Get, Next, Operation, Signal

with warnings.catch_warnings():
    # pysnmp asks for an event loop while it is imported.
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyasn1.type import univ  # type: ignore[import-untyped]
    from pysnmp.entity import config
    from pysnmp.entity.engine import SnmpEngine
    from pysnmp.error import PySnmpError
    from pysnmp.hlapi.v3arch.asyncio import (
        CommunityData,
        ContextData,
        ObjectIdentity,
        ObjectType,
        Udp6TransportTarget,
        UdpTransportTarget,
        UsmUserData,
        bulk_cmd,
        get_cmd,
        next_cmd,
    )
    from pysnmp.proto import errind
    from pysnmp.proto.rfc1902 import IpAddress, OctetString
    from pysnmp.proto.rfc1905 import EndOfMibView, NoSuchInstance, NoSuchObject, UnSpecified

_AUTH = {
    "": config.USM_AUTH_NONE, "md5": config.USM_AUTH_HMAC96_MD5, "sha1": config.USM_AUTH_HMAC96_SHA,
    "sha224": config.USM_AUTH_HMAC128_SHA224, "sha256": config.USM_AUTH_HMAC192_SHA256,
    "sha384": config.USM_AUTH_HMAC256_SHA384, "sha512": config.USM_AUTH_HMAC384_SHA512,
}  # fmt: skip
_PRIV = {
    "": config.USM_PRIV_NONE, "des": config.USM_PRIV_CBC56_DES, "aes128": config.USM_PRIV_CFB128_AES,
    "aes192": config.USM_PRIV_CFB192_AES_BLUMENTHAL, "aes256": config.USM_PRIV_CFB256_AES_BLUMENTHAL,
    "aes192c": config.USM_PRIV_CFB192_AES, "aes256c": config.USM_PRIV_CFB256_AES,
}  # fmt: skip
_ABSENT = (NoSuchObject, NoSuchInstance, EndOfMibView, UnSpecified)
_REPORTS = (
    errind.UnknownUserName, errind.WrongDigest, errind.UnsupportedSecurityLevel, errind.NotInTimeWindow,
    errind.DecryptionError, errind.UnknownEngineID, errind.AuthenticationFailure, errind.AuthenticationError,
    errind.UnknownSecurityName, errind.ReportPduReceived, errind.NoSuchContext,
)  # fmt: skip
_TOO_BIG = 1  # error-status

Cell = tuple[str, Any]


class Engines:
    """A pysnmp engine for each credential: one engine knows a user name once. Used in one thread."""

    def __init__(self) -> None:
        self._engines: dict[Access, Any] = {}

    def open(self, endpoint: str, access: Access) -> ReferenceSession:
        """pysnmp finds and keeps SNMPv3 engine ids itself."""
        engine = self._engines.get(access)
        if engine is None:
            engine = self._engines[access] = SnmpEngine()
        return ReferenceSession(engine, endpoint, access)

    def close(self) -> None:
        for engine in self._engines.values():
            engine.close_dispatcher()
        self._engines.clear()


class ReferenceSession:
    """One agent, one credential."""

    discovers = True  # by itself
    engine_id = b""

    def __init__(self, engine: Any, endpoint: str, access: Access) -> None:
        host, _, port = endpoint.rpartition(":")
        self._engine = engine
        self._kind = Udp6TransportTarget if host.startswith("[") else UdpTransportTarget
        self._address = (host.strip("[]"), int(port))
        self._user = _user(access)
        self._context = ContextData(contextName=access.context.encode())
        self._v1 = access.version == "1"

    async def perform(self, operation: Operation, wait_seconds: float) -> Any:
        """The operation's value or a Signal."""
        try:
            target = await self._kind.create(self._address, timeout=wait_seconds, retries=0)
            if isinstance(operation, Get):
                return await self._get(operation, target)
            if isinstance(operation, Bulk | Next):
                return await self._next(operation, target)
        except errind.ErrorIndication as error:
            return _signal(error)
        except (PySnmpError, ValueError):
            return Signal.GARBAGE
        return {}  # discovery happens with the first request

    async def _get(self, operation: Get, target: Any) -> Any:
        objects = [ObjectType(ObjectIdentity(oid)) for oid in operation.oids]
        error, status, _, bindings = await get_cmd(
            self._engine, self._user, target, self._context, *objects, lookupMib=False
        )
        if error:
            return _signal(error)
        if int(status) == _TOO_BIG:
            return Signal.TOO_BIG
        cells = [] if status else [_cell(binding) for binding in bindings]
        return {oid: value for oid, value in cells if value is not None}

    async def _next(self, operation: Bulk | Next, target: Any) -> Any:
        """As gufo: END where nothing follows or for an error-status, None after the last cell."""
        start = ObjectType(ObjectIdentity(operation.last))
        if isinstance(operation, Bulk):
            error, status, _, bindings = await bulk_cmd(
                self._engine, self._user, target, self._context, 0, operation.repetitions, start,
                lookupMib=False,
            )  # fmt: skip
        else:
            error, status, _, bindings = await next_cmd(
                self._engine, self._user, target, self._context, start, lookupMib=False
            )
        if error:
            return _signal(error)
        if status or not bindings:
            return Signal.END
        found: list[Cell | None] = []
        for oid, value in map(_cell, bindings):
            if value is None or not oid.startswith(f"{operation.oid}."):
                found.append(None)
                break
            found.append((oid, value))
            operation.last = oid
        return Signal.END if found == [None] else found


def _user(access: Access) -> Any:
    if access.version != "3":
        return CommunityData(access.community, mpModel=0 if access.version == "1" else 1)
    return UsmUserData(
        access.user,
        authKey=OctetString(access.auth_key) if access.auth_protocol else None,
        privKey=OctetString(access.priv_key) if access.priv_protocol else None,
        authProtocol=_AUTH[access.auth_protocol],
        privProtocol=_PRIV[access.priv_protocol],
        authKeyType=config.USM_KEY_TYPE_MASTER,
        privKeyType=config.USM_KEY_TYPE_MASTER,
    )


def _signal(error: Any) -> Signal:
    if isinstance(error, errind.RequestTimedOut):
        return Signal.TIMEOUT
    if isinstance(error, _REPORTS):
        return Signal.REPORT
    return Signal.TOO_BIG if isinstance(error, errind.TooBig) else Signal.GARBAGE


def _cell(binding: Any) -> tuple[str, Any]:
    """OID and value in the forms gufo gives them; None for an exception."""
    name, value = binding[0], binding[1]
    oid = str(name.get_oid() if hasattr(name, "get_oid") else name)
    if isinstance(value, _ABSENT):
        return oid, None
    if isinstance(value, IpAddress):
        return oid, value.prettyPrint()
    if isinstance(value, univ.ObjectIdentifier):
        return oid, str(value)
    if isinstance(value, univ.OctetString):
        return oid, bytes(value)
    return oid, int(value) if isinstance(value, univ.Integer) else None
