"""soc.collect.state"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from soc.collect.state import CollectState, Contact, Refusal, StateError, Task, Told, open_state
from soc.model import Cursor
from tests.support.disk import fill


def test_everything_comes_back_after_reopening(tmp_path: Path) -> None:
    """Tasks, what was told, contacts, cursors and refusals are there for the next cycle."""
    path = tmp_path / "collect.sqlite"
    state = CollectState(path)
    task, told = Task(60.0, "timeout"), Told((("up", '{"a":"b"}'),), (("identity", "serial"),))
    contact = Contact("lab", "", {"engine_id": "80"})
    refusal = Refusal(1, 5.0, b"seal")
    with state.transaction():
        state.save_tasks({("d", "c"): task})
        state.save_told({("d", "c"): told})
        state.save_contacts({("d", "snmp"): contact})
        state.save_cursors([Cursor("d", "auth", "1:2")], "collect", "01A")
        state.save_refusal("d", "lab", refusal)
    salt = state.salt
    state.close()
    again = CollectState(path)
    assert again.tasks() == {("d", "c"): task}
    assert again.told(["d", "e"]) == {"d": {"c": told}}
    assert again.contacts() == {("d", "snmp"): contact}
    assert again.cursors() == {"d": {"auth": "1:2"}}
    assert again.last_segments() == {"collect": "01A"}
    assert again.refusals() == {("d", "lab"): refusal}
    assert (again.salt, len(salt)) == (salt, 16)
    with again.transaction():
        again.save_refusal("d", "lab", None)
        again.forget([("d", "c"), ("d", "snmp")])
    assert (again.refusals(), again.tasks(), again.told(["d"]), again.contacts()) == ({}, {}, {}, {})
    assert again.cursors() == {"d": {"auth": "1:2"}}


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    """What was written before the error is rolled back with it."""
    state = CollectState(tmp_path / "collect.sqlite")

    def fail_halfway() -> None:
        with state.transaction():
            state.save_tasks({("d", "c"): Task(1.0)})
            raise KeyError("x")

    with pytest.raises(KeyError):
        fail_halfway()
    assert state.tasks() == {}


def _garbage(path: Path) -> None:
    path.write_bytes(b"garbage" * 1000)


def _corrupt_page(path: Path) -> None:
    state = CollectState(path)
    with state.transaction():
        state.save_tasks({("d", f"c{number}"): Task(1.0) for number in range(5000)})
    state.close()
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 4096] = b"Z" * 4096
    path.write_bytes(content)


def _other_version(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE task (device TEXT)")


@pytest.mark.parametrize("damage", [_garbage, _corrupt_page, _other_version])
def test_a_damaged_file_is_set_aside(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """A file that can be of no use makes room for a new one, is kept, and is told of."""
    path = tmp_path / "collect.sqlite"
    damage(path)
    size = path.stat().st_size
    state, problem = open_state(path)
    assert (state.tasks(), state.cursors()) == ({}, {})
    assert "collect.sqlite.damaged" in problem
    assert (tmp_path / "collect.sqlite.damaged").stat().st_size == size
    state.close()
    state, problem = open_state(path)
    assert problem == ""
    state.close()


def test_what_is_no_damage_is_told_and_left_alone(tmp_path: Path) -> None:
    """A file that cannot be opened is a matter of the disk or of permissions."""
    path = tmp_path / "collect.sqlite"
    path.mkdir()
    with pytest.raises(StateError, match="free disk space") as caught:
        open_state(path)
    assert not caught.value.damaged
    assert path.is_dir()


def test_a_held_file_is_told_as_one(tmp_path: Path) -> None:
    """That another process writes is no matter of disk space."""
    path = tmp_path / "collect.sqlite"
    first, second = CollectState(path), CollectState(path)
    second._connection.execute("PRAGMA busy_timeout = 0")
    with (
        first.transaction(),
        pytest.raises(StateError, match="another process holds it; it is tried again"),
        second.transaction(),
    ):
        pass
    first.close()
    second.close()


def test_full_disk_is_told_as_one(small_disk: Path) -> None:
    """A write that has no room fails whole, and the advice is not to remove the file."""
    state = CollectState(small_disk / "collect.sqlite")
    fill(small_disk / "filler")

    def write() -> None:
        with state.transaction():
            state.save_tasks({("d", f"c{number}"): Task(1.0) for number in range(5000)})

    with pytest.raises(StateError, match="free disk space"):
        write()
    (small_disk / "filler").unlink()
    assert state.tasks() == {}
    write()
    assert len(state.tasks()) == 5000
    state.close()
