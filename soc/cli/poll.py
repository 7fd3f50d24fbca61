"""Poll devices once and print what they say; stores nothing, takes no lock."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

_EXAMPLES = """examples:
  soc poll --device sw-core-01
  soc poll --device sw-core-01 --device fw-01 --json
  soc poll --inventory lab.yaml --json > answers.jsonl
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EXAMPLES
    parser.add_argument(
        "--device", metavar="NAME", action="append", default=[], help="this device only; repeatable"
    )
    parser.add_argument("--deadline", metavar="DURATION", default="2m", help="total time limit (default 2m)")


def run(args: argparse.Namespace) -> int:
    """0 when every device answered and all was read; 1 when a device failed."""
    import time

    from soc.cli._load import collectors_of, inventory_of, seconds
    from soc.cli._places import data_directory
    from soc.collect.once import poll_once
    from soc.collect.transports import transports_for
    from soc.model import ConfigurationError
    from soc.spool.layout import KNOWN_HOSTS

    inventory = inventory_of(args)
    deadline = seconds(args.deadline)
    unknown = [name for name in args.device if name not in inventory.devices]
    if unknown:
        raise ConfigurationError(f"no such device in {inventory.path}: {', '.join(map(repr, unknown))}")
    active = [name for name, device in inventory.devices.items() if device.state == "active"]
    names = list(dict.fromkeys(args.device or active))
    failed = 0

    def tell(document: dict[str, Any]) -> None:
        nonlocal failed
        failed += not document["ok"]
        if args.json:
            print(json.dumps(document), flush=True)
        else:
            _print(document)

    poll_once(
        inventory,
        collectors_of(args),
        transports_for(inventory, data_directory(args) / KNOWN_HOSTS),
        devices=names,
        now=time.time,
        monotonic=time.monotonic,
        deadline=time.monotonic() + deadline,
        on_device=tell,
    )
    if failed and not args.json:
        print(f"{failed} of {len(names)} devices failed", file=sys.stderr)
    return 1 if failed else 0


def _print(document: dict[str, Any]) -> None:
    from soc.model.text import clean

    identity = document["identity"]
    known = " · ".join(
        clean(str(identity[key]), 80) for key in ("vendor", "model", "os", "version") if identity[key]
    )
    print(f"{clean(document['device'])}  {'ok' if document['ok'] else 'FAILED'}  {known}")
    for sample in document["samples"]:
        labels = ", ".join(f"{name}={clean(text, 60)}" for name, text in sample["labels"].items())
        print(f"  {sample['metric']}{{{labels}}} {sample['value']:.12g}")
    for fact in document["facts"]:
        print(f"  fact {fact['key']}/{clean(fact['instance'], 60)} = {clean(fact['value'], 120)}")
    for problem in document["errors"]:
        print(f"  error {clean(problem, 400)}")
