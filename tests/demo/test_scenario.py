"""What goes wrong in the estate, and that it is decided by the seed alone."""

from __future__ import annotations

import pytest

from soc.demo.estate import Estate
from soc.demo.place import devices_with
from soc.demo.scenario import HISTORY_SECONDS, Scenario
from soc.inventory import Inventory

START = 1_800_000_000.0


def _told(scenario: Scenario) -> tuple[object, ...]:
    return scenario.outage, scenario.battery, scenario.toner, scenario.disk, scenario.attack


def test_same_seed_same_scenario(inventory: Inventory) -> None:
    """Two runs with one seed meet the same incidents at the same times."""
    assert _told(Scenario(inventory.devices, 7, START)) == _told(Scenario(inventory.devices, 7, START))


def test_seeds_differ(inventory: Inventory) -> None:
    """Over ten seeds every incident strikes more than one device."""
    scenarios = [Scenario(inventory.devices, seed, START) for seed in range(10)]
    for name in ("outage", "battery", "toner", "disk", "attack"):
        assert len({getattr(scenario, name).device for scenario in scenarios}) > 1, name


@pytest.mark.parametrize("seed", range(20))
def test_incidents_are_apart(inventory: Inventory, seed: int) -> None:
    """No incident hides behind the dead uplink, and no two strike one device."""
    scenario = Scenario(inventory.devices, seed, START)
    struck = [scenario.battery, scenario.toner, scenario.disk, scenario.attack]
    names = [incident.device for incident in struck]
    assert len(set(names)) == len(names)
    assert not set(names) & (scenario.expected_unreachable() | scenario.expected_down())


def test_everything_behind_the_uplink_is_lost(inventory: Inventory) -> None:
    """Every site has devices on other ways, and all that depend on the dead router alone are lost."""
    scenario = Scenario(inventory.devices, 1, START)
    lost = scenario.expected_unreachable() | scenario.expected_down()
    for device in inventory.devices.values():
        if device.name not in scenario.expected_down():
            all_lost = bool(device.depends_on) and set(device.depends_on) <= lost
            assert (device.name in lost) is all_lost, device.name
    site = inventory.devices[scenario.outage.device].site
    assert any(device.site == site and device.name not in lost for device in inventory.devices.values())


def test_silence_begins_with_the_outage(estate: Estate) -> None:
    """Killed and hidden devices answer before the outage and not after; others always answer."""
    scenario = estate.scenario
    begins = scenario.outage.begins
    for name in scenario.expected_down() | scenario.expected_unreachable():
        assert not scenario.silent(name, begins - 1)
        assert scenario.silent(name, begins)
    assert not scenario.silent(scenario.battery.device, START)


def test_incidents_lie_in_the_history(estate: Estate) -> None:
    """All but the attack has begun before the demo goes live: the rules' waiting times have passed."""
    scenario = estate.scenario
    begins = [scenario.outage.begins, scenario.battery.begins, scenario.toner.begins, scenario.disk.begins]
    for time in begins:
        assert START - HISTORY_SECONDS <= time < START - 300


def test_logs_come_in_both_ways(estate: Estate, inventory: Inventory) -> None:
    """The attacked host forwards its log; of some hosts that answer it is pulled."""
    scenario = estate.scenario
    assert scenario.attack.device in scenario.forwarding
    pulled = {device.name for device in devices_with(inventory, "ssh")} - scenario.forwarding
    assert {name for name in pulled if not scenario.silent(name, START)}
