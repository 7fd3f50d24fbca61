"""What rules leave behind."""

from __future__ import annotations

from soc.store import Store


def test_archive_keeps_every_version(store: Store) -> None:
    """A version's text is kept once and stays."""
    store.rules.archive([("v1", "rule", "old text")], 100)
    store.rules.archive(
        [("v1", "rule", "other"), ("v2", "rule", "new text"), ("v2", "rule", "new text")], 200
    )
    assert store.rules.text("v1") == "old text"
    assert store.rules.text("v2") == "new text"
    assert store.rules.text("v3") is None


def test_states_are_replaced_by_rule(store: Store) -> None:
    """Saving one rule's states leaves the others'."""
    store.rules.save_states({"a": {"k": "1"}, "b": {"k": "2"}})
    store.rules.save_states({"a": {}})
    assert store.rules.states() == {"b": {"k": "2"}}


def test_gap_that_goes_on_is_one(store: Store) -> None:
    """Rule times missed in a row for one reason are one gap."""
    store.rules.add_gap("g", 0, 60, 100, "why")
    store.rules.add_gap("g", 60, 120, 160, "why")
    store.rules.add_gap("g", 120, 180, 200, "another reason")
    assert store.rules.gaps() == [("g", 0, 120, "why"), ("g", 120, 180, "another reason")]


def test_cursors(store: Store) -> None:
    """Positions are kept by name; counting begins at 1."""
    assert store.cursors.get("x") is None
    assert [store.cursors.next("n") for _ in range(2)] == [1, 2]
    store.cursors.set("evaluated:a;b", 7)
    assert store.cursors.starting_with("evaluated:") == {"a;b": 7}
