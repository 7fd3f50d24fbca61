"""A real hub process on a data directory of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import psutil

from tests.support.command import SOC
from tests.support.unix_http import Client

T = TypeVar("T")


def eventually(look: Callable[[], T], seconds: float = 60.0) -> T:
    """What `look` returns as soon as that is true; fails when it is not within the time."""
    ends = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.1)
    return found


def alive(pid: int) -> bool:
    """Whether a process of this id runs (one that has ended and is not yet reaped does not)."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


class Service:
    """`soc serve` with these options; the context ends it with SIGTERM, if it still runs."""

    def __init__(self, data: Path, inventory: Path, *options: str) -> None:
        self.data = data
        self.inventory = inventory
        self._arguments = [
            *SOC,
            "serve",
            "--json",
            "--data",
            str(data),
            "--inventory",
            str(inventory),
            *options,
        ]
        self.log = data.with_name(f"{data.name}.log")

    def __enter__(self) -> Self:
        self.start()
        self.await_ready()
        return self

    def start(self) -> None:
        """Begin, without waiting for it to answer."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self._arguments, stdout=subprocess.PIPE, stderr=log, text=True)
        self.begun = time.monotonic()

    def await_ready(self) -> None:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.told()
        self.client = Client(Path(json.loads(line)["socket"]))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(30)
        finally:
            self.process.kill()
            self.process.communicate()

    @property
    def pid(self) -> int:
        return self.process.pid

    def told(self) -> str:
        """Its log so far."""
        return self.log.read_text()

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(path, **query).document

    def child(self, module: str) -> psutil.Process | None:
        """The child process that runs this module."""
        for child in psutil.Process(self.pid).children():
            try:
                if module in child.cmdline():
                    return child
            except psutil.NoSuchProcess:
                continue
        return None

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)
