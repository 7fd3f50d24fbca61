"""Where things are: the data directory and the names of what lies in it."""

from __future__ import annotations

import argparse
import os
import stat
from pathlib import Path

from soc.model import ConfigurationError

COLLECT_LOCK = "collect.lock"
STORE_LOCK = "store.lock"
COLLECT_STATE = "collect.sqlite"
SPOOL = "spool"


def data_directory(arguments: argparse.Namespace) -> Path:
    """The data directory (--data, SOC_DATA, else the place for this user), made with mode 0700.

    Raises ConfigurationError when it cannot be made, or is open to other users.
    """
    path = Path(arguments.data) if arguments.data else _default()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = path.stat()
    except OSError as error:
        raise ConfigurationError(
            f"data directory {path}: {error.strerror}; choose another with --data DIR"
        ) from error
    if not stat.S_ISDIR(mode.st_mode):
        raise ConfigurationError(f"data directory {path} is not a directory")
    if mode.st_mode & 0o022 and mode.st_uid == os.geteuid() and not arguments.data:
        path.chmod(0o700)
    return path


def _default() -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/soc")
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local/share") / "soc"
