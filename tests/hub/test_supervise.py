"""soc.hub.supervise: real child processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from soc.hub import supervise
from soc.hub.supervise import Backoff, Child

ECHO = "import sys\nfor line in sys.stdin: print(line.strip(), flush=True)\n"
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('up', flush=True)
time.sleep(600)
"""
LOADING = "import time\nprint('up', flush=True)\ntime.sleep(600)\n"


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Writes a module that a child can run; returns its name."""

    def write(text: str) -> str:
        (tmp_path / "played.py").write_text(text)
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
        return "played"

    return write


class Told:
    """What a child says, and what is said of it."""

    def __init__(self) -> None:
        self.lines: asyncio.Queue[str] = asyncio.Queue()
        self.news: list[str] = []

    def line(self, line: bytes) -> None:
        self.lines.put_nowait(line.decode().strip())

    def child(self, module: str, **options: object) -> Child:
        return Child("played", module, [], tell=self.news.append, on_line=self.line, **options)  # type: ignore[arg-type]


def test_waits_grow_and_begin_anew_after_health() -> None:
    """Each early end doubles the wait, up to the most; a healthy minute forgets them."""
    backoff = Backoff()
    assert [backoff.delay(1.0) for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]
    assert backoff.delay(60.0) == 0.5


def test_child_hears_and_says_and_ends_with_its_pipe(module) -> None:  # type: ignore[no-untyped-def]
    """Lines go both ways; closing the pipe ends it, and nobody starts it again."""

    async def run() -> Told:
        told = Told()
        child = told.child(module(ECHO))
        while child.pid is None:
            await asyncio.sleep(0.01)
        child.say(b"reload\n")
        assert await told.lines.get() == "reload"
        await child.stop(30)
        assert child.pid is None
        return told

    assert asyncio.run(run()).news == []


def test_killed_child_is_started_again(module, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """A child that dies is told of and replaced by another process."""
    monkeypatch.setattr(supervise, "FIRST_DELAY_SECONDS", 0.01)

    async def run() -> list[str]:
        told = Told()
        child = told.child(module(STUBBORN))
        await told.lines.get()
        first = child.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        assert await told.lines.get() == "up"
        assert child.pid not in (None, first)
        await child.stop(0.0)
        return told.news

    news = asyncio.run(run())
    assert "by signal 9; started again in 0.01 s" in news[0]


def test_child_that_does_not_end_is_killed(module) -> None:  # type: ignore[no-untyped-def]
    """One that ignores its pipe is killed after its time, so that the hub ends in time."""

    async def run() -> list[str]:
        told = Told()
        child = told.child(module(STUBBORN))
        await told.lines.get()
        await child.stop(0.1)
        assert child.pid is None
        return told.news

    assert "does not end: killed" in asyncio.run(run())[0]


def test_child_that_still_loads_its_code_ends_at_once(module) -> None:  # type: ignore[no-untyped-def]
    """It does not look at its pipe yet, and need not be killed."""

    async def run() -> list[str]:
        told = Told()
        child = told.child(module(LOADING))
        await told.lines.get()
        await child.stop(60)
        return told.news

    assert asyncio.run(run()) == []


def test_silent_child_is_replaced(module, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """A child that hangs says nothing: after its time another one runs."""
    monkeypatch.setattr(supervise, "FIRST_DELAY_SECONDS", 0.01)

    async def run() -> list[str]:
        told = Told()
        child = told.child(module(STUBBORN), silence_seconds=0.5)
        assert [await told.lines.get() for _ in range(2)] == ["up", "up"]
        await child.stop(0.0)
        return told.news

    assert "said nothing for 0.5 s and was killed" in asyncio.run(run())[0]


def test_child_starts_again_in_peace(module) -> None:  # type: ignore[no-untyped-def]
    """Asked for a new beginning, the old process ends by its pipe and nobody is alarmed."""

    async def run() -> list[str]:
        told = Told()
        child = told.child(module("print('up', flush=True)\n" + ECHO))
        await told.lines.get()
        first = child.pid
        child.start_again()
        await told.lines.get()
        assert child.pid != first
        await child.stop(30)
        return told.news

    assert asyncio.run(run()) == []
