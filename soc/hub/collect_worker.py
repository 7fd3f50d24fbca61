"""A collect worker: `python -m soc.hub.collect_worker --data DIR --share 1/2 …`.

Collects until its standard input ends: with the hub that started it, whose collect.lock it inherits. A
line `reload` there makes it take the inventory in force anew. Each second's work is a line of JSON on
standard output: {"summary": {…}, "late_seconds", "problems": []}.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from soc.collect.batch import Refine
from soc.collect.environment import Environment, spare_the_garbage_collector
from soc.collect.load import load_collectors
from soc.collect.outstanding import Outstanding
from soc.collect.port import Transport
from soc.collect.state import CollectState, open_state
from soc.collect.transports import Transports
from soc.collect.worker import TICK_SECONDS, Share, Worker
from soc.detection import RuleSet
from soc.detection.places import load_all_rules
from soc.intake.refine import Refiner
from soc.inventory import Inventory, load_accepted
from soc.model import SocError
from soc.model.text import clean
from soc.spool.layout import COLLECT_STATE, INVENTORY, KNOWN_HOSTS, OUTSTANDING, SPOOL
from soc.spool.spool import Spool

_REPORT_EVERY_SECONDS = 10.0  # also when there was nothing to do: a sign of life
_MAXIMUM_PROBLEMS = 20
_STANDARD_INPUT = 0


class _Orders:
    """What the hub says on standard input."""

    def __init__(self) -> None:
        self.ended = False
        self.reload = False

    def listen(self, wait_seconds: float) -> None:
        """Take in what has come, waiting at most so long for it."""
        readable, _, _ = select.select([_STANDARD_INPUT], [], [], wait_seconds)
        if readable:
            said = os.read(_STANDARD_INPUT, 4096)
            self.ended = self.ended or not said
            self.reload = self.reload or b"reload" in said


def _collect(options: argparse.Namespace, state: CollectState) -> None:
    orders = _Orders()
    cache = options.data / "cache"
    inventory = load_accepted(options.data / INVENTORY, cache)
    rules = load_all_rules(options.rules, cache)
    share: Share = options.share
    transports = Transports(options.data / KNOWN_HOSTS)
    environment = Environment(
        inventory=inventory,
        collectors=load_collectors(options.collectors),
        transports=transports(inventory),
        state=state,
        spool=Spool(options.data / SPOOL, open_name=f"open-{share.writer}"),
        outstanding=Outstanding(options.data / OUTSTANDING, share.writer),
        refine=_refine(inventory, rules),
        now=time.time,
        monotonic=time.monotonic,
    )
    worker = Worker(environment, _maker(transports, inventory), share)
    spare_the_garbage_collector()
    reported = 0.0
    while not orders.ended:
        begun = time.monotonic()
        if orders.reload:
            orders.reload = False
            inventory = load_accepted(options.data / INVENTORY, cache)
            environment = replace(
                environment,
                inventory=inventory,
                transports=transports(inventory),
                refine=_refine(inventory, rules),
            )
            worker.finish()
            worker.take_over(environment, _maker(transports, inventory))
        summary, late = worker.tick()
        if summary.devices or summary.problems or begun >= reported + _REPORT_EVERY_SECONDS:
            reported = begun
            problems = summary.problems[:_MAXIMUM_PROBLEMS]
            line = {"summary": summary.counts(), "late_seconds": round(late, 3), "problems": problems}
            print(json.dumps(line), flush=True)
        orders.listen(max(0.0, begun + TICK_SECONDS - time.monotonic()))
    worker.finish()


def _state(options: argparse.Namespace) -> CollectState:
    """The first worker begins a damaged file anew; the others leave it to that one, and are started again.

    Raises StateError.
    """
    path = options.data / COLLECT_STATE
    if options.share.index > 1:
        state = CollectState(path)
        try:
            state.check()
        except SocError:
            state.close()
            raise
        return state
    state, damage = open_state(path)
    if damage:
        _tell(damage)
    return state


def _refine(inventory: Inventory, rules: RuleSet) -> Refine:
    return Refiner.of(inventory, rules).refine


def _maker(transports: Transports, inventory: Inventory) -> Callable[[], Mapping[str, Transport]]:
    return lambda: transports(inventory)


def _share(text: str) -> Share:
    index, _, count = text.partition("/")
    return Share(int(index), int(count))


def _tell(text: str) -> None:
    with suppress(OSError):  # a full disk or a closed pipe behind it: collecting goes on
        print(f"soc collect worker: {clean(text)}", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m soc.hub.collect_worker", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rules", type=Path, action="append", default=[])
    parser.add_argument("--collectors", type=Path, action="append", default=[])
    parser.add_argument("--share", type=_share, default=Share())
    options = parser.parse_args(arguments)
    os.umask(0o077)
    # Signals to the group are for the hub, which decides when we end.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    try:
        with closing(_state(options)) as state:
            _collect(options, state)
    except BrokenPipeError:  # the hub is gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except SocError as error:
        for line in str(error).splitlines():
            _tell(line)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
