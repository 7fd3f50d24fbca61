"""What the console's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    """Where a hub listens."""
    return tmp_path / "hub.sock"
