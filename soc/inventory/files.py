"""Reading files that must be what they seem."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def read_regular_file(path: Path, limit: int, forbidden_mode: int, advice: str) -> bytes:
    """The content of a regular file of at most `limit` bytes; a pipe is refused without waiting for it.

    Raises OSError, or ValueError saying what is wrong: `advice` where the file has one of the
    permission bits in `forbidden_mode`.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise ValueError("expected a regular file")
        if mode & forbidden_mode:
            raise ValueError(f"mode {stat.S_IMODE(mode):04o} {advice}")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    finally:
        os.close(descriptor)
    if len(data) > limit:
        del data
        raise ValueError(f"larger than {limit} bytes")
    return data
