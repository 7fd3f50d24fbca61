"""Fixtures of the tests that drive the real thing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.two_devices import TwoDevices


@pytest.fixture
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TwoDevices]:
    monkeypatch.setenv("SOC_TEST_COMMUNITY", "public")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
        agent.bind(("127.0.0.1", 0))
        agent.setblocking(False)
        yield TwoDevices(tmp_path, agent)
