"""Names of listening ports."""

from __future__ import annotations

import pytest

from soc.collect.listeners import listener


@pytest.mark.parametrize(
    ("protocol", "address", "port", "name"),
    [
        ("tcp", "0.0.0.0", 22, "tcp 0.0.0.0:22"),
        ("tcp", "::", 22, "tcp [::]:22"),
        ("udp", "fe80::1%4", 546, "udp [fe80::1]:546"),
        ("tcp", "*", 49664, "tcp *:dynamic"),
        ("tcp", "::", 65535, "tcp [::]:dynamic"),
        ("tcp", "127.0.0.1", 50123, ""),
        ("tcp", "::1", 50123, ""),
        ("tcp", "127.0.0.1", 631, "tcp 127.0.0.1:631"),
        ("udp", "0.0.0.0", 61234, ""),
        ("udp", "", 53, ""),
    ],
)
def test_listener(protocol: str, address: str, port: int, name: str) -> None:
    """What is another port after each boot has a name that stays, or none."""
    assert listener(protocol, address, port) == name
