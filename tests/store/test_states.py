"""Device states as of a time, with who was responsible then."""

from __future__ import annotations

from dataclasses import replace

from soc.model import Device
from soc.store import Store
from soc.store.states import StateChange


def test_history_and_present(store: Store) -> None:
    """Transitions are kept with the supplier then in force; the present is the last one."""
    device = Device("a", "network", supplier="old")
    store.devices.sync([device], 50)
    store.devices.sync([replace(device, supplier="new")], 200)
    store.states.add(
        [StateChange("a", 100, "up", "answers", ""), StateChange("a", 300, "down", "silent", "up")]
    )
    store.states.add([])
    assert store.query("SELECT state, supplier FROM device_state ORDER BY time") == [
        ("up", "old"),
        ("down", "new"),
    ]
    assert store.states.current() == {"a": ("down", 300.0)}
    assert store.states.at(["a", "b"], 299) == {"a": "up"}
    assert store.states.at(["a"], 300) == {"a": "down"}
    assert store.states.at(["a"], 99) == {}


def test_last_of_one_moment_counts(store: Store) -> None:
    """Of two transitions at one time the later one holds."""
    store.states.add(
        [StateChange("a", 100, "down", "", ""), StateChange("a", 100, "unreachable", "", "down")]
    )
    assert store.states.at(["a"], 100) == {"a": "unreachable"}
    assert store.states.current() == {"a": ("unreachable", 100.0)}
