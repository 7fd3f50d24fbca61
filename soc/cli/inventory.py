"""Check, show and apply the inventory: devices, credentials by reference, settings."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from typing import TYPE_CHECKING

from soc.cli import _trust
from soc.model import TOWERS, ConfigurationError, Problem
from soc.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from soc.inventory import Inventory
    from soc.model import Device

_COLUMNS = ("NAME", "TOWER", "KIND", "ADDRESSES", "SITE", "SUPPLIER", "STATE", "CREDENTIALS")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "examples:\n  soc inventory check\n  soc inventory show --tower print\n  soc inventory check --help"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    check = commands.add_parser(
        "check",
        help="print every problem of the inventory with file and line",
        description="Read the inventory and all it includes, and print every problem as FILE:LINE. "
        "Exit code 2 if there is an error; warnings alone end with 0.",
        epilog="examples:\n"
        "  soc inventory check\n"
        "  soc inventory check --inventory /etc/soc/inventory.yaml\n"
        "  soc inventory check --json | jq 'select(.severity == \"error\")'",
    )
    check.set_defaults(action=_check)
    show = commands.add_parser(
        "show",
        help="print devices as the inventory's defaults complete them",
        description="Print devices, their tower's defaults filled in. Of a secret only the kind of its "
        "reference is shown. Exit code 1 if a named device is not in the inventory.",
        epilog="examples:\n"
        "  soc inventory show\n"
        "  soc inventory show --tower print\n"
        "  soc inventory show sw-core-01 --json",
    )
    show.add_argument("names", nargs="*", metavar="NAME", help="devices to show (default: all)")
    show.add_argument(
        "--tower", choices=TOWERS, metavar="TOWER", help=f"only this tower: {', '.join(TOWERS)}"
    )
    show.set_defaults(action=_show)
    apply = commands.add_parser(
        "apply",
        help="have the running hub take the inventory as it is now",
        description="Check the inventory, then have the running hub take its inventory file as it is now. "
        "Errors leave the one before in force, exit code 2. Without a hub the next cycle takes it anyway.",
        epilog="examples:\n  soc inventory apply\n  soc inventory apply --data /var/lib/soc --json",
    )
    apply.set_defaults(action=_apply)

    trust = commands.add_parser(
        "trust",
        help="put the SSH host keys of devices on record",
        description=_trust.DESCRIPTION,
        epilog=_trust.EXAMPLES,
    )
    _trust.configure(trust)
    trust.set_defaults(action=_trust.run)


def run(args: argparse.Namespace) -> int:
    return int(args.action(args))


def _check(args: argparse.Namespace) -> int:
    from soc.inventory import check_inventory, find_inventory

    path = find_inventory(args.inventory)
    inventory, problems = check_inventory(path)
    print_problems = _print_json if args.json else _print_text
    print_problems(path, inventory, problems)
    return ConfigurationError.exit_code if inventory is None else 0


def _print_text(path: Path, inventory: Inventory | None, problems: Sequence[Problem]) -> None:
    for problem in problems:
        print(clean(str(problem)))
    counts = Counter(problem.severity for problem in problems)
    found = f"{counts['error']} errors, {counts['warning']} warnings"
    if inventory is not None:
        found += (
            f"; {len(inventory.devices)} devices, {len(inventory.credentials)} credentials, "
            f"{len(inventory.sites)} sites, {len(inventory.suppliers)} suppliers"
        )
    print(f"{clean(str(path))}: {found}")


def _print_json(path: Path, inventory: Inventory | None, problems: Sequence[Problem]) -> None:
    for problem in problems:
        line = {"file": problem.file, "line": problem.line, "severity": problem.severity}
        print(json.dumps(line | {"code": problem.code, "message": problem.message}))
    counts = Counter(problem.severity for problem in problems)
    devices = inventory.devices.values() if inventory else ()
    summary = {
        "path": str(path),
        "ok": inventory is not None,
        "errors": counts["error"],
        "warnings": counts["warning"],
        "devices": len(devices),
        "towers": dict(sorted(Counter(device.tower for device in devices).items())),
    }
    print(json.dumps({"summary": summary}))


def _show(args: argparse.Namespace) -> int:
    from soc.cli._load import inventory_of
    from soc.inventory.report import hint, quoted

    inventory = inventory_of(args)
    missing = [name for name in args.names if name not in inventory.devices]
    for name in missing:
        print(f"soc: no device {quoted(name)}{hint(name, inventory.devices)}", file=sys.stderr)
    names = dict.fromkeys(args.names) if args.names else inventory.devices
    chosen = [
        device
        for name in names
        if (device := inventory.devices.get(name)) and args.tower in (None, device.tower)
    ]
    if args.json:
        for device in chosen:
            print(json.dumps(_as_json(device, inventory)))
    else:
        _print_table([_COLUMNS, *(_cells(device, inventory) for device in chosen)])
    return 1 if missing else 0


def _apply(args: argparse.Namespace) -> int:
    from soc.cli._hub import hub_of

    hub = hub_of(args)
    if hub is None:
        from soc.cli._load import inventory_of

        inventory = inventory_of(args)
        print(f"soc: no hub runs; the next cycle takes {clean(str(inventory.path))}", file=sys.stderr)
        return 0
    counts = hub.post("/v1/inventory/apply")
    if args.json:
        print(json.dumps(counts))
    else:
        print(", ".join(f"{count} {what}" for what, count in counts.items()))
    return 0


def _as_json(device: Device, inventory: Inventory) -> dict[str, object]:
    credentials = [inventory.credentials[name] for name in device.credentials]
    return {
        "name": device.name,
        "tower": device.tower,
        "kind": device.kind,
        "addresses": device.addresses,
        "site": device.site,
        "supplier": device.supplier,
        "state": device.state,
        "availability": device.availability,
        "credentials": [
            {"name": item.name, "kind": item.kind, "secrets": item.secret_kinds()} for item in credentials
        ],
        "depends_on": device.depends_on,
        "log_names": device.log_names,
        "labels": device.labels,
        "renamed_from": device.renamed_from,
        "timezone": device.timezone,
        "every": device.every,
        **device.options,
    }


def _cells(device: Device, inventory: Inventory) -> tuple[str, ...]:
    credentials = []
    for name in device.credentials:
        item = inventory.credentials[name]
        kinds = ", ".join(dict.fromkeys(item.secret_kinds().values()))
        credentials.append(f"{name} ({item.kind}{': ' + kinds if kinds else ''})")
    cells = (device.name, device.tower, device.kind, " ".join(device.addresses), device.site, device.supplier)
    return tuple(clean(cell) for cell in (*cells, device.state, " ".join(credentials)))


def _print_table(rows: Iterable[Sequence[str]]) -> None:
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
