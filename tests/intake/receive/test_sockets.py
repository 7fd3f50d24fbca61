"""soc.intake.receive.sockets"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from soc.intake.receive.sockets import (
    Endpoint,
    bind,
    describe,
    endpoint_of,
    enlarge_receive_buffer,
    kernel_drops,
    passed_sockets,
)
from soc.model import ConfigurationError


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_binds_where_it_is_told(transport: str, address: str) -> None:
    """Both transports, both families, any free port."""
    with bind(Endpoint(transport, address, 0)) as sock:
        found = endpoint_of(sock)
        assert (found.transport, found.address) == (transport, address)
        assert describe([sock])[0].endswith(f":{found.port}")


def test_every_address_hears_both_families() -> None:
    """[::] takes IPv4 senders too, whatever the system's default is."""
    with bind(Endpoint("udp", "::", 0)) as sock, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", ("127.0.0.1", endpoint_of(sock).port))
        sock.settimeout(10)
        assert sock.recvfrom(10)[1][0] == "::ffff:127.0.0.1"


def test_a_taken_port_is_a_clear_error() -> None:
    """Which socket, and why."""
    with bind(Endpoint("udp", "127.0.0.1", 0)) as sock:
        port = endpoint_of(sock).port
        with pytest.raises(ConfigurationError, match=rf"udp 127\.0\.0\.1:{port}: Address already in use"):
            bind(Endpoint("udp", "127.0.0.1", port))


def test_the_receive_buffer_grows() -> None:
    """It becomes what was asked for where the system allows it, and says what it is."""
    with bind(Endpoint("udp", "127.0.0.1", 0)) as sock:
        assert enlarge_receive_buffer(sock, 65_536) == 65_536


def test_nothing_is_passed_to_another_process() -> None:
    """Variables meant for our parent are not ours, and not our children's either."""
    environment = {"LISTEN_FDS": "1", "LISTEN_PID": "1", "LISTEN_FDNAMES": "x"}
    assert passed_sockets(environment, os.getpid()) == []
    assert environment == {}


def test_kernel_drops_are_read_from_our_sockets_row() -> None:
    """The last column of the row whose inode is the socket's; other rows are not ours."""
    with bind(Endpoint("udp", "127.0.0.1", 0)) as sock:
        inode = os.fstat(sock.fileno()).st_ino
        row = "  1: 0100007F:1538 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 {} 2 0000 {}"
        table = "\n".join(("header", row.format(inode, 42), row.format(inode + 1, 7), "garbage"))
        assert kernel_drops([sock], {socket.AF_INET: table}) == 42
        assert kernel_drops([sock], {socket.AF_INET: "header"}) is None


@pytest.mark.skipif(not Path("/proc/net/udp").exists(), reason="needs Linux's /proc/net/udp")
def test_the_kernel_counts_what_it_drops() -> None:
    """A socket nobody reads overflows, and the count says so."""
    with (
        bind(Endpoint("udp", "127.0.0.1", 0)) as sock,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out,
    ):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        assert kernel_drops([sock]) == 0
        for _ in range(200):
            out.sendto(b"x" * 500, sock.getsockname())
        assert (kernel_drops([sock]) or 0) > 100
