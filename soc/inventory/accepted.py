"""The inventory in force, kept as it was read: processes started later take it, not what was edited since.

One file. The first line is the hash of the rest; then comes a line of JSON for each source, the
inventory's own file first. It may hold what stands in the inventory in plain, so it is its owner's alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from soc.inventory.files import read_regular_file
from soc.inventory.sources import SourceText
from soc.model import ConfigurationError

_MAXIMUM_BYTES = 1_000_000_000


def keep_accepted(file: Path, texts: Sequence[SourceText]) -> None:
    """Have `file` hold these texts; a full disk hinders nothing where it does already. Raises OSError.

    Call as the only one who accepts: what a killed one had staged goes.
    """
    for staged in file.parent.glob(f"{_staged_prefix(file)}*"):
        staged.unlink()
    content = _content(texts)
    try:
        with file.open("rb") as kept:
            if kept.read(len(content) + 1) == content:
                return
    except FileNotFoundError:
        pass
    _stage(file, content).replace(file)


def stage_accepted(file: Path, texts: Sequence[SourceText]) -> Path:
    """The texts in a file beside `file`, which takes its place when they are accepted. Raises OSError."""
    return _stage(file, _content(texts))


def _content(texts: Sequence[SourceText]) -> bytes:
    lines = b"".join(json.dumps(asdict(text)).encode() + b"\n" for text in texts)
    return _seal(lines) + b"\n" + lines


def _stage(file: Path, content: bytes) -> Path:
    """Durable, and mode 0600."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=_staged_prefix(file))
    try:
        with os.fdopen(descriptor, "wb") as staged:
            staged.write(content)
            staged.flush()
            os.fsync(staged.fileno())
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def read_accepted(file: Path) -> list[SourceText]:
    """Raises ConfigurationError where the file is missing, damaged or open to other users."""
    try:
        data = read_regular_file(file, _MAXIMUM_BYTES, 0o077, "is open to other users; chmod 0600 it")
        seal, _, lines = data.partition(b"\n")
        if seal != _seal(lines):
            raise ValueError("its content is damaged")
        texts = [SourceText(**json.loads(line)) for line in lines.splitlines()]
        if not texts:
            raise ValueError("it is empty")
    except (OSError, ValueError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigurationError(
            f"the inventory in force, {file}, cannot be read: {reason}; a hub that starts writes it anew"
        ) from None
    return texts


def _staged_prefix(file: Path) -> str:
    return f".{file.name}-"


def _seal(lines: bytes) -> bytes:
    return hashlib.blake2b(lines, digest_size=16).hexdigest().encode()
