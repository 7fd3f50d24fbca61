"""Who asks: the kernel says which uid, the system which user and groups, the inventory which role."""

from __future__ import annotations

import asyncio
import grp
import os
import pwd
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from soc.hub.port import HubPort
from soc.inventory import Role
from soc.inventory.organisation import ROLES

_CREDENTIALS = struct.Struct("3i")  # struct ucred, unix(7): pid, uid, gid
_LIFE_SECONDS = 30.0
_MAXIMUM_KNOWN = 1024


@dataclass(frozen=True, slots=True)
class Peer:
    """The user at the other end. `role` empty = nobody here."""

    uid: int
    name: str
    role: str

    def may(self, role: str) -> bool:
        """Whether the peer's role is this one or above it."""
        return bool(self.role) and ROLES.index(self.role) >= ROLES.index(role)


def peer_uid(transport: asyncio.BaseTransport | None) -> int:
    """The uid that connected (SO_PEERCRED). Raises ConnectionError when the connection is gone."""
    connection = transport.get_extra_info("socket") if transport else None
    if connection is None:
        raise ConnectionResetError("the peer is gone")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(credentials)[1])


def request_uid(request: web.Request) -> int:
    """As peer_uid, of whoever made the request."""
    return peer_uid(request.transport)


def peer_of(uid: int, roles: Mapping[str, Role], own_uid: int) -> Peer:
    """Look the user up: the highest role that names them or a group of theirs.

    Without roles only the hub's own user has one, admin. Asks the system's user database, which may wait
    for a network.
    """
    try:
        user = pwd.getpwuid(uid)
    except KeyError:
        return Peer(uid, str(uid), "admin" if not roles and uid == own_uid else "")
    if not roles:
        return Peer(uid, user.pw_name, "admin" if uid == own_uid else "")
    groups = {_group_name(gid) for gid in os.getgrouplist(user.pw_name, user.pw_gid)}
    held = [
        name for name in ROLES
        if name in roles and (user.pw_name in roles[name].users or groups & set(roles[name].groups))
    ]  # fmt: skip
    return Peer(uid, user.pw_name, held[-1] if held else "")


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


class Peers:
    """Peers looked up of late. What an inventory newly in force says of them holds at once, what the
    user database says after half a minute."""

    def __init__(self, port: HubPort) -> None:
        self._port = port
        self._own_uid = os.geteuid()
        self._known: dict[int, tuple[Peer, Mapping[str, Role], float]] = {}

    async def find(self, uid: int) -> Peer:
        now = asyncio.get_running_loop().time()
        roles = self._port.inventory().roles
        known = self._known.get(uid)
        if known is not None and known[1] is roles and now < known[2]:
            return known[0]
        peer = await asyncio.to_thread(peer_of, uid, roles, self._own_uid)
        if len(self._known) >= _MAXIMUM_KNOWN:
            self._known.clear()
        self._known[uid] = (peer, roles, now + _LIFE_SECONDS)
        return peer
