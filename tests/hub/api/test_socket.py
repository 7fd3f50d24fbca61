"""Where the hub listens, and whom it gives way to."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from soc.hub.api.socket import open_socket
from soc.model import ConfigurationError, LockHeldError


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_private(tmp_path: Path) -> None:
    """In the data directory the socket is its owner's; it is gone after closing."""
    place = open_socket(tmp_path / "hub.sock", tmp_path)
    assert mode(place.path) == 0o600
    place.close()
    assert list(tmp_path.iterdir()) == []


def test_system(tmp_path: Path) -> None:
    """Elsewhere everybody may connect, in a directory that only its owner may change."""
    place = open_socket(tmp_path / "run" / "hub.sock", tmp_path / "data")
    assert (mode(place.path), mode(place.path.parent)) == (0o666, 0o755)
    place.close()


def test_directory_that_others_may_change(tmp_path: Path) -> None:
    """Others could replace the socket."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(ConfigurationError, match="chmod go-w"):
        open_socket(shared / "hub.sock", tmp_path)


def test_a_dead_hubs_socket_is_replaced(tmp_path: Path) -> None:
    """A file that nobody listens at is no obstacle."""
    path = tmp_path / "hub.sock"
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(path))
    dead.close()
    place = open_socket(path, tmp_path)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    place.close()


def test_a_dead_hubs_link_is_replaced(tmp_path: Path) -> None:
    """In the data directory a link to where another hub answered gives way, what it leads to stays."""
    elsewhere, path = tmp_path / "run" / "hub.sock", tmp_path / "data" / "hub.sock"
    elsewhere.parent.mkdir()
    elsewhere.touch()
    path.parent.mkdir()
    path.symlink_to(elsewhere)
    place = open_socket(path, path.parent)
    assert path.is_socket()
    assert not path.is_symlink()
    assert elsewhere.exists()
    place.close()


def test_a_living_hub_is_left_alone(tmp_path: Path) -> None:
    """The second to come is told, and the first goes on."""
    place = open_socket(tmp_path / "hub.sock", tmp_path)
    with pytest.raises(LockHeldError, match="another hub"):
        open_socket(tmp_path / "hub.sock", tmp_path)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(place.path))
    place.close()


def test_another_file_is_left_alone(tmp_path: Path) -> None:
    """What is no socket is not removed."""
    path = tmp_path / "hub.sock"
    path.write_text("notes")
    with pytest.raises(ConfigurationError, match="not a socket"):
        open_socket(path, tmp_path)
    assert path.read_text() == "notes"


def test_a_successors_socket_is_not_removed(tmp_path: Path) -> None:
    """Closing removes the file only while it is its own."""
    first = open_socket(tmp_path / "hub.sock", tmp_path)
    first.listening.close()
    second = open_socket(tmp_path / "hub.sock", tmp_path)
    first.close()
    assert second.path.exists()
    second.close()


def test_too_long(tmp_path: Path) -> None:
    """A path that no socket can have is said to be too long."""
    with pytest.raises(ConfigurationError, match="too long"):
        open_socket(tmp_path / ("x" * 120), tmp_path)
