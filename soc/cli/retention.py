"""Say what is kept until when, what goes next, and what a hold keeps.

How long is settings.retention of the inventory. Rows of the last two days are in the database; older ones
in sealed files, which are unlinked once everything in them is past its time and no hold covers them.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soc.model.text import clean

if TYPE_CHECKING:
    from soc.store import Store

_EXAMPLES = """examples:
  soc retention show
  soc retention show --json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(dest="action", required=True, metavar="COMMAND")
    commands.add_parser("show", help="what is kept until when")


def run(args: argparse.Namespace) -> int:
    """0; 1 when a sealed file is damaged. Raises ConfigurationError for an inventory that does not load."""
    from soc.cli._hub import ask
    from soc.cli._load import inventory_of
    from soc.pipeline.retention_report import retention_document

    def of_store(store: Store, _: Path) -> dict[str, Any]:
        return retention_document(store, inventory_of(args).settings.retention, time.time())

    found = ask(args, "soc retention", lambda hub: dict(hub.get("/v1/retention")), of_store)
    if args.json:
        for item in found["items"]:
            print(json.dumps(item))
        print(json.dumps({"summary": found["summary"]}))
    else:
        _print(found)
    return 1 if any(item["damaged"] for item in found["items"]) else 0


def _print(found: dict[str, Any]) -> None:
    from soc.model.durations import format_duration

    hot = found["summary"]["hot"]
    print(
        f"hot: {hot['samples']} samples, {hot['events']} events, {hot['matches']} matches; "
        f"{_size(hot['used_bytes'])} in use, {_size(hot['free_bytes'])} free for new rows"
    )
    for item in found["items"]:
        print(
            f"{clean(item['name'], 40):<20} kept {format_duration(item['keep_seconds']):<8} "
            f"{item['files']:>6} files {_size(item['bytes']):>10}"
            + (f"  {item['oldest'][:16]} to {item['newest'][:16]}" if item["oldest"] else "")
        )
        if item["next"]:
            print(f"{'':<20} next to go: {item['next']['file']} at {item['next']['expires'][:16]}")
        held, expired = item["held"], item["expired"]
        if held["holds"]:
            print(
                f"{'':<20} under {', '.join(held['holds'])}; kept past their time: {held['files']} files, "
                f"{_size(held['bytes'])}"
            )
        if expired["files"]:
            print(f"{'':<20} about to be unlinked: {expired['files']} files, {_size(expired['bytes'])}")
        for damaged in item["damaged"]:
            print(f"{'':<20} DAMAGED {damaged['file']}: {clean(damaged['reason'], 200)}")


def _size(size_bytes: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size_bytes < 1000:
            return f"{size_bytes:.4g} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.4g} GB"
