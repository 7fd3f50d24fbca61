"""The shipped estate, built once: nothing in it changes."""

from __future__ import annotations

import pytest

from soc.demo.estate import Estate
from soc.inventory import Inventory, load_inventory
from soc.model.shipped import shipped

START = 1_800_000_000.0


@pytest.fixture(scope="session")
def inventory() -> Inventory:
    """The inventory that ships with soc."""
    return load_inventory(shipped("inventory.yaml"))


@pytest.fixture(scope="session")
def estate(inventory: Inventory) -> Estate:
    """Its devices under seed 1, live from START on."""
    return Estate(inventory.devices, 1, START)
