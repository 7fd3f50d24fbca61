"""soc.spool.lock"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from soc.model import LockHeldError
from soc.spool.lock import acquire, holder

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
            found = holder(path)
            assert found is not None
            assert (found.pid, found.command) == (process.pid, "soc test")
        finally:
            process.kill()


def test_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    """The kernel frees the lock of a process that was killed, whatever the file says."""
    path = tmp_path / "collect.lock"
    with _other_holder(path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert holder(path) is None
    with acquire(path, 0, "me"):
        found = holder(path)
        assert found is not None
        assert found.pid == os.getpid()
    assert holder(path) is None


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
    path.write_bytes(b"\xff{not json")
    assert holder(path) is None
    with acquire(path, 0, "me"):
        pass
    assert holder(tmp_path / "absent.lock") is None
