"""Play a simulated estate of 200 devices on this machine, and watch it in the console.

Everything happens on loopback addresses, unprivileged, in a temporary directory of which nothing
stays. Half an hour of past comes first; then a hub polls the devices, a receiver takes their syslog, and
the console shows them. A scenario, decided by the seed, is under way: an uplink is dead, a UPS on battery,
toner out, a disk full, and soon a host broken into. docs/demo.md tells more.

With --headless the outcome is printed at the end; exit code 1 when it is not the scenario's.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soc.demo.control import Control

_EXAMPLES = """examples:
  soc demo
  soc demo --headless --for 60s --json
  soc demo --headless --for 2m --data /tmp/estate && soc alerts --data /tmp/estate
  soc demo --data /tmp/estate           # and meanwhile, in another terminal:
  soc alerts --data /tmp/estate
  soc demo --recordings recordings/ --data /tmp/recorded
  soc poll --inventory /tmp/recorded/inventory.yaml
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EXAMPLES
    parser.add_argument("--headless", action="store_true", help="print the outcome at the end, no console")
    parser.add_argument(
        "--for", dest="duration", metavar="DURATION", help="end after this time (default: when you do)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="decides the scenario (default 1)")
    parser.add_argument(
        "--recordings", metavar="DIR", help="serve these recordings (NAME.snmprec) instead of the estate"
    )


def run(args: argparse.Namespace) -> int:
    """0 when the run came to its end, by time, by a key or by a signal; 1 when the outcome is wrong."""
    from soc.cli._load import seconds
    from soc.cli._signals import signals
    from soc.demo.control import Control

    duration = seconds(args.duration) if args.duration else float("inf")
    if not (args.headless or args.recordings):
        _check_terminal(args)
    with signals() as taken:
        control = Control(taken.stopped, taken.sleep, _tell)
        with _directory(args, control) as directory:
            if args.recordings:
                return _serve_recordings(args, directory, duration, control)
            from soc.cli._demo import play

            code = play(args, directory, duration, control, taken)
            if args.headless:
                _print_outcome(args, directory)
            _tell(f"ended; the store stays in {directory}" if args.data else "ended, nothing stays")
            return code


def _check_terminal(args: argparse.Namespace) -> None:
    from soc.cli._terminal import on_terminal
    from soc.model import ConfigurationError

    instead = "`soc demo --headless --for 60s` prints the outcome instead"
    if args.json:
        raise ConfigurationError(f"the console prints no JSON: {instead}, with --json too")
    if not on_terminal():
        raise ConfigurationError(
            "soc demo opens its console, and standard input, output or error is no terminal: " + instead
        )
    terminal = os.environ.get("TERM", "")
    if terminal in ("", "dumb"):
        raise ConfigurationError(f"soc demo opens its console, too much for TERM={terminal}: {instead}")


def _print_outcome(args: argparse.Namespace, directory: Path) -> None:
    """What `soc alerts` prints, the devices that are not up, what `soc status` prints."""
    import time

    from soc.cli import main
    from soc.cli._store import opened_store
    from soc.model.text import clean
    from soc.pipeline.report import not_up

    os.environ.pop("SOC_SOCKET", None)  # another hub is not asked
    options = ["--data", str(directory), *(["--json"] if args.json else [])]
    main(["alerts", *options])
    with opened_store(argparse.Namespace(data=str(directory)), "soc demo") as (store, _):
        devices = not_up(store, time.time())
    for line in devices:
        if args.json:
            print(json.dumps(line))
        else:
            print(f"{line['state']:<12}{clean(line['device']):<16}{clean(line['cause'])}")
    main(["status", *options])


def _serve_recordings(args: argparse.Namespace, directory: Path, duration: float, control: Control) -> int:
    import time

    from soc.demo import place
    from soc.demo.children import played
    from soc.demo.recorded_estate import prepare_recordings

    inventory = prepare_recordings(directory, Path(args.recordings))
    try:
        with played(["recordings"], directory, args.seed, time.time()) as processes:
            for device in inventory.devices.values():
                address, port = place.endpoint(device, "snmp")
                line = {"device": device.name, "address": address, "port": port}
                print(json.dumps(line) if args.json else f"{address}:{port}  {device.name}")
            path = str(inventory.path)
            print(json.dumps({"inventory": path}) if args.json else f"inventory: {path}", flush=True)
            control.tell(f"recordings are served; poll them: soc poll --inventory {path}")
            ends = time.monotonic() + duration
            while not control.stopped() and time.monotonic() < ends:
                processes.check()
                control.sleep(min(60.0, ends - time.monotonic()))
    finally:
        place.forget_secrets(directory)
    return 0


@contextmanager
def _directory(args: argparse.Namespace, control: Control) -> Iterator[Path]:
    """The directory named by --data, which stays, or a temporary one."""
    import tempfile

    if args.data and args.data == os.environ.get("SOC_DATA"):
        control.tell("SOC_DATA is not used: a demo begins with an empty directory of its own (--data DIR)")
        args.data = None
    if args.data:
        from soc.cli._places import data_directory

        yield data_directory(args).absolute()
        return
    with tempfile.TemporaryDirectory(prefix="soc-demo-", ignore_cleanup_errors=True) as directory:
        yield Path(directory).absolute()


def _tell(text: str) -> None:
    from soc.model.text import clean

    with suppress(OSError):  # a terminal that went away; what was begun is ended all the same
        print(f"soc demo: {clean(text)}", file=sys.stderr, flush=True)
