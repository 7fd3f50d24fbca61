"""The console on a real terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from soc.console.terminal import colours
from tests.support.command import SOC
from tests.support.tmux import tmux

# What Textual itself sends: SGR, cursor moves, modes, keyboard and mouse set-up, queries; one OSC, the
# mouse pointer's shape.
_OWN = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\]22;[a-z-]+\x07|\x1b[=>78M()][0AB]?|\x1bP\S*?\x1b\\")
_CONTROLS = re.compile(rb"[\x00-\x06\x07\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]|\xc2[\x80-\x9f]")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")


@pytest.fixture
def hub(socket: Path) -> Iterator[Path]:
    """The socket of a hub with hostile alerts, in a process of its own."""
    command = [sys.executable, "-m", "tests.support.fake_hub", str(socket), "--hostile"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield socket
        process.terminate()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
def test_a_shift_in_tmux(hub: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    """Overview, queue, acknowledge, close, devices, quit by keys; no byte of hostile text acts."""
    with tmux(tmp_path, [*SOC, "console", "--socket", str(hub)], size) as terminal:
        screen = terminal.until("needs you")
        assert "OVERVIEW" in screen
        terminal.until("unowned crit")
        terminal.keys("2")
        terminal.until("status:open")
        terminal.until("24 of 24")
        for _ in range(6):
            terminal.keys("j")
        terminal.until("─ A-4812")
        terminal.keys("a")
        terminal.until("A-4812 is yours")
        terminal.keys("j", "c", "Down")  # all at once, as over a slow line
        terminal.type("all clear, and now 1 2 3")
        terminal.keys("Enter")
        terminal.until("A-4811: close done")
        terminal.keys("3")
        terminal.until("221 of 221")
        terminal.keys("/")
        terminal.type("state:down")
        terminal.until("3 of 221")
        terminal.keys("Enter", ":", "q", "u", "i", "t", "Enter")
        end = time.monotonic() + 30
        while not terminal.ended() and time.monotonic() < end:
            time.sleep(0.05)
        assert terminal.ended()
        _assert_harmless(terminal.output.read_bytes())


@pytest.mark.parametrize(
    "environment",
    [{"NO_COLOR": "1"}, {"TERM": "xterm"}, {"TERM": "linux"}],
    ids=["no-color", "xterm", "linux"],
)
def test_poor_terminals(hub: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    """Without colours, or with sixteen: glyphs and words carry the meaning, the cursor is still seen."""
    command = [*SOC, "console", "--socket", str(hub), "--screen", "alerts", "--ascii"]
    with tmux(tmp_path, command, **environment) as terminal:
        terminal.until("status:open")
        screen = terminal.until("A-4812")
        assert "!!CRIT" in screen
        assert "! HIGH" in screen
        assert screen.isascii()
        raw = terminal.output.read_bytes()
        assert b"\x1b[7m" in raw or re.search(rb"\x1b\[[\d;]*;7[;m]", raw), "the cursor is reversed"
        assert b"38;2;" not in raw
        assert b"48;5;" not in raw
        if "NO_COLOR" in environment:
            assert not re.search(rb"\x1b\[(\d+;)*(3[0-7]|4[0-7]|9[0-7]|10[0-7])(;\d+)*m", raw)
        _assert_harmless(raw)


@contextmanager
def _console(hub: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A console that ignores SIGHUP, as under nohup, and the other end of its terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*SOC, "console", "--socket", str(hub)],
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )  # fmt: skip
    os.close(slave)
    try:
        seen = b""
        while b"needs you" not in seen:
            assert select.select([master], [], [], 60)[0], "nothing is painted"
            seen += os.read(master, 65536)
        yield master, process
    finally:
        process.kill()
        process.wait()


def test_terminal_that_went_away_ends_the_console(hub: Path) -> None:
    """The console ends when its terminal hangs up."""
    with _console(hub) as (master, process):
        os.close(master)
        assert process.wait(60) == 1


def test_stalled_terminal_that_went_away_ends_the_console(hub: Path) -> None:
    """So it does in the middle of writing to a terminal that nobody read any more."""
    with _console(hub) as (master, process):
        for _ in range(60):
            os.write(master, b"213")
            time.sleep(0.05)
        os.close(master)
        assert process.wait(60) == 1


def test_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR wins; an empty one is none (no-color.org)."""
    assert colours({"NO_COLOR": "1", "COLORTERM": "truecolor"}) == "none"
    assert colours({"NO_COLOR": ""}) in ("full", "ansi")


def _assert_harmless(raw: bytes) -> None:
    assert raw
    left = _OWN.sub(b"", raw)
    assert not _CONTROLS.search(left)
    assert not _BIDI.search(left.decode("utf-8", "replace"))
    assert b"\x1b" not in left, left[left.index(b"\x1b") :][:40]


def test_harmlessness_is_checked() -> None:
    """The check finds each kind of attack in output."""
    from tests.support.console_estate import HOSTILE

    for kind in ("osc", "c1", "bidi"):
        with pytest.raises(AssertionError):
            _assert_harmless(HOSTILE[kind].encode())
