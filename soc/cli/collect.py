"""Collect once what is due, then ingest it, evaluate the rules and alert: for cron.

A device that does not answer is data, not an error. Exit code 1: collection itself failed in part (a
credential unresolved, a parser raised, the deadline cut the cycle, the spool over 80 %); 75: another
process collects, nothing was sent.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

_EXAMPLES = """examples:
  soc collect --inventory /etc/soc/inventory.yaml
  soc collect --all --json
  * * * * *  soc  /usr/local/bin/soc collect        # a line of /etc/cron.d/soc
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EXAMPLES
    parser.add_argument("--all", action="store_true", help="poll everything, whatever is due")
    parser.add_argument(
        "--deadline", metavar="DURATION", default="55s", help="time limit of the polling (default 55s)"
    )
    parser.add_argument(
        "--store-wait",
        metavar="DURATION",
        default="30s",
        help="how long to wait for the store before leaving segments in the spool (default 30s)",
    )


def run(args: argparse.Namespace) -> int:
    """One cycle; 0, or 1 when collection itself failed in part."""
    from soc.cli._load import seconds, site_of
    from soc.collect.transports import transports_for
    from soc.model import SpoolError
    from soc.pipeline.headless import collect, ingest, refine

    deadline, wait = seconds(args.deadline), seconds(args.store_wait)
    site = site_of(args, "soc collect")
    summary = collect(
        site,
        transports_for(site.inventory),
        deadline_seconds=deadline,
        everything=args.all,
        progress=_progress() if sys.stderr.isatty() and not args.json else None,
    )
    for problem in summary.problems[:50]:
        _tell(problem)
    if len(summary.problems) > 50:
        _tell(f"… and {len(summary.problems) - 50} more")
    try:
        refine(site)
    except SpoolError as error:  # ingestion may make the room that is missing
        summary.problems.append(str(error))
        _tell(str(error))
    done = ingest(site, wait)
    if done is None:
        _tell("another process has the store: the segments stay in the spool for it, nothing is lost")
    counts = summary.counts()
    if args.json:
        print(json.dumps(counts))
    else:
        print(
            f"{counts['devices']} devices: {counts['ok']} ok, {counts['failed']} failed; "
            f"{counts['samples']} samples, {counts['facts']} facts, {counts['events']} events "
            f"in {counts['seconds']:.1f} s"
        )
        if done is not None:
            print(f"{done.rule_times} rule times evaluated, {done.alerts_opened} alerts opened")
    return 1 if summary.problems or (done is not None and done.quarantined) else 0


def _tell(text: str) -> None:
    from soc.model.text import clean

    print(f"soc: {clean(text)}", file=sys.stderr)


def _progress() -> Callable[[int, int], None]:
    def show(done: int, total: int) -> None:
        end = "\n" if done == total else ""
        print(f"\r{done}/{total} devices", end=end, file=sys.stderr, flush=True)

    return show
