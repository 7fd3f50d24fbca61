"""Columns of SEGMENT_SCHEMA from Python values."""

from __future__ import annotations

from collections.abc import Sequence
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


def encodable(value: str) -> str:
    """The value without what has no encoding in UTF-8."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
