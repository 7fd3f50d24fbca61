"""Search events of the last hours.

FILTER is any number of terms, all of which must hold: field:value, field:"two words", severity>=high,
age<10m, a word (looked for in the message), and -term for what must not hold; * in a value stands for
any text, * alone for any value at all. Quote the whole filter, and write -- before one that begins
with -. Fields are device, product, category, service, user, source_ip, target_ip, process, severity,
message, and whatever the source had besides.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import TYPE_CHECKING, Any

from soc.model.text import clean

if TYPE_CHECKING:
    from pathlib import Path

    from soc.cli._hub import HubClient
    from soc.store import Store

_EXAMPLES = """examples:
  soc events --since 15m
  soc events user:root severity:high
  soc events 'product:soc category:change' --since 24h --json
  soc events '"failed password" -source_ip:10.*' --limit 20
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EXAMPLES
    parser.add_argument("filter", metavar="FILTER", nargs="*", help="terms, as above")
    parser.add_argument("--since", metavar="DURATION", default="1h", help="how far back (default 1h)")
    parser.add_argument("--limit", metavar="N", type=int, default=100, help="the newest N (default 100)")


def run(args: argparse.Namespace) -> int:
    """0, whether any were found or not."""
    from soc.cli._hub import ask
    from soc.cli._load import seconds
    from soc.model import ConfigurationError
    from soc.model.filters import parse_filter

    wanted = " ".join(args.filter)
    terms = parse_filter(wanted)
    since = seconds(args.since)
    if args.limit < 1:
        raise ConfigurationError("--limit: a number above 0")

    def of_hub(hub: HubClient) -> list[dict[str, Any]]:
        return list(hub.items("/v1/events", args.limit, filter=wanted, since=args.since))

    def of_store(store: Store, _: Path) -> list[dict[str, Any]]:
        from soc.pipeline.report import event_document
        from soc.store.filters import Asker

        now = time.time()
        # Sources' clocks may be a little ahead.
        events = store.events.select(terms, Asker(now), max(0.0, now - since), now + 60, args.limit)
        return [event_document(event) for event in events]

    for event in ask(args, "soc events", of_hub, of_store):
        if args.json:
            print(json.dumps(event))
        else:
            source = "/".join(event[name] for name in ("product", "category", "service") if name in event)
            print(
                f"{event['time']}  {event['severity_id']}  {clean(event.get('device', ''), 30):<20} "
                f"{clean(source, 40):<30} {clean(event.get('message', ''), 300)}"
            )
    return 0
