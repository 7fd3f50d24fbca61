"""The tables that say until when operating systems get security updates."""

from __future__ import annotations

import datetime
from importlib import resources

import pytest

TABLES = ("linux_support.tsv", "windows_support.tsv")


@pytest.mark.parametrize("name", TABLES)
def test_rows_are_whole(name: str) -> None:
    """The table is dated; each row names a release once, with a day of the calendar and what ends then."""
    lines = resources.files("soc.collect").joinpath("data", name).read_text(encoding="utf-8").splitlines()
    assert "as of 20" in lines[0]
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    releases = [tuple(row[:2]) for row in rows]
    assert len(releases) == len(set(releases))
    for row in rows:
        assert len(row) == 4, row
        assert all(row), row
        datetime.date.fromisoformat(row[2])
