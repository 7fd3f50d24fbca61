"""Files that can be made again at any time: sealed with their hash, and believed only where they are ours."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from pathlib import Path

_MAXIMUM_BYTES = 512_000_000


def read_cache_file(path: Path) -> bytes | None:
    """What was written there; None for none, one that is damaged, and one that others could have written."""
    with contextlib.suppress(OSError):
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.geteuid() or status.st_mode & 0o022 or not stat.S_ISREG(status.st_mode):
                return None
            seal, content = file.readline(100).rstrip(b"\n"), file.read(_MAXIMUM_BYTES)
        return content if seal == _seal(content) else None
    return None


def write_cache_file(path: Path, content: bytes) -> None:
    """Replace the file as a whole. One that cannot be written is no error: it is made again next time."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_seal(content) + b"\n" + content)
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)


def _seal(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).hexdigest().encode()
