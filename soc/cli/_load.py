"""What most commands begin with: the inventory, collectors and rules that the options name."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soc.collect import Collector
    from soc.inventory import Inventory


def inventory_of(args: argparse.Namespace) -> Inventory:
    """The valid inventory; its warnings stay with `soc inventory check`. Raises ConfigurationError."""
    from soc.cli._places import data_directory
    from soc.inventory import find_inventory, load_inventory

    return load_inventory(find_inventory(args.inventory), data_directory(args) / "cache")


def collectors_of(args: argparse.Namespace) -> list[Collector]:
    """Shipped and further collectors. Raises ConfigurationError."""
    from soc.collect.load import load_collectors

    return load_collectors([Path(path) for path in args.collectors or ()])


def seconds(text: str) -> float:
    """A duration option. Raises ConfigurationError."""
    from soc.model import ConfigurationError
    from soc.model.durations import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
