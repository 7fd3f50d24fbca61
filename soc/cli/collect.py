"""Collect once what is due, then ingest it, evaluate the rules and alert: for cron.

A device that does not answer is data, not an error. Exit code 1: collection itself failed in part (a
credential unresolved, a parser raised, the deadline cut the cycle, the spool over 80 %); 75: another
`soc collect` is at work, nothing was sent. Beside a hub that collects itself nothing is polled, exit
code 0; one with `collection: external` ingests what is polled here.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soc.collect.environment import Summary
    from soc.model import LockHeldError
    from soc.pipeline.delivery import Delivered
    from soc.pipeline.pipeline import PipelineSummary
    from soc.pipeline.site import Site

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
    from soc.collect.environment import Summary
    from soc.model import LockHeldError, SocError, SpoolError
    from soc.pipeline.headless import ingest, notify, refine
    from soc.spool.layout import HUB_COMMAND

    deadline, wait = seconds(args.deadline), seconds(args.store_wait)
    site = site_of(args, "soc collect")
    try:
        summary = _collect(args, site, deadline)
    except LockHeldError as error:
        if not _is_hub(error):
            raise
        _tell(f"the hub (pid {error.pid}) collects; nothing was polled here")
        _print(args, Summary(), None)
        return 0
    for problem in summary.problems[:50]:
        _tell(problem)
    if len(summary.problems) > 50:
        _tell(f"… and {len(summary.problems) - 50} more")
    try:
        refine(site)
    except SpoolError as error:  # ingestion may make the room that is missing
        summary.problems.append(str(error))
        _tell(str(error))
    done = None
    try:
        done = ingest(site, wait)
        if done.stopped:
            _tell("a hub takes the store: what is not ingested yet stays in the spool for it")
        _tell_delivered(notify(site, random.random, wait))
    except LockHeldError as error:
        who = "the hub" if error.command == HUB_COMMAND else "another process"
        _tell(f"{who} has the store: the segments stay in the spool for it, nothing is lost")
    except SocError:
        _print(args, summary, None)  # what was collected is sealed, whatever the store says
        raise
    if done and done.quarantined:
        _tell(f"{done.quarantined} unreadable segments were set aside: soc events category:spool tells why")
    _print(args, summary, done)
    return 1 if summary.problems or (done and done.quarantined) else 0


def _collect(args: argparse.Namespace, site: Site, deadline: float) -> Summary:
    """What could not be collected is a problem: there may be something to ingest still."""
    from soc.collect.environment import Summary, spare_the_garbage_collector
    from soc.collect.state import StateError
    from soc.collect.transports import transports_for
    from soc.model import SpoolError
    from soc.pipeline.headless import collect
    from soc.spool.layout import KNOWN_HOSTS

    spare_the_garbage_collector()
    try:
        return collect(
            site,
            transports_for(site.inventory, site.data / KNOWN_HOSTS),
            deadline_seconds=deadline,
            everything=args.all,
            progress=_progress() if sys.stderr.isatty() and not args.json else None,
        )
    except (SpoolError, StateError) as error:
        return Summary(problems=[str(error)])


def _tell_delivered(done: Delivered) -> None:
    if done.postponed or done.dead:
        _tell(f"notices not sent yet: {done.postponed}, given up: {done.dead} (soc notify outbox)")


def _is_hub(error: LockHeldError) -> bool:
    """Whether a hub holds the lock that lives: the workers of a dead one end in a moment."""
    from soc.spool.layout import HUB_COMMAND

    if error.command != HUB_COMMAND:
        return False
    try:
        os.kill(error.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it lives, as somebody else
        pass
    return True


def _print(args: argparse.Namespace, summary: Summary, done: PipelineSummary | None) -> None:
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


def _tell(text: str) -> None:
    from soc.model.text import clean

    print(f"soc: {clean(text)}", file=sys.stderr)


def _progress() -> Callable[[int, int], None]:
    def show(done: int, total: int) -> None:
        end = "\n" if done == total else ""
        print(f"\r{done}/{total} devices", end=end, file=sys.stderr, flush=True)

    return show
