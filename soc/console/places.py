"""Where the hub's socket is (docs/reference.md, places)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from soc.console.errors import DisconnectedError

SYSTEM_SOCKET = Path("/run/soc/hub.sock")
SOCKET_NAME = "hub.sock"


def find_socket(
    socket: str | None,
    data: str | None,
    environment: Mapping[str, str],
    own_data: Path,
    system: Path = SYSTEM_SOCKET,
) -> Path:
    """The socket named by `socket` (--socket), SOC_SOCKET or `data` (--data): whichever is given first,
    and no other; where none is given, the system hub's, then that in the user's own data directory.

    Raises DisconnectedError that says where it looked.
    """
    if socket:
        places = [Path(socket)]
    elif environment.get("SOC_SOCKET"):
        places = [Path(environment["SOC_SOCKET"])]
    elif data:
        places = [Path(data) / SOCKET_NAME]
    else:
        places = [system, own_data / SOCKET_NAME]
    for place in places:
        if place.is_socket():
            return place
    raise DisconnectedError(
        "no hub: looked at "
        + " and ".join(str(place) for place in places)
        + "; start one with `soc serve`, or name its socket with --socket"
    )
