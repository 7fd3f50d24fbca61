"""soc.console.places: which hub is meant."""

from __future__ import annotations

import socket as sockets
from collections.abc import Iterator
from pathlib import Path

import pytest

from soc.console.errors import DisconnectedError
from soc.console.places import find_socket


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A directory with the sockets of three hubs: named, system, own."""
    listening = []
    for name in ("named", "system", "own/hub"):
        path = tmp_path / f"{name}.sock"
        path.parent.mkdir(exist_ok=True)
        listening.append(sockets.socket(sockets.AF_UNIX))
        listening[-1].bind(str(path))
    yield tmp_path
    for one in listening:
        one.close()


def test_order_of_places(place: Path) -> None:
    """--socket, SOC_SOCKET, --data, the system's hub, the user's own."""
    named, system, own = place / "named.sock", place / "system.sock", place / "own"
    environment = {"SOC_SOCKET": str(system)}
    assert find_socket(str(named), str(own), environment, own, system) == named
    assert find_socket(None, str(own), environment, own, system) == system
    assert find_socket(None, str(own), {}, place, system) == own / "hub.sock"
    assert find_socket(None, None, {}, own, system) == system
    assert find_socket(None, None, {}, own, place / "none.sock") == own / "hub.sock"


def test_a_named_place_is_final(place: Path) -> None:
    """Who names a hub that is not there does not get another one; the message says where it looked."""
    system = place / "system.sock"
    with pytest.raises(DisconnectedError, match=r"looked at .*/typo\.sock; start one"):
        find_socket(str(place / "typo.sock"), None, {}, place / "own", system)
    with pytest.raises(DisconnectedError, match="/elsewhere/hub"):
        find_socket(None, str(place / "elsewhere"), {}, place / "own", system)


def test_nowhere(tmp_path: Path) -> None:
    """Both usual places are named; a plain file is no socket."""
    (tmp_path / "hub.sock").touch()
    with pytest.raises(DisconnectedError, match=r"s\.sock and .*/hub\.sock"):
        find_socket(None, None, {}, tmp_path, tmp_path / "s.sock")
