"""SnmpTransport against Debian's snmpd, and against agents that are not there."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from soc.collect import SnmpScalars, SnmpTable, counter64, integer, octets, text, ticks

from .conftest import USERS, free_udp_port, poll, v3

SYSTEM = SnmpScalars(uptime=ticks("1.3.6.1.2.1.1.3.0"), name=text("1.3.6.1.2.1.1.5.0"))
INTERFACES = SnmpTable(
    "1.3.6.1.2.1.31.1.1.1", name=text(1), received=counter64(6), sent=counter64(10)
)


def test_v2c_reads_scalars_and_tables(snmpd: int) -> None:
    """Scalars come as one Row, table rows in order of index."""
    answer = poll(snmpd, (SYSTEM, INTERFACES))
    assert answer.failure is None
    assert answer.answered
    assert answer.values[SYSTEM].name == "example-agent"
    assert {row.name for row in answer.values[INTERFACES]} == {path.name for path in Path("/sys/class/net").iterdir() if (path / "ifindex").exists()}
