"""Run the hub: collect, ingest, evaluate and alert without end, and answer consoles and programs.

SIGTERM ends it within five seconds, SIGHUP makes it read the inventory again; what does not check out
leaves the one before in force. With `collection: external` in the inventory's settings cron polls
(`soc collect`) and the hub does all the rest.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import suppress
from pathlib import Path

_EXAMPLES = """examples:
  soc serve
  soc serve --data /var/lib/soc --inventory /etc/soc/inventory.yaml --socket /run/soc/hub.sock
  soc serve --workers 2
"""
_MAXIMUM_WORKERS = 64


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EXAMPLES
    parser.add_argument(
        "--socket",
        metavar="PATH",
        default=os.environ.get("SOC_SOCKET"),
        help="where to answer (SOC_SOCKET; default hub.sock in the data directory, for its owner alone)",
    )
    parser.add_argument(
        "--workers", metavar="N", type=int, default=1, help="processes that share the polling (default 1)"
    )
    parser.add_argument(
        "--store-wait",
        metavar="DURATION",
        default="30s",
        help="how long to wait for who has the store (default 30s)",
    )


def run(args: argparse.Namespace) -> int:
    """0 after SIGTERM or SIGINT; 75 when another hub, or a cycle that does not end, has the store."""
    from soc.cli._load import seconds, site_of
    from soc.hub.serve import Options, serve
    from soc.model import ConfigurationError
    from soc.spool.layout import HUB_COMMAND, HUB_SOCKET

    if not 1 <= args.workers <= _MAXIMUM_WORKERS:
        raise ConfigurationError(f"--workers: a number from 1 to {_MAXIMUM_WORKERS}")
    site = site_of(args, HUB_COMMAND, collects=False)  # its workers do
    options = Options(
        socket=Path(args.socket) if args.socket else site.data / HUB_SOCKET,
        store_wait_seconds=seconds(args.store_wait),
        workers=args.workers,
        rules=[Path(path) for path in args.rules or ()],
        collectors=[Path(path) for path in args.collectors or ()],
    )

    def ready(socket: Path) -> None:
        line = {"socket": str(socket.absolute()), "pid": os.getpid()}
        print(json.dumps(line) if args.json else f"serving at {socket}", flush=True)

    serve(site, options, _tell, ready)
    return 0


def _tell(text: str) -> None:
    from soc.model.text import clean

    with suppress(OSError):  # a full disk or a closed pipe behind it: the hub goes on
        for line in text.splitlines():
            print(f"soc serve: {clean(line)}", file=sys.stderr, flush=True)
