"""A real terminal: tmux (Debian package tmux) with one window, its screen, and its raw output."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Tmux:
    """One tmux server of its own with one session."""

    socket: Path
    output: Path  # everything the program wrote

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self.socket), *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout

    def keys(self, *keys: str) -> None:
        self.run("send-keys", *keys)

    def type(self, text: str) -> None:
        self.run("send-keys", "-l", text)

    def screen(self) -> str:
        return self.run("capture-pane", "-p")

    def until(self, wanted: str | Callable[[str], bool]) -> str:
        """Wait until the screen has this text, or fits; the screen."""
        fits = wanted if callable(wanted) else lambda text: wanted in text
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if fits(screen := self.screen()):
                return screen
            time.sleep(0.05)
        raise AssertionError(f"not on the screen within {PATIENCE_SECONDS} s: {wanted}\n{self.screen()}")

    def ended(self) -> bool:
        """Whether the program has ended, and the server with it."""
        done = subprocess.run(["tmux", "-S", str(self.socket), "ls"], capture_output=True)
        return done.returncode != 0


@contextmanager
def tmux(
    directory: Path, command: Sequence[str], size: tuple[int, int] = (80, 24), **environment: str
) -> Iterator[Tmux]:
    """Run `command` in a terminal of `size` (columns, rows). Skips where tmux is not installed."""
    if shutil.which("tmux") is None:
        pytest.skip("needs Debian package tmux")
    terminal = Tmux(directory / "tmux.sock", directory / "output")
    variables = [f"{name}={value}" for name, value in {"LANG": "C.UTF-8", **environment}.items()]
    line = shlex.join(["env", *variables, *command])
    # The program waits for the recorder, so that no byte goes unseen.
    line = f"while [ ! -e {shlex.quote(str(terminal.output))} ]; do sleep 0.05; done; exec {line}"
    columns, rows = size
    terminal.run("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), line)
    try:
        terminal.run("pipe-pane", "-O", f"cat > {shlex.quote(str(terminal.output))}")
        yield terminal
    finally:
        subprocess.run(["tmux", "-S", str(terminal.socket), "kill-server"], capture_output=True)
