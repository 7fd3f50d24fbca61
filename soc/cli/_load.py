"""What most commands begin with: the inventory, collectors and rules that the options name."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soc.collect import Collector
    from soc.detection import RuleSet
    from soc.inventory import Inventory
    from soc.pipeline.site import Site
    from soc.promql import RuleGroups


def inventory_of(args: argparse.Namespace, *, keep_texts: bool = False) -> Inventory:
    """The valid inventory; its warnings stay with `soc inventory check`. Raises ConfigurationError."""
    from soc.inventory import find_inventory, load_inventory

    return load_inventory(find_inventory(args.inventory), _cache(args), keep_texts=keep_texts)


def _cache(args: argparse.Namespace) -> Path | None:
    from soc.cli._places import data_directory
    from soc.model import ConfigurationError

    try:
        return data_directory(args) / "cache"
    except ConfigurationError:  # who needs the directory itself will say so; without a cache it takes longer
        return None


def collectors_of(args: argparse.Namespace) -> list[Collector]:
    """Shipped and further collectors. Raises ConfigurationError."""
    from soc.collect.load import load_collectors

    return load_collectors([Path(path) for path in args.collectors or ()])


def rules_of(args: argparse.Namespace) -> tuple[RuleSet, RuleGroups]:
    """Shipped, site and further rules of both kinds. Raises ConfigurationError."""
    from soc.detection.places import load_all_rules
    from soc.model import ConfigurationError
    from soc.promql import load_all_rule_files

    extra = [Path(path) for path in args.rules or ()]
    rules = load_all_rules(extra, _cache(args))
    if rules.errors:
        raise ConfigurationError(rules.errors)
    return rules, load_all_rule_files(extra)


def site_of(args: argparse.Namespace, command: str, *, collects: bool = True) -> Site:
    """Everything a headless cycle needs. Where children collect: no collectors, but the inventory's texts.

    Raises ConfigurationError.
    """
    import time

    from soc.cli._places import data_directory
    from soc.pipeline.site import Site

    rules, groups = rules_of(args)
    return Site(
        data=data_directory(args),
        inventory=inventory_of(args, keep_texts=not collects),
        collectors=collectors_of(args) if collects else (),
        rules=rules,
        groups=groups,
        now=time.time,
        monotonic=time.monotonic,
        command=command,
    )


def seconds(text: str) -> float:
    """A duration option. Raises ConfigurationError."""
    from soc.model import ConfigurationError
    from soc.model.durations import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
