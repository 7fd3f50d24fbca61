"""A hub for one console: it starts with it, answers its owner alone, and ends with it."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from soc.cli._places import data_directory
from soc.model import SocError
from soc.model.text import clean
from soc.spool.layout import HUB_SOCKET

END_SECONDS = 6.0  # a hub ends within five
_MESSAGE_LINES = 20


class HubNotStartedError(SocError):
    """The hub did not start; it ended with `exit_code`."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@contextlib.contextmanager
def own_hub(args: argparse.Namespace) -> Iterator[Path]:
    """The socket of a hub over the data directory and inventory that the options name.

    It ends with the block, and with this process however that one ends. Raises HubNotStartedError with
    what the hub said.
    """
    data = data_directory(args).absolute()
    options = ["--data", str(data), "--socket", str(data / HUB_SOCKET), "--store-wait", "0s", "--json"]
    options += ["--inventory", args.inventory] if args.inventory else []
    for name in ("rules", "collectors"):
        options += [text for path in getattr(args, name) or () for text in (f"--{name}", str(path))]
    # -P: no module is taken from the directory that the user happens to stand in.
    command = [sys.executable, "-P", "-m", "soc.cli._tied", "serve", *options]
    with tempfile.TemporaryFile() as said:
        hub = subprocess.Popen(  # noqa: S603 - our own command
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said,
            env=dict(os.environ), start_new_session=True,
        )  # fmt: skip
        assert hub.stdin is not None
        assert hub.stdout is not None
        try:
            ready = hub.stdout.readline()
            if not ready:
                raise HubNotStartedError(_last_lines(said), hub.wait())
            yield Path(json.loads(ready)["socket"])
        finally:
            hub.stdin.close()
            hub.stdout.close()
            try:
                hub.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                hub.kill()
                hub.wait()


def _last_lines(said: IO[bytes]) -> str:
    said.seek(0)
    lines = said.read().decode("utf-8", "replace").splitlines()[-_MESSAGE_LINES:]
    return "\n".join(["the hub did not start", *(f"  {clean(line)}" for line in lines)])
