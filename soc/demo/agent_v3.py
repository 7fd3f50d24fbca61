"""SNMPv3 agents (RFC 3414: SHA-256 authentication, AES-128 privacy) by pysnmp's command responder.

Slow beside the demo's own agent, hence for a few devices; the variables are the same.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

with warnings.catch_warnings():
    # pysnmp asks for an event loop while it is imported.
    warnings.simplefilter("ignore", DeprecationWarning)
    from pysnmp.carrier.asyncio.dgram import udp
    from pysnmp.entity import config, engine
    from pysnmp.entity.rfc3413 import cmdrsp, context
    from pysnmp.proto.api import v2c
    from pysnmp.smi.instrum import AbstractMibInstrumController

from soc.demo import ber
from soc.demo.serve import Endpoint
from soc.demo.tree import VariableTree

_TYPES = {
    ber.INTEGER: v2c.Integer32,
    ber.OCTET_STRING: v2c.OctetString,
    ber.OBJECT_IDENTIFIER: v2c.ObjectIdentifier,
    ber.IP_ADDRESS: v2c.IpAddress,
    ber.COUNTER32: v2c.Counter32,
    ber.GAUGE32: v2c.Gauge32,
    ber.TIME_TICKS: v2c.TimeTicks,
    ber.OPAQUE: v2c.Opaque,
    ber.COUNTER64: v2c.Counter64,
}
# Of one GETBULK response: keeps it below an Ethernet frame for the usual columns.
_MAXIMUM_BINDINGS = 32


@dataclass(frozen=True, slots=True)
class User:
    """A USM user with its two passwords."""

    name: str
    authentication_key: str = field(repr=False)
    privacy_key: str = field(repr=False)


class _Variables(AbstractMibInstrumController):  # type: ignore[misc]
    """Answers pysnmp's responders from a variable tree."""

    def __init__(self, tree: VariableTree, now: Callable[[], float]) -> None:
        self._tree = tree
        self._now = now

    def read_variables(self, *bindings: Any, **_: Any) -> list[tuple[Any, Any]]:
        return [self._binding(name, self._tree.position(tuple(name))) for name, _ in bindings]

    def read_next_variables(self, *bindings: Any, **_: Any) -> list[tuple[Any, Any]]:
        found = []
        for name, _ in bindings:
            position = self._tree.after(ber.encode_oid(tuple(name)))
            if position < len(self._tree):
                found.append(self._binding(name, position))
            else:
                found.append((name, v2c.EndOfMibView("")))
        return found

    def _binding(self, name: Any, position: int | None) -> tuple[Any, Any]:
        if position is None:
            known = self._tree.has_object(ber.encode_oid(tuple(name)))
            return name, v2c.NoSuchInstance("") if known else v2c.NoSuchObject("")
        oid, tag, value = self._tree.read(position, self._now())
        if isinstance(value, int) and tag in ber.UNSIGNED_BITS:
            value &= (1 << ber.UNSIGNED_BITS[tag]) - 1
        return v2c.ObjectIdentifier(oid), _TYPES[tag](value)


class _Bulk(cmdrsp.BulkCommandResponder):  # type: ignore[misc]
    max_varbinds = _MAXIMUM_BINDINGS


def _transport(silent: Callable[[], bool]) -> Any:
    class Udp(udp.UdpAsyncioTransport):  # type: ignore[misc]
        def datagram_received(self, datagram: bytes, address: Any) -> None:
            if not silent():
                super().datagram_received(datagram, address)

    return Udp()


@dataclass(frozen=True, slots=True)
class DeviceV3:
    """What one v3 agent answers from, and when it is silent."""

    tree: VariableTree
    silent: Callable[[float], bool]


def open_agents(
    devices: Mapping[Endpoint, DeviceV3], user: User, now: Callable[[], float]
) -> list[engine.SnmpEngine]:
    """One SNMP engine for each endpoint on the running event loop, with an engine id of its own."""
    return [
        _open(endpoint, device, user, now, number)
        for number, (endpoint, device) in enumerate(devices.items(), start=1)
    ]


def _open(
    endpoint: Endpoint, device: DeviceV3, user: User, now: Callable[[], float], number: int
) -> engine.SnmpEngine:
    # RFC 3411 SnmpEngineID: enterprise 8072, format 4 (text).
    identifier = v2c.OctetString(b"\x80\x00\x1f\x88\x04" + f"soc-demo-{number:04d}".encode())
    responder = engine.SnmpEngine(identifier)
    transport = _transport(lambda: device.silent(now()))
    config.add_transport(responder, udp.DOMAIN_NAME, transport.open_server_mode(endpoint))
    config.add_v3_user(
        responder, user.name, config.USM_AUTH_HMAC192_SHA256, user.authentication_key,
        config.USM_PRIV_CFB128_AES, user.privacy_key,
    )  # fmt: skip
    config.add_vacm_user(responder, 3, user.name, "authPriv", (1, 3, 6))
    where = context.SnmpContext(responder)
    where.unregister_context_name(b"")
    where.register_context_name(b"", _Variables(device.tree, now))
    for kind in (cmdrsp.GetCommandResponder, cmdrsp.NextCommandResponder, _Bulk):
        kind(responder, where)
    return responder


async def serve(
    devices: Mapping[Endpoint, DeviceV3],
    user: User,
    now: Callable[[], float],
    ready: Callable[[], None],
    stop: asyncio.Event,
) -> None:
    """Answer until `stop` is set; `ready` is called once every endpoint is bound.

    Raises OSError when one cannot be bound.
    """
    engines = open_agents(devices, user, now)
    try:
        for responder in engines:
            await responder.transport_dispatcher.get_transport(udp.DOMAIN_NAME)._lport
        ready()
        await stop.wait()
    finally:
        for responder in engines:
            responder.close_dispatcher()
