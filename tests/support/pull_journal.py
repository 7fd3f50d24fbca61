"""`soc collect` with one collector alone, that of a journal in a directory: python -m … DIRECTORY OPTION…"""

from __future__ import annotations

import argparse
import sys

import soc.cli._load
from soc.cli import main
from soc.collect import Collector
from soc.collect.journal import journal_log

STREAM = "test-journal"


def _only(directory: str) -> list[Collector]:
    options = f"--directory={directory}"
    return [journal_log("test_journal", "A journal that a test writes.", stream=STREAM, options=options)]


if __name__ == "__main__":
    found = _only(sys.argv[1])

    def collectors_of(_: argparse.Namespace) -> list[Collector]:
        return found

    soc.cli._load.collectors_of = collectors_of
    sys.exit(main(["collect", "--all", *sys.argv[2:]]))
