"""Play a simulated estate of 200 devices on this machine, poll it and judge what it says.

Everything happens on loopback addresses, unprivileged, in a temporary directory of which nothing
stays. Half an hour of past comes first; a scenario, decided by the seed, is under way: an uplink is
dead, a UPS on battery, toner out, a disk full, a host broken into. docs/demo.md tells more.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from soc.demo.run import Control

_EXAMPLES = """examples:
  soc demo --for 60s
  soc demo --headless --for 60s --json
  soc demo --headless --for 2m --data /tmp/estate && soc alerts --data /tmp/estate
  soc demo --headless --recordings recordings/ --data /tmp/recorded
  soc poll --inventory /tmp/recorded/inventory.yaml        # meanwhile, in another terminal
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EXAMPLES
    parser.add_argument("--headless", action="store_true", help="print the outcome at the end, no console")
    parser.add_argument(
        "--for", dest="duration", metavar="DURATION", help="end after this time (default: on Ctrl-C)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="decides the scenario (default 1)")
    parser.add_argument(
        "--recordings", metavar="DIR", help="serve these recordings (NAME.snmprec) instead of the estate"
    )


def run(args: argparse.Namespace) -> int:
    """0 when the run came to its end, by time or by a signal."""
    from soc.cli._load import seconds

    duration = seconds(args.duration) if args.duration else float("inf")
    with _control() as control, _directory(args, control) as directory:
        if args.recordings:
            _serve_recordings(args, directory, duration, control)
        else:
            _play(args, directory, duration, control)
    return 0


def _play(args: argparse.Namespace, directory: Path, duration: float, control: Control) -> None:
    import time

    from soc.cli._load import collectors_of, rules_of
    from soc.demo import place
    from soc.demo.children import ESTATE_ROLES, children
    from soc.demo.estate import Estate
    from soc.demo.run import live, past
    from soc.model.shipped import shipped
    from soc.pipeline.headless import Site

    rules, groups = rules_of(args)
    inventory = place.prepare(directory, shipped("inventory.yaml"))
    site = Site(
        data=directory, inventory=inventory, collectors=collectors_of(args), rules=rules, groups=groups,
        now=time.time, monotonic=time.monotonic, command="soc demo",
    )  # fmt: skip
    start = time.time()
    estate = Estate(inventory.devices, args.seed, start)
    with children(ESTATE_ROLES, directory, args.seed, start):
        control.tell(f"{len(inventory.devices)} simulated devices answer on loopback addresses")
        past(site, estate, control)
        live(site, duration, control)
    place.forget_secrets(directory)
    _print_outcome(args, directory)


def _print_outcome(args: argparse.Namespace, directory: Path) -> None:
    """What `soc alerts` prints, the devices that are not up, what `soc status` prints."""
    import time

    from soc.cli import main
    from soc.cli._store import opened_store
    from soc.model.text import clean
    from soc.pipeline.report import not_up

    options = ["--data", str(directory), *(["--json"] if args.json else [])]
    main(["alerts", *options])
    args.data = str(directory)
    with opened_store(args, "soc demo") as (store, _):
        devices = not_up(store, time.time())
    for line in devices:
        if args.json:
            print(json.dumps(line))
        else:
            print(f"{line['state']:<12}{clean(line['device']):<16}{clean(line['cause'])}")
    main(["status", *options])


def _serve_recordings(args: argparse.Namespace, directory: Path, duration: float, control: Control) -> None:
    import time

    from soc.demo import place
    from soc.demo.children import children
    from soc.demo.recorded_estate import prepare_recordings

    inventory = prepare_recordings(directory, Path(args.recordings))
    with children(["recordings"], directory, args.seed, time.time()):
        for device in inventory.devices.values():
            address, port = place.endpoint(device, "snmp")
            line = {"device": device.name, "address": address, "port": port}
            print(json.dumps(line) if args.json else f"{address}:{port}  {device.name}")
        path = str(inventory.path)
        print(json.dumps({"inventory": path}) if args.json else f"inventory: {path}", flush=True)
        control.tell(f"recordings are served; poll them: soc poll --inventory {path}")
        ends = time.monotonic() + duration
        while not control.stopped() and time.monotonic() < ends:
            control.sleep(min(60.0, ends - time.monotonic()))
    place.forget_secrets(directory)


@contextmanager
def _directory(args: argparse.Namespace, control: Control) -> Iterator[Path]:
    """The directory named by --data, which stays, or a temporary one."""
    import tempfile

    if args.data and args.data == os.environ.get("SOC_DATA"):
        control.tell("SOC_DATA is not used: a demo begins with an empty directory of its own (--data DIR)")
    elif args.data:
        from soc.cli._places import data_directory

        yield data_directory(args)
        return
    with tempfile.TemporaryDirectory(prefix="soc-demo-") as directory:
        yield Path(directory)


@contextmanager
def _control() -> Iterator[Control]:
    """A first signal ends the run after the step in hand, with its outcome; a second one ends it at once."""
    import signal
    import time

    from soc.demo.run import Control
    from soc.model.text import clean

    received: list[int] = []

    def note(number: int, _: Any) -> None:
        if received:
            raise KeyboardInterrupt
        received.append(number)

    def sleep(seconds: float) -> None:
        ends = time.monotonic() + seconds
        while not received and (left := ends - time.monotonic()) > 0:
            time.sleep(min(left, 0.2))

    def tell(text: str) -> None:
        print(f"soc demo: {clean(text)}", file=sys.stderr, flush=True)

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, note) for number in signals}
    try:
        yield Control(lambda: bool(received), sleep, tell)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
