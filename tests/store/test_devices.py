"""Device history follows the inventory."""

from __future__ import annotations

from dataclasses import replace

from soc.model import Device
from soc.store import Store

SWITCH = Device("sw-1", "network", supplier="netco", labels={"rack": "7"}, depends_on=("fw-1",))
ROWS = "SELECT epoch(valid_from), epoch(valid_to), supplier FROM device_history ORDER BY valid_from"


def test_first_description_holds_from_the_beginning(store: Store) -> None:
    """Samples from before the device was known have a description too."""
    assert store.devices.sync([SWITCH], 1000) == 1
    assert store.query(ROWS) == [(0.0, None, "netco")]


def test_unchanged_adds_nothing(store: Store) -> None:
    """History grows with changes, not with runs."""
    store.devices.sync([SWITCH], 1000)
    assert store.devices.sync([SWITCH], 2000) == 0


def test_change_removal_and_return(store: Store) -> None:
    """Each change ends one row and begins another; a removed device has a gap."""
    store.devices.sync([SWITCH], 1000)
    store.devices.sync([replace(SWITCH, supplier="other")], 2000)
    store.devices.sync([], 3000)
    store.devices.sync([SWITCH], 4000)
    assert store.query(ROWS) == [(0.0, 2000.0, "netco"), (2000.0, 3000.0, "other"), (4000.0, None, "netco")]
