"""soc.collect.state"""

from __future__ import annotations

from pathlib import Path

import pytest

from soc.collect.state import CollectState, Contact, Refusal, Task
from soc.model import Cursor, SocError


def test_everything_comes_back_after_reopening(tmp_path: Path) -> None:
    """Tasks, contacts, cursors and refusals are there for the next cycle."""
    path = tmp_path / "collect.sqlite"
    state = CollectState(path)
    task = Task(60.0, "timeout", 0.0, (("up", '{"a":"b"}'),))
    contact = Contact("lab", "", {"engine_id": "80"})
    refusal = Refusal(1, 5.0, b"salt", b"seal")
    with state.transaction():
        state.save_tasks({("d", "c"): task})
        state.save_contacts({("d", "snmp"): contact})
        state.save_cursors([Cursor("d", "auth", "1:2")], "collect", "01A")
        state.save_refusal("d", "lab", refusal)
    state.close()
    again = CollectState(path)
    assert again.tasks() == {("d", "c"): task}
    assert again.contacts() == {("d", "snmp"): contact}
    assert again.cursors() == {"d": {"auth": "1:2"}}
    assert again.last_segments() == {"collect": "01A"}
    assert again.refusals() == {("d", "lab"): refusal}
    with again.transaction():
        again.save_refusal("d", "lab", None)
    assert again.refusals() == {}


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


def test_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    """A file that is no database names itself and the way out."""
    path = tmp_path / "collect.sqlite"
    path.write_bytes(b"garbage" * 1000)
    with pytest.raises(SocError, match="remove the file"):
        CollectState(path)
