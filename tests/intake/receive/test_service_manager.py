"""soc.intake.receive.service_manager"""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from soc.intake.receive.service_manager import READY, notify


@pytest.mark.parametrize("abstract", [False, True])
def test_tells_the_socket_it_is_given(tmp_path: Path, abstract: bool) -> None:
    """By a path, or by an abstract name written with an @."""
    name = f"soc-test-{tmp_path.name}-{id(tmp_path)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(10)
        manager.bind(f"\0{name}" if abstract else str(tmp_path / "n"))
        notify(READY, {"NOTIFY_SOCKET": f"@{name}" if abstract else str(tmp_path / "n")})
        assert manager.recv(100) == b"READY=1"


def test_nobody_to_tell_is_no_error(tmp_path: Path) -> None:
    """Without systemd, and with one that has gone."""
    notify(READY, {})
    notify(READY, {"NOTIFY_SOCKET": str(tmp_path / "gone")})
