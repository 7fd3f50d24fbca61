"""An inventory in a temporary directory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write inventory.yaml and, by name, the files it includes; returns inventory.yaml's path."""

    def write(main: str, **included: str) -> Path:
        for name, text in included.items():
            (tmp_path / name.replace("_", ".")).write_text(text, encoding="utf-8")
        path = tmp_path / "inventory.yaml"
        path.write_text(main, encoding="utf-8")
        return path

    return write
