"""soc.hub.hub: what the hub says of itself."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from soc.hub.hub import Hub
from soc.hub.port import HubBusyError
from soc.model import Device
from soc.pipeline.site import Site
from tests.support.estate import START, Estate, event, inventory

DEVICES = (Device("web-1", "hosting"),)


def test_event_that_is_not_stored_is_told(tmp_path: Path) -> None:
    """Somebody learns of it, and the future says why."""
    estate = Estate(tmp_path, DEVICES)
    told: list[str] = []
    site = Site(
        data=tmp_path, inventory=inventory(DEVICES), collectors=(), rules=estate.rules,
        groups=estate.groups, now=lambda: START, monotonic=time.monotonic, command="soc serve",
    )  # fmt: skip

    async def record() -> None:
        hub = Hub(site, told.append, lambda: None)
        hub.writer.start()
        hub.writer.stop()
        hub.record(event(1, START)).result()

    with pytest.raises(HubBusyError):
        asyncio.run(record())
    assert told == [f"not stored: {event(1, START).message} (the hub is about to stop)"]
