"""Where the data directory is (soc/spool/layout.py names what lies in it)."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from soc.model import ConfigurationError


def data_directory(arguments: argparse.Namespace) -> Path:
    """The data directory (--data, SOC_DATA, else the place for this user), made with mode 0700.

    Raises ConfigurationError when it cannot be made, or others may write to it.
    """
    path = Path(arguments.data) if arguments.data else default_directory()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = path.stat().st_mode
    except OSError as error:
        raise ConfigurationError(
            f"data directory {path}: {error.strerror}; choose another with --data DIR"
        ) from error
    if mode & 0o022:
        raise ConfigurationError(f"data directory {path} is writable by others: chmod 700, or --data DIR")
    return path


def default_directory() -> Path:
    """The data directory of this user where none is named. Raises ConfigurationError without a home."""
    if os.geteuid() == 0:
        return Path("/var/lib/soc")
    base = os.environ.get("XDG_DATA_HOME")
    try:
        return (Path(base) if base else Path.home() / ".local/share") / "soc"
    except RuntimeError:
        raise ConfigurationError(
            "this user has no home directory for its data: name one by --data DIR"
        ) from None
