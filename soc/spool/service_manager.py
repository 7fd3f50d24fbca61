"""What systemd wants to hear (sd_notify(3), systemd.service(5)); nothing where nobody listens."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"
_SHARE_OF_WATCHDOG = 0.4  # of its time limit between two signs of life


def notify(state: str, environment: Mapping[str, str] = os.environ) -> None:
    """Send the state to NOTIFY_SOCKET; a manager that is gone misses it."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as messages:
        messages.settimeout(1.0)
        try:
            messages.sendto(state.encode(), address.replace("@", "\0", 1) if address[0] == "@" else address)
        except OSError:
            return


def watchdog_seconds(environment: Mapping[str, str] = os.environ, pid: int | None = None) -> float | None:
    """How often to send WATCHDOG=1; None where no watchdog waits for this process (`pid`, default ours)."""
    limit = environment.get("WATCHDOG_USEC", "")
    wanted = environment.get("WATCHDOG_PID", "")
    if not limit.isdigit() or int(limit) == 0:
        return None
    if wanted and wanted != str(os.getpid() if pid is None else pid):
        return None
    return int(limit) / 1e6 * _SHARE_OF_WATCHDOG
