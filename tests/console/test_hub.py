"""The console against the real API over a real store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from soc.model import Device
from tests.hub.api.conftest import DEVICES, HOSTILE, NOW, fill
from tests.support.console import running_console
from tests.support.estate import Estate, inventory
from tests.support.hub import ServedHub, WriterHub


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedHub]:
    estate = Estate(tmp_path, DEVICES)
    fill(estate)
    with estate.store() as store:
        hub = WriterHub(store, estate.directory, inventory(DEVICES), NOW)
        with ServedHub(hub, tmp_path / "hub.sock") as running:
            yield running


def test_screens_and_actions(served: ServedHub) -> None:
    """Towers, the queue by filter, a device's facts; acknowledge, note and close reach the store."""

    async def run() -> None:
        async with running_console(served.path, (120, 40), clock=lambda: NOW) as console:
            text = await console.until("Uplink down on sw-1")
            assert "SECURITY" in text
            await console.until("1 unowned crit")
            await console.press("2", "a")
            await console.until("is yours")
            await console.press("n")
            await console.type("cable cut")
            await console.press("enter")
            await console.until("note done")
            await console.until("cable cut")
            await console.press("c", "down")
            await console.type("cable spliced")
            await console.press("enter")
            await console.until("close done")
            await console.until("closed")
            await console.press("slash")
            await console.paste(" severity>=high -owner:* age<1h")
            await console.press("enter")
            await console.until("2 of 5")
            await console.press("3")
            await console.until("!!DOWN")
            await console.press("slash")
            await console.paste("device:web-1")
            await console.press("enter")
            text = await console.until("1 of 5")
            await console.until("description")
            assert not {"\x1b", "\u202e"} & set(console.text())

    asyncio.run(run())


def test_estate_is_what_the_test_expects() -> None:
    """The shared estate still has the devices and the hostile text that the screens are tried with."""
    assert "sw-1" in [device.name for device in DEVICES if isinstance(device, Device)]
    assert "\x1b" in HOSTILE
