"""soc.spool.lock"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from soc.model import ConfigurationError, LockHeldError
from soc.spool.lock import acquire
from tests.support.disk import fill

_HOLD = """
import sys, time
from pathlib import Path
from soc.spool.lock import acquire
with acquire(Path(sys.argv[1]), 0, "soc test"):
    print("held", flush=True)
    time.sleep(60)
"""


def _other_holder(path: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", _HOLD, str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_second_process_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    """A taken lock raises at once, naming pid and command of its holder."""
    path = tmp_path / "collect.lock"
    with _other_holder(path) as process:
        try:
            with pytest.raises(LockHeldError, match=rf"pid {process.pid} \(soc test"), acquire(path, 0, "me"):
                pass
        finally:
            process.kill()


def test_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    """The kernel frees the lock of a process that was killed, whatever the file says."""
    path = tmp_path / "collect.lock"
    with _other_holder(path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with acquire(path, 0, "me"):
        assert json.loads(path.read_text())["pid"] == os.getpid()


def test_waiting_gets_the_lock_when_it_comes_free(tmp_path: Path) -> None:
    """A waiter acquires as soon as the holder ends within the wait."""
    path = tmp_path / "store.lock"
    with _other_holder(path) as process:
        process.terminate()
        with acquire(path, 20, "me"):
            assert process.wait() != 0


def test_garbage_in_the_lock_file_is_survived(tmp_path: Path) -> None:
    """What stands in the file is only for people: garbage is neither trusted nor fatal."""
    path = tmp_path / "store.lock"
    for garbage in (b"\xff{not json", b"[]", b'{"pid": 1, "command": "x", "started": 1e300}'):
        path.write_bytes(garbage)
        with acquire(path, 0, "me"):
            path.write_bytes(garbage)
            with pytest.raises(LockHeldError, match="another process"), acquire(path, 0, "you"):
                pass


def test_lock_file_that_cannot_be_opened_says_what_to_do(tmp_path: Path) -> None:
    """A directory in its place, or one nobody may write to, is a matter of configuration."""
    (tmp_path / "store.lock").mkdir()
    for path in (tmp_path / "store.lock", tmp_path / "absent" / "store.lock"):
        with pytest.raises(ConfigurationError, match="--data DIR"), acquire(path, 0, "me"):
            pass


def test_lock_is_held_on_a_full_disk(small_disk: Path) -> None:
    """A disk without room for the holder's name is no reason not to work."""
    fill(small_disk / "filler")
    path = small_disk / "store.lock"
    with acquire(path, 0, "me"), pytest.raises(LockHeldError), acquire(path, 0, "you"):
        pass
