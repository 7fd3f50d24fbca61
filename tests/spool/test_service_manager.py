"""soc.spool.service_manager, against a socket as systemd's."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from soc.spool.service_manager import READY, notify, watchdog_seconds


@pytest.mark.parametrize("abstract", [False, True])
def test_tells_the_socket_it_is_given(tmp_path: Path, abstract: bool) -> None:
    """By a path, or by an abstract name written with an @: a state arrives as one datagram."""
    name = f"soc-test-{tmp_path.name}-{id(tmp_path)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(10)
        manager.bind(f"\0{name}" if abstract else str(tmp_path / "n"))
        notify(READY, {"NOTIFY_SOCKET": f"@{name}" if abstract else str(tmp_path / "n")})
        assert manager.recv(100) == b"READY=1"


def test_nobody_listens(tmp_path: Path) -> None:
    """Without a manager, or with one that is gone, nothing happens."""
    notify(READY, {})
    notify(READY, {"NOTIFY_SOCKET": str(tmp_path / "gone")})
    assert list(tmp_path.iterdir()) == []


def test_watchdog_has_time_to_spare() -> None:
    """Signs of life come more than twice in the limit, and only from the process that is watched."""
    assert watchdog_seconds({"WATCHDOG_USEC": "30000000"}) == 12.0
    assert watchdog_seconds({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, pid=7) == 12.0
    assert watchdog_seconds({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, pid=8) is None
    assert watchdog_seconds({}) is None
    assert watchdog_seconds({"WATCHDOG_USEC": "soon"}) is None
