"""soc.collect.columns"""

from __future__ import annotations

import pytest

from soc.collect import Columns, SnmpTable


def test_columns_can_be_put_into_another_tables_order() -> None:
    """Rows go by index; one that is not there is None in every column."""
    columns = Columns(["1", "2", "10"], {"name": ["a", "b", None], "speed": [1, 2, 3]})
    found = columns.at(["10", "3", "1"])
    assert (found.index, found.name, found.speed) == (["10", "3", "1"], [None, None, "a"], [3, None, 1])
    assert columns.at(["1", "2", "10"]) is columns
    assert Columns([], {"name": []}).at(["1", "2"]).name == [None, None]


def test_columns_of_an_absent_table_are_nothing() -> None:
    """They count as empty, so that the collector does not apply."""
    assert not Columns([], {"name": []})
    assert len(Columns(["1"], {"name": [None]})) == 1


def test_a_column_that_was_not_declared_is_told() -> None:
    """The error names those that were."""
    with pytest.raises(AttributeError, match="no column 'speed'; declared: mtu, name"):
        _ = Columns([], {"name": [], "mtu": []}).speed
    with pytest.raises(ValueError, match="no column by name at"):
        SnmpTable("1.3.6.1.2.1.2.2.1", at=2).by_column()
