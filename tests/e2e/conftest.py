"""Fixtures of the tests that drive the real thing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.two_devices import TwoDevices, two_devices


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[TwoDevices]:
    with two_devices(tmp_path) as devices:
        yield devices
