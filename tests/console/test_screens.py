"""soc.console.app: what the screens show at the sizes that people have."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.support import console_estate as estate
from tests.support.console import running_console
from tests.support.fake_hub import FakeHub

SIZES = ((80, 24), (120, 40), (200, 50))


def hub(socket: Path, alerts: int = 18, devices: int = 60) -> FakeHub:
    now = time.time()
    return FakeHub(socket, estate.alerts(alerts, now), estate.devices(devices, now))


@pytest.mark.parametrize("size", SIZES)
def test_overview_shows_towers_and_what_needs_somebody(socket: Path, size: tuple[int, int]) -> None:
    """Every tower with its worst severity, counts and availability, and alerts that nobody has taken."""

    async def run() -> None:
        async with hub(socket), running_console(socket, size) as console:
            text = await console.until("sw-core-01")
            for tower in estate.TOWERS:
                assert tower.upper() in text
            assert "OVERVIEW" in text.splitlines()[0]
            assert "18 open" in text
            assert "!!CRIT" in text
            assert "ups-hq-2" not in text.partition("needs you")[2], "sam has it"
            await console.until("3 unowned crit")
            await console.until("● live")
            await console.until("mia")

    asyncio.run(run())


@pytest.mark.parametrize("size", SIZES)
def test_alerts_show_queue_and_preview(socket: Path, size: tuple[int, int]) -> None:
    """The queue with its filter and count; the selected alert's reason beside or below it."""

    async def run() -> None:
        async with hub(socket), running_console(socket, size, screen="alerts") as console:
            text = await console.until("interface_up has been 0")
            assert "status:open" in text
            assert "18 of 18" in text
            assert "A-4812 Core uplink TenGigE1/1 down" in text
            await console.press("j")
            text = await console.until("A-4811 Password spray")
            await console.until("b.bos")

    asyncio.run(run())


def test_towers_stand_beside_the_queue_where_there_is_room(socket: Path) -> None:
    """200 columns: towers | queue | detail on the same lines."""

    async def run() -> None:
        async with hub(socket), running_console(socket, (200, 50), screen="alerts") as console:
            await console.until("NETWORK")
            line = next(line for line in console.lines() if "NETWORK" in line)
            assert "!!CRIT" in line
            text = await console.until("Why")
            assert any("A-48" in line and "Why" in line for line in text.splitlines())

    asyncio.run(run())


@pytest.mark.parametrize("size", SIZES)
def test_devices_show_states_and_details(socket: Path, size: tuple[int, int]) -> None:
    """Devices with their state in words; the selected one's facts, values and events."""

    async def run() -> None:
        async with hub(socket), running_console(socket, size, screen="devices") as console:
            text = await console.until("prox-0007")
            assert "!!DOWN" in text
            assert "60 of 60" in text
            await console.press("j", "enter")
            text = await console.until("EX-4300-48T")
            assert "serv-0001" in text
            assert "cpu_utilization_ratio" in text

    asyncio.run(run())


def test_alert_on_the_whole_screen(socket: Path) -> None:
    """Enter opens the full report: reason, runbook, history, evidence; Esc goes back to the same row."""

    async def run() -> None:
        async with hub(socket), running_console(socket, (100, 45), screen="alerts") as console:
            await console.until("A-4811")
            await console.press("j", "enter")
            text = await console.until("evidence, 8 of 41")
            assert "https://runbooks.example.org/password-spray" in text
            assert "opened by system" in text
            assert "source_ip=10.20.4.77" in text
            await console.press("escape")
            text = await console.until("18 of 18")
            assert "─ A-4811 Password spray" in text

    asyncio.run(run())


def test_keys_and_commands_change_screens(socket: Path) -> None:
    """1 2 3 and `:` commands go, `-` goes to the last view, an unknown command names the nearest."""

    async def run() -> None:
        async with hub(socket), running_console(socket) as console:
            await console.press("2")
            await console.until(lambda text: text.startswith(" ALERTS"))
            await console.press("3")
            await console.until(lambda text: text.startswith(" DEVICES"))
            await console.press("minus")
            await console.until(lambda text: text.startswith(" ALERTS"))
            await console.press("colon", *"overview", "enter")
            await console.until(lambda text: text.startswith(" OVERVIEW"))
            await console.press("colon", *"device", "enter")
            await console.until("did you mean :devices?")
            await console.press("colon", *"alerts", "escape")
            assert console.text().startswith(" OVERVIEW")
            await console.press("colon", *"quit", "enter")
            async with asyncio.timeout(20):
                while console.app.is_running:
                    await asyncio.sleep(0.02)

    asyncio.run(run())


def test_help_names_the_keys_of_the_screen(socket: Path) -> None:
    """`?` lists what works here, and nothing that does not exist."""

    async def run() -> None:
        async with hub(socket), running_console(socket, (100, 40), screen="alerts") as console:
            await console.until("A-4811")
            await console.press("question_mark")
            text = await console.until("the keys of this screen")
            for what in (
                "acknowledge",
                "close, with disposition",
                "add a note",
                "filter the list",
                "half a page",
            ):
                assert what in text
            assert "undo" not in text
            await console.press("escape")
            await console.until(lambda text: "the keys of this screen" not in text)
            await console.press("3", "question_mark")
            text = await console.until("the keys of this screen")
            assert "acknowledge" not in text

    asyncio.run(run())


def test_tower_opens_its_alerts(socket: Path) -> None:
    """Tab to the towers, Enter on one: the queue filtered by it."""

    async def run() -> None:
        async with hub(socket), running_console(socket) as console:
            await console.until("sw-core-01")
            await console.press("tab", "j", "enter")
            await console.until("tower:hosting")
            text = await console.until("4 of 18")
            assert "web-03" in text
            assert "sw-core-01" not in text

    asyncio.run(run())


def test_nothing_needs_anybody(socket: Path) -> None:
    """An estate without alerts says so; keys that need a row do nothing."""

    async def run() -> None:
        async with hub(socket, alerts=0), running_console(socket) as console:
            await console.until("nothing needs you")
            await console.press("a", "c", "n", "enter", "j", "G")
            await console.press("2")
            await console.until("nothing selected")
            await console.press("a", "c", "n", "enter", "j", "G", "g", "g")
            await console.until("0 of 0")

    asyncio.run(run())
