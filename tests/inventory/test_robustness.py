"""Whatever stands in the files, checking ends with problems and never with an exception."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from soc.inventory import check_inventory
from soc.model.text import clean

WORDS = [
    "version: 1", "devices", "name", "tower", "network", "credentials", "snmp", "community", "include",
    ": ", ", ", "- ", "\n", "\n  ", "{", "}", "[", "]", "&a ", "*a", "!t ", "'", '"', "|", "~", "1", "2c",
    "\0", "\u202e",
]  # fmt: skip
DEVICE_KEYS = st.sampled_from(
    ["name", "tower", "address", "addresses", "labels", "snmp", "ssh", "every", "depends_on", "state", "x"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(DEVICE_KEYS, inner, max_size=3),
    max_leaves=8,
)


def check(**files: bytes) -> None:
    """Check an inventory of these files; each problem has a file, a message safe to print and a line."""
    with tempfile.TemporaryDirectory() as directory:
        for name, content in files.items():
            Path(directory, name.replace("_", ".")).write_bytes(content)
        inventory, problems = check_inventory(Path(directory, "inventory.yaml"))
    assert (inventory is None) == any(problem.severity == "error" for problem in problems)
    assert all(problem.line >= 0 and clean(problem.message) == problem.message for problem in problems)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_as_yaml(content: bytes) -> None:
    """Arbitrary bytes."""
    check(inventory_yaml=content)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=25))
def test_any_arrangement_of_yaml(words: list[str]) -> None:
    """Pieces of an inventory in any order."""
    check(inventory_yaml="".join(words).encode())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["name", "tower", "a", "print", "labels.x", ",", ";", '"', "\n", "\r", "ä"]),
        max_size=25,
    )
)
def test_any_arrangement_of_csv(words: list[str]) -> None:
    """Cells, quotes and line ends in any order."""
    check(inventory_yaml=b"version: 1\ninclude: [f.csv]\n", f_csv="".join(words).encode())


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(DEVICE_KEYS, JSON, max_size=5))
def test_any_json_device(device: dict[str, object]) -> None:
    """Device keys with values of any type and depth."""
    check(inventory_yaml=b"version: 1\ninclude: [f.jsonl]\n", f_jsonl=json.dumps(device).encode() + b"\n")
