"""One run of the simulated estate: its past, then a hub and a receiver, and who looks at them."""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from soc.cli._hub import HubClient
from soc.cli._load import collectors_of, rules_of
from soc.cli._signals import Signals
from soc.demo import place
from soc.demo.children import ESTATE_ROLES, SYSLOG_ROLE, Children, children
from soc.demo.control import Control
from soc.demo.outcome import differences
from soc.demo.run import HISTORY, past
from soc.demo.scenario import Scenario
from soc.inventory import Inventory
from soc.model import SocError
from soc.model.shipped import shipped
from soc.pipeline.site import Site
from soc.spool.layout import HUB_SOCKET
from soc.spool.store_lock import store_lock

_HUB, _RECEIVER = "hub", "receiver"
_STORE_WAIT = "1h"  # the hub loads while the past is written, and waits for the store
_LOOK_SECONDS = 1.0
_TELL_SECONDS = 10.0
_PATIENCE_SECONDS = 180.0  # beyond the time asked for, on a machine that is slow
_MAXIMUM_ITEMS = 10_000


@dataclass(frozen=True, slots=True)
class Run:
    """What was asked for. `more` are further options for those who load rules and collectors."""

    directory: Path
    inventory: Inventory
    seed: int
    start: float
    seconds: float
    console: bool
    more: Mapping[str, Sequence[str]]


def play(args: argparse.Namespace, directory: Path, seconds: float, control: Control, taken: Signals) -> int:
    """Play the estate, in a console or without one: 0, or 1 when the outcome is not the scenario's."""
    more = {name: _repeated(f"--{name}", getattr(args, name) or ()) for name in ("rules", "collectors")}
    inventory = place.prepare(directory, shipped("inventory.yaml"))
    run = Run(directory, inventory, args.seed, time.time(), seconds, not args.headless, more)
    try:
        with children(directory) as processes:
            with store_lock(directory, 0.0, "soc demo"):
                _begin(run, processes)
                rules, groups = rules_of(args)
                site = Site(
                    data=directory, inventory=inventory, collectors=collectors_of(args), rules=rules,
                    groups=groups, now=time.time, monotonic=time.monotonic, command="soc demo",
                )  # fmt: skip
                control.tell(f"{len(inventory.devices)} simulated devices on loopback; first their past")
                past(site, run.start, processes, control)
                for role in ESTATE_ROLES:
                    processes.first_line(role, control.stopped)
            hub = _live(run, processes, control)
            if hub is None:
                return 0
            if run.console:
                return _show(run, hub, taken)
            return _watch(run, hub, processes, control)
    finally:
        place.forget_secrets(directory)


def _repeated(option: str, directories: Sequence[str]) -> list[str]:
    return [text for directory in directories for text in (option, str(Path(directory).absolute()))]


def _begin(run: Run, processes: Children) -> None:
    """Start all processes: who writes the past, the devices, and a hub and a receiver as if by hand. The
    hub is ready by the time it gets the store."""
    directory, more = str(run.directory), run.more
    what = [directory, str(run.seed), repr(run.start)]
    processes.start(HISTORY, "soc.demo.history", *what, *more["rules"], *more["collectors"])
    processes.play(ESTATE_ROLES, run.seed, run.start)
    places = ["--data", directory, "--inventory", str(run.directory / place.INVENTORY), "--json"]
    serve = ["serve", *places, "--socket", str(run.directory / HUB_SOCKET), "--store-wait", _STORE_WAIT]
    processes.start(_HUB, "soc.cli._tied", *serve, *more["rules"], *more["collectors"])
    processes.start(_RECEIVER, "soc.cli._tied", "receive", *places)


def _live(run: Run, processes: Children, control: Control) -> HubClient | None:
    """The hub once it answers, None when the run is stopped before; the attack begins then."""
    if run.console:
        from soc.cli.console import load

        load()  # while the hub opens the store
    for name in (_RECEIVER, _HUB):
        if not processes.first_line(name, control.stopped):
            return None
    processes.play([SYSLOG_ROLE], run.seed, run.start)
    processes.say(SYSLOG_ROLE, b"attack\n")
    control.tell(f"the hub answers; in another terminal: soc alerts --data {run.directory}")
    return HubClient(run.directory / HUB_SOCKET)


def _show(run: Run, hub: HubClient, taken: Signals) -> int:
    """The console, until it is left or the time is over."""
    from soc.cli.console import open_console

    timer = threading.Timer(min(run.seconds, threading.TIMEOUT_MAX), os.kill, (os.getpid(), signal.SIGTERM))
    timer.daemon = True
    timer.start()
    try:
        return open_console(hub.path)
    finally:
        timer.cancel()
        taken.arm()


def _watch(run: Run, hub: HubClient, processes: Children, control: Control) -> int:
    """Until the time is over, and as much longer as the outcome takes to be the scenario's: 0 when it is.

    Whoever stops the run before takes the outcome as it is.
    """
    scenario = Scenario(run.inventory.devices, run.seed, run.start)
    since, begun = time.time(), time.monotonic()
    complete, told = False, begun
    while not control.stopped():
        processes.check()
        wrong = _differences(scenario, hub, since)
        now = time.monotonic()
        if not wrong and not complete:
            control.tell(f"all is as the scenario has it after {now - begun:.1f} s")
        complete = not wrong
        if now >= begun + run.seconds and (complete or now >= begun + run.seconds + _PATIENCE_SECONDS):
            break
        if wrong and now >= told + _TELL_SECONDS:
            told = now
            control.tell(f"not yet: {'; '.join(wrong)}")
        left = begun + run.seconds - now
        control.sleep(min(left, _LOOK_SECONDS) if left > 0 else _LOOK_SECONDS)
    else:
        return 0
    for line in wrong:
        control.tell(f"not as the scenario has it: {line}")
    return 1 if wrong else 0


def _differences(scenario: Scenario, hub: HubClient, since: float) -> list[str]:
    try:
        alerts = list(hub.items("/v1/alerts", _MAXIMUM_ITEMS, filter="status:open"))
        devices = list(hub.items("/v1/devices", _MAXIMUM_ITEMS))
    except SocError as error:
        return [str(error)]
    return differences(scenario, alerts, devices, since)
