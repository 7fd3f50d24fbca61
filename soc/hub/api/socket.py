"""The socket: private in the data directory, or the system's, told apart by where it lies."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

from soc.model import ConfigurationError, LockHeldError

_BACKLOG = 128
_MAXIMUM_PATH_BYTES = 107  # sun_path, unix(7)


class HubSocket:
    """A listening socket and its file, which `close` removes as long as it is still ours."""

    def __init__(self, path: Path, listening: socket.socket) -> None:
        self.path = path
        self.listening = listening
        self._inode = path.stat().st_ino

    def close(self) -> None:
        self.listening.close()
        try:
            if self.path.lstat().st_ino == self._inode:
                self.path.unlink()
        except FileNotFoundError:
            pass


def open_socket(path: Path, data_directory: Path) -> HubSocket:
    """Listen at `path`: mode 0600 inside the data directory, elsewhere 0666 in a directory that only its
    owner may write to (made with 0755 where it is missing).

    The file of a dead hub is replaced, as is the link in the data directory to where one answered.
    Raises LockHeldError when a living one answers there, ConfigurationError when the place does not do.
    """
    private = path.parent.resolve() == data_directory.resolve()
    if not private:
        _check_directory(path.parent)
    elif path.is_symlink():
        path.unlink()  # of a hub that was killed: who opens this one has the store
    _check_free(path)
    # Nobody may connect before the mode is right: made under another name, then renamed.
    made = path.with_name(f".{path.name}.{os.getpid()}")
    if len(os.fsencode(made)) > _MAXIMUM_PATH_BYTES:
        raise ConfigurationError(f"{path}: too long for a socket; choose another with --socket")
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.unlink(missing_ok=True)
        listening.bind(str(made))
        made.chmod(0o600 if private else 0o666)
        listening.listen(_BACKLOG)
        listening.setblocking(False)
        made.rename(path)
        return HubSocket(path, listening)
    except OSError as error:
        listening.close()
        made.unlink(missing_ok=True)
        raise ConfigurationError(f"{path}: cannot listen: {error.strerror}") from error


def _check_directory(directory: Path) -> None:
    try:
        if not directory.exists():
            directory.mkdir(parents=True)
            directory.chmod(0o755)
        mode = directory.stat().st_mode
    except OSError as error:
        raise ConfigurationError(f"{directory}: {error.strerror}") from error
    if mode & 0o022:
        raise ConfigurationError(
            f"{directory}: others may write to it, so they could replace the socket: chmod go-w"
        )


def _check_free(path: Path) -> None:
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise ConfigurationError(f"{path}: not a socket; it is left alone")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return
        except OSError as error:
            raise ConfigurationError(f"{path}: {error.strerror or error}") from error
    raise LockHeldError(f"another hub answers at {path}")
