"""soc.collect.snmp.walk"""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soc.collect.snmp.walk import MAXIMUM_ROWS, ColumnCells, WalkError

BASE = "1.3.6.1.2.1.2.2.1.2"


def test_cells_are_kept_by_instance_in_the_agents_order() -> None:
    """Answers add up; None says that the column has ended."""
    cells = ColumnCells(BASE)
    assert not cells.add([(f"{BASE}.2", b"a"), (f"{BASE}.10", b"b")])
    assert cells.add([(f"{BASE}.10.1", b"c"), None])
    assert (cells.index, cells.values) == (["2", "10", "10.1"], [b"a", b"b", b"c"])


@given(st.lists(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=3), min_size=2, max_size=8))
def test_whatever_does_not_increase_is_refused(rows: list[list[int]]) -> None:
    """Exactly the strictly increasing sequences are walks, wherever answers are cut."""
    increasing = all(before < after for before, after in pairwise(rows))
    cells = ColumnCells(BASE)
    try:
        for row in rows:
            cells.add([(f"{BASE}.{'.'.join(map(str, row))}", 0)])
    except WalkError:
        assert not increasing
    else:
        assert increasing


def test_the_column_itself_is_no_row() -> None:
    """An agent that answers with the OID asked for does not advance."""
    with pytest.raises(WalkError):
        ColumnCells(BASE).add([(BASE, b"x")])


def test_the_row_cap_ends_a_walk() -> None:
    """One row more than MAXIMUM_ROWS is an endless walk."""
    cells = ColumnCells(BASE)
    cells.add([(f"{BASE}.{row}", 0) for row in range(MAXIMUM_ROWS)])
    with pytest.raises(WalkError, match="rows"):
        cells.add([(f"{BASE}.{MAXIMUM_ROWS}", 0)])
