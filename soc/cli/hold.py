"""Place, list and end legal holds: what they cover outlives its retention.

A hold covers everything there is between --from and --to, and of --device only where one is named. It works
at once, whoever has the store. Holds are kept for good, with who placed and who ended them; a hold that ends
lets go what is past its time. TIME is UTC as 2026-03-01T12:00:00Z, seconds since the epoch, or a duration
that long ago (7d).
"""

from __future__ import annotations

import argparse
import json
import time
from typing import TYPE_CHECKING

from soc.model.text import clean

if TYPE_CHECKING:
    from soc.store.sealing.holds import Hold, Holds

_EXAMPLES = """examples:
  soc hold add --reason 'case 4711' --from 2026-03-01T00:00:00Z --to 2026-03-08T00:00:00Z
  soc hold add --reason 'contract dispute with netco' --device sw-core-01
  soc hold list --json
  soc hold end H-1 --reason 'case closed'
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(dest="action", required=True, metavar="COMMAND")
    add = commands.add_parser("add", help="place a hold")
    add.add_argument("--reason", required=True, help="why, for whoever finds it")
    add.add_argument("--device", default="", metavar="NAME", help="what is kept of this device only")
    add.add_argument("--from", dest="begin", metavar="TIME", help="from this time (default: the beginning)")
    add.add_argument("--to", dest="end", metavar="TIME", help="until this time (default: without end)")
    commands.add_parser("list", help="every hold there ever was")
    end = commands.add_parser("end", help="end a hold")
    end.add_argument("hold", metavar="HOLD", help="its id, as listed")
    end.add_argument("--reason", required=True, help="why it is no longer needed")


def run(args: argparse.Namespace) -> int:
    """0. Raises ConfigurationError for a wrong time or id, StoreError when the holds do not read."""
    from soc.cli._places import data_directory
    from soc.pipeline.retention_report import hold_document
    from soc.spool.layout import SEALED
    from soc.store.sealing.holds import Holds

    holds = Holds(data_directory(args) / SEALED)
    now = time.time()
    for hold in _act(args, holds, now):
        if args.json:
            print(json.dumps(hold_document(hold)))
        else:
            print(_line(hold))
    return 0


def _act(args: argparse.Namespace, holds: Holds, now: float) -> list[Hold]:
    from soc.cli._actor import current_actor
    from soc.cli._times import moment

    match args.action:
        case "add":
            begin = moment(args.begin, now) if args.begin else None
            end = moment(args.end, now) if args.end else None
            return [holds.add(args.reason, current_actor(), now, device=args.device, begin=begin, end=end)]
        case "end":
            return [holds.finish(args.hold, args.reason, current_actor(), now)]
        case _:
            return holds.all()


def _line(hold: Hold) -> str:
    from soc.pipeline.report import moment_text

    span = f"{(moment_text(hold.begin) or 'the beginning')[:19]} to {(moment_text(hold.end) or 'open')[:19]}"
    ended = f"; ended by {clean(hold.ended_by, 40)}: {clean(hold.ended_reason, 100)}" if hold.ended else ""
    return (
        f"{hold.id:<6} {clean(hold.device, 40) or 'all devices'}, {span}: {clean(hold.reason, 200)} "
        f"({clean(hold.added_by, 40)}, {(moment_text(hold.added) or '')[:16]}){ended}"
    )
