"""`soc demo` on a terminal: its own hub and console, seen and worked in at three sizes, and its end."""

from __future__ import annotations

import os
import re
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from soc.demo.scenario import Scenario
from soc.inventory import load_inventory
from soc.model.shipped import shipped
from tests.support.command import SOC, soc
from tests.support.tmux import Tmux, tmux

pytestmark = pytest.mark.timeout(600)  # one waits for the past
SEED = 7
ALERTS, DEVICES = 7, 230


@dataclass(frozen=True)
class _Demo:
    """A demo in a terminal of 120 columns."""

    terminal: Tmux
    temporary: Path

    @property
    def data(self) -> Path:
        [directory] = self.temporary.glob("soc-demo-*")
        return directory

    def processes(self) -> list[int]:
        """Everything that works on the demo's directory, and the demo itself."""
        return [
            int(process.name)
            for process in Path("/proc").iterdir()
            if process.name.isdigit() and str(self.temporary).encode() in _environment(process)
        ]


def _environment(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""


@contextmanager
def _demo(directory: Path, *options: str) -> Iterator[_Demo]:
    with tempfile.TemporaryDirectory() as temporary:  # a socket's path is short
        command = [*SOC, "demo", "--seed", str(SEED), *options]
        with tmux(directory, command, (120, 40), TMPDIR=temporary) as terminal:
            yield _Demo(terminal, Path(temporary))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Demo]:
    """A running demo; the last test of this module ends it."""
    with _demo(tmp_path_factory.mktemp("demo")) as running:
        _patiently(running.terminal, "needs you")
        yield running


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return Scenario(load_inventory(shipped("inventory.yaml")).devices, SEED, 0.0)


def _patiently(terminal: Tmux, wanted: str) -> str:
    """The past takes a while on a machine that is busy."""
    for _ in range(3):
        try:
            return terminal.until(wanted)
        except AssertionError:
            assert not terminal.ended()
    return terminal.until(wanted)


def _look_around(terminal: Tmux, scenario: Scenario) -> None:
    """Overview, queue and devices show the scenario."""
    towers = ("NETWORK", "HOSTING", "PRINT", "POWER", "SERVICE")
    terminal.until(lambda screen: f"{ALERTS} open" in screen and all(tower in screen for tower in towers))
    devices = {device for _, device in scenario.expected_alerts()}

    def all_alerts(screen: str) -> bool:
        if "new ↑" in screen:
            terminal.keys("g", "g")  # to the top, where what is new waits
        return f"{ALERTS} of" in screen and all(device in screen for device in devices)

    terminal.keys("2")
    terminal.until(all_alerts)
    terminal.keys("3")
    terminal.until(f"{DEVICES} of {DEVICES}")
    terminal.keys("/")
    terminal.type("state:down")
    terminal.until(f"1 of {DEVICES}")
    terminal.keys("Enter")
    assert scenario.outage.device in terminal.until(scenario.outage.device)


def test_the_attack_is_seen_as_it_happens(demo: _Demo, scenario: Scenario) -> None:
    """The guessed password arrives while one looks on, and the overview counts it."""
    terminal = demo.terminal
    screen = terminal.until(lambda screen: f"{ALERTS} open" in screen)
    assert "OVERVIEW" in screen
    assert scenario.attack.device in terminal.until("!!CRIT")


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
def test_further_consoles_see_the_same(
    demo: _Demo, scenario: Scenario, tmp_path: Path, size: tuple[int, int]
) -> None:
    """At other sizes, connected to the same hub."""
    command = [*SOC, "console", "--socket", str(demo.data / "hub.sock")]
    with tmux(tmp_path, command, size) as terminal:
        _look_around(terminal, scenario)


def test_commands_find_the_demo(demo: _Demo) -> None:
    """`soc alerts --data` asks the demo's hub by the directory that was told, whatever SOC_DATA says."""
    done = soc("alerts", "--data", str(demo.data), check=True)
    assert len(done.stdout.splitlines()) == ALERTS


def test_acknowledged_and_closed_by_key(demo: _Demo, scenario: Scenario) -> None:
    """Two alerts are worked on in the demo's own console; the hub has it."""
    terminal = demo.terminal
    _look_around(terminal, scenario)
    terminal.keys("2", "g", "g")
    screen = terminal.until(lambda screen: re.search(r"─ A-\d+", screen) is not None)
    [first] = re.findall(r"─ (A-\d+)", screen)
    terminal.keys("a")
    terminal.until(f"{first} is yours")
    terminal.keys("j")
    screen = terminal.until(lambda screen: bool(set(re.findall(r"─ (A-\d+)", screen)) - {first}))
    [second] = re.findall(r"─ (A-\d+)", screen)
    terminal.keys("c", "Down")
    terminal.type("seen")
    terminal.keys("Enter")
    terminal.until(f"{second}: close done")
    data = ["--data", str(demo.data)]
    assert "workflow:      acknowledged" in soc("alerts", "show", first, *data, check=True).stdout
    assert "workflow:      closed" in soc("alerts", "show", second, *data, check=True).stdout


def test_quitting_ends_everything(demo: _Demo) -> None:
    """After :quit neither a process nor a file stays."""
    assert len(demo.processes()) > 6
    demo.terminal.keys(":", "q", "u", "i", "t", "Enter")
    _wait(demo.terminal.ended)
    _wait(lambda: not demo.processes())
    assert list(demo.temporary.iterdir()) == []


def _wait(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_killed_it_takes_its_processes_along(tmp_path: Path) -> None:
    """After SIGKILL while the past is written none of its processes stays."""
    with _demo(tmp_path) as running:
        running.terminal.until("first their past")
        assert len(running.processes()) > 5
        os.kill(int(running.terminal.run("display-message", "-p", "#{pane_pid}")), signal.SIGKILL)
        _wait(lambda: not running.processes())
