"""soc.spool.typed"""

from __future__ import annotations

import polars as pl
import pytest

from soc.spool.schema import SEGMENT_SCHEMA
from soc.spool.typed import maps


def _pairs(**texts: str) -> list[dict[str, str]]:
    return [{"key": key, "value": text} for key, text in texts.items()]


@pytest.mark.parametrize("values", [[], [{}], [{}, {"b": "1", "a": ""}, {}, {"a": "x\ny"}], [{"a": "1"}] * 3])
def test_maps_keep_rows_and_the_order_of_keys(values: list[dict[str, str]]) -> None:
    """A row for each mapping, an empty list where it has no entry, the entries in their order."""
    column = maps("fields", values)
    assert (column.name, column.dtype) == ("fields", SEGMENT_SCHEMA["fields"])
    assert column.to_list() == [_pairs(**value) for value in values]


def test_text_without_an_encoding_is_cleaned() -> None:
    """One lone surrogate takes neither its row nor the others with it."""
    column = maps("fields", [{"a\ud800": "x\udfff", "b": "ä"}, {"c": "d"}])
    assert column.to_list() == [[{"key": "a?", "value": "x?"}, {"key": "b", "value": "ä"}], _pairs(c="d")]


def test_many_maps_are_what_one_by_one_gives() -> None:
    """The flat way gives what the plain one does."""
    values = [{f"k{number % 7}": str(number)} if number % 3 else {} for number in range(2000)]
    plain = pl.Series("fields", [_pairs(**value) for value in values], dtype=SEGMENT_SCHEMA["fields"])
    assert maps("fields", values).equals(plain)
