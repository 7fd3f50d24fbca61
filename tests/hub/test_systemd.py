"""soc.hub.systemd, against a socket as systemd's."""

from __future__ import annotations

import socket
from pathlib import Path

from soc.hub.systemd import notify, watchdog_seconds


def test_manager_hears(tmp_path: Path) -> None:
    """A state arrives as one datagram."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert manager.recv(100) == b"READY=1"


def test_nobody_listens(tmp_path: Path) -> None:
    """Without a manager, or with one that is gone, nothing happens."""
    notify("READY=1", {})
    notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "gone")})
    assert list(tmp_path.iterdir()) == []


def test_watchdog_has_time_to_spare() -> None:
    """Signs of life come more than twice in the limit, and only from the process that is watched."""
    assert watchdog_seconds({"WATCHDOG_USEC": "30000000"}) == 12.0
    assert watchdog_seconds({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, pid=7) == 12.0
    assert watchdog_seconds({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, pid=8) is None
    assert watchdog_seconds({}) is None
    assert watchdog_seconds({"WATCHDOG_USEC": "soon"}) is None
