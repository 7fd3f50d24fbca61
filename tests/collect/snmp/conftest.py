"""Poll one agent through the SNMP transport."""

from __future__ import annotations

import time

from soc.collect.port import Answer, Job, ResolvedCredential
from soc.collect.snmp import SnmpTransport
from soc.model import Device
from tests.support.snmpd import AUTH_PASSWORD, PRIV_PASSWORD, USERS, free_udp_port

__all__ = ["USERS", "free_udp_port", "poll", "v3"]


def v3(of: str, **changes: object) -> dict[str, object]:
    """Settings of one of the USERS."""
    _, auth, _, priv = USERS[of]
    settings: dict[str, object] = {"version": "3", "user": of, "timeout": 0.5, "tries": 2}
    if auth:
        settings["auth"] = {"protocol": auth, "key": AUTH_PASSWORD}
    if priv:
        settings["priv"] = {"protocol": priv, "key": PRIV_PASSWORD}
    return settings | changes


def poll(
    port: int,
    fetches: tuple[object, ...],
    *settings: dict[str, object],
    addresses: tuple[str, ...] = ("127.0.0.1",),
    hints: dict[str, object] | None = None,
    options: dict[str, object] | None = None,
    seconds: float = 20.0,
) -> Answer:
    """Poll one device with the given credentials' settings (default: v2c, community public)."""
    settings = settings or ({"version": "2c", "community": "public", "timeout": 0.3, "tries": 2},)
    credentials = tuple(
        ResolvedCredential(f"c{number}", "snmp", item) for number, item in enumerate(settings)
    )
    device = Device("d", "network", addresses=addresses, options={"snmp": {"port": port} | (options or {})})
    answers: list[Answer] = []
    SnmpTransport().run(
        [Job(device, credentials, fetches, hints=hints or {})],
        answers.append,
        time.monotonic() + seconds,
    )
    (answer,) = answers
    return answer
