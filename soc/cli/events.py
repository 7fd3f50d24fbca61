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

from soc.model.text import clean

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
    from soc.cli._load import seconds
    from soc.cli._store import opened_store
    from soc.model import ConfigurationError
    from soc.model.filters import parse_filter
    from soc.pipeline.report import event_document, moment_text
    from soc.store.filters import Asker

    terms = parse_filter(" ".join(args.filter))
    since = seconds(args.since)
    if args.limit < 1:
        raise ConfigurationError("--limit: a number above 0")
    now = time.time()
    with opened_store(args, "soc events") as (store, _):
        # Sources' clocks may be a little ahead.
        events = store.events.select(terms, Asker(now), max(0.0, now - since), now + 60, args.limit)
    for event in events:
        if args.json:
            print(json.dumps(event_document(event), ensure_ascii=False))
        else:
            source = "/".join(filter(None, (event.product, event.category, event.service)))
            print(
                f"{moment_text(event.time)}  {event.severity_id}  {clean(event.device, 30):<20} "
                f"{clean(source, 40):<30} {clean(event.message, 300)}"
            )
    return 0
