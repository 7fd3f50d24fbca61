"""`soc` without the collectors that ship, for tests that poll again and again: python -m … COMMAND OPTION…"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import soc.cli._load
from soc.cli import main
from soc.collect import Collector
from soc.collect.load import load_collectors

OWN_COLLECTORS = (sys.executable, "-m", "tests.support.own_collectors")


def collectors_of(args: argparse.Namespace) -> list[Collector]:
    """Those of `--collectors` alone."""
    named = [Path(directory).resolve() for directory in args.collectors]
    return [item for item in load_collectors(named) if Path(item.path).resolve().parent in named]


if __name__ == "__main__":
    soc.cli._load.collectors_of = collectors_of
    sys.exit(main())
