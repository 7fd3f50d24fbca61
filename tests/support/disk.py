"""A small disk of our own to fill up."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


def fill(path: Path) -> None:
    """Write until the disk is full."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with contextlib.suppress(OSError):
        while os.write(descriptor, b"x" * 4096):
            pass
    os.close(descriptor)


@contextlib.contextmanager
def mounted(directory: Path, size: str) -> Iterator[Path]:
    """A tmpfs of that size at `directory`, which is made; skips the test where it cannot be."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a tmpfs")
    directory.mkdir(0o700)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(directory)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    try:
        yield directory
    finally:
        subprocess.run(["umount", "-l", directory], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 6 MB."""
    with mounted(tmp_path / "disk", "6m") as directory:
        yield directory
