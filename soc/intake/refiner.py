"""The refiner process: `python -m soc.intake.refiner --data DIR [--rules DIR]...`.

Refines raw segments as they are sealed, until its standard input ends: with the process that started it.
Several may run on one data directory.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from soc.detection.places import load_all_rules
from soc.intake.raw import refine_waiting
from soc.intake.refine import Refiner
from soc.inventory import load_accepted
from soc.model import ConfigurationError, SocError, SpoolError
from soc.model.text import clean
from soc.spool.layout import INVENTORY, SPOOL

POLL_SECONDS = 0.1
_RETRY_SECONDS = 1.0
_STANDARD_INPUT = 0


def load_refiner(data: Path, rules: list[Path]) -> Refiner:
    """For the inventory in force. Raises ConfigurationError."""
    loaded = load_accepted(data / INVENTORY, data / "cache")
    rule_set = load_all_rules(rules, data / "cache")
    if rule_set.errors:
        raise ConfigurationError(rule_set.errors)
    return Refiner.of(loaded, rule_set)


def _ended(wait_seconds: float) -> bool:
    """Whether standard input has ended, looking for so long."""
    readable, _, _ = select.select([_STANDARD_INPUT], [], [], wait_seconds)
    return bool(readable) and not os.read(_STANDARD_INPUT, 4096)


def _run(spool: Path, refiner: Refiner) -> None:
    told, wait = "", 0.0
    while not _ended(wait):
        wait = POLL_SECONDS
        try:
            refine_waiting(spool, refiner, time.time, lambda: _ended(0.0))
            told = ""
        except SpoolError as error:
            wait = _RETRY_SECONDS
            if str(error) != told:
                told = str(error)
                _tell(told)


def _tell(text: str) -> None:
    with suppress(OSError):  # a full disk or a closed pipe behind it: refining goes on
        print(f"soc refiner: {clean(text)}", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m soc.intake.refiner", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rules", type=Path, action="append", default=[])
    options = parser.parse_args(arguments)
    os.umask(0o077)
    # Signals to the group are for the parent, which decides when we end.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    try:
        refiner = load_refiner(options.data, options.rules)
        _run(options.data / SPOOL, refiner)
    except SocError as error:
        for line in str(error).splitlines():
            _tell(line)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
