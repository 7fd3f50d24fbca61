"""Columns of SEGMENT_SCHEMA from Python values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, repeat
from typing import Any

import polars as pl

from soc.spool.schema import SEGMENT_SCHEMA


def typed(name: str, values: Sequence[Any]) -> pl.Series:
    """The column of this name, strings cleaned of what has no encoding in UTF-8."""
    dtype = SEGMENT_SCHEMA[name]
    try:
        return pl.Series(name, values, dtype=dtype)
    except UnicodeEncodeError:  # one string that is not valid UTF-8 would reject the whole batch
        cleaned = [encodable(value) if isinstance(value, str) else value for value in values]
        return pl.Series(name, cleaned, dtype=dtype)


def maps(name: str, values: Sequence[Mapping[str, str]]) -> pl.Series:
    """The column of this name, of lists of keys with their values, built flat: ten times as fast."""
    rows = chain.from_iterable(map(repeat, range(len(values)), map(len, values)))
    flat = pl.DataFrame(
        {
            "row": pl.Series(list(rows), dtype=pl.Int64()),
            "key": _texts([key for value in values for key in value]),
            "value": _texts([text for value in values for text in value.values()]),
        }
    )
    lists = flat.select("row", pl.struct("key", "value").alias(name)).group_by("row").agg(name)
    every = pl.DataFrame({"row": pl.Series(range(len(values)), dtype=pl.Int64())})
    found = every.join(lists, on="row", how="left", maintain_order="left")[name]
    return found.fill_null(pl.Series([[]], dtype=found.dtype)).cast(SEGMENT_SCHEMA[name])


def _texts(values: Sequence[str]) -> pl.Series:
    try:
        return pl.Series(values, dtype=pl.String())
    except UnicodeEncodeError:
        return pl.Series(list(map(encodable, values)), dtype=pl.String())


def encodable(value: str) -> str:
    """The value without what has no encoding in UTF-8."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
