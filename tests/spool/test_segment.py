"""soc.spool.segment"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from soc.model import Cursor, Event, Fact, Match, Poll, Sample, SpoolError
from soc.spool.header import FORMAT_VERSION, Header, read_header
from soc.spool.schema import SEGMENT_SCHEMA
from soc.spool.segment import SegmentBuilder, encode, read_frame


def full_builder() -> SegmentBuilder:
    builder = SegmentBuilder()
    builder.add_sample("sw-1", Sample("up", 1.0, {"collector": "snmp"}, 1_700_000_000.25), 60.0)
    builder.add_stale("sw-1", "interface_up", '{"interface":"ge0"}', 1_700_000_000.0, 300.0)
    builder.add_fact("sw-1", Fact("identity", "X1", "model"), 1_700_000_000.0)
    builder.add_poll(
        Poll("sw-1", "snmp", 1_700_000_000.0, False, True, "authentication", fact_keys=("identity",))
    )
    builder.add_event(
        Event("e1", 1_700_000_000.0, 1_700_000_001.0, device="sw-1", fields={"b": "2", "a": "1"})
    )
    builder.add_poll(Poll("sw-1", "states", 1_700_000_000.0, True, True, fact_keys=("a", "b")))
    builder.add_poll(Poll("sw-1", "uptime", 1_700_000_000.0, True, True))
    builder.add_match(Match("e1", "r1", "v1", 1_700_000_000.0, 1_700_000_001.0, "sw-1", {"user": "x"}, {}))
    builder.cursors.append(Cursor("web-1", "auth", "12:34"))
    return builder


def header(rows: int, **changes: object) -> Header:
    values: dict[str, object] = {
        "segment": "01", "writer": "collect", "site": "local", "created": 1.0, "sealed": 2.0, "rows": rows,
        "cursors": (Cursor("web-1", "auth", "12:34"),),
    }  # fmt: skip
    return Header(**{**values, **changes})  # type: ignore[arg-type]


def test_rows_and_header_come_back_as_written(tmp_path: Path) -> None:
    """Every record kind and the header with its cursors survive the round trip."""
    builder = full_builder()
    path = tmp_path / "01.parquet"
    path.write_bytes(encode(builder.frame(), header(builder.count)))
    assert read_header(path) == header(8)
    frame = read_frame(path)
    assert dict(frame.schema) == SEGMENT_SCHEMA
    polls = frame.filter(pl.col("record") == "poll")
    assert polls["fact_keys"].to_list() == [["identity"], ["a", "b"], []]
    rows = {
        row["record"]: row
        for row in frame.filter(pl.col("value").is_not_null() | (pl.col("record") != "sample")).iter_rows(
            named=True
        )
    }
    assert rows["sample"]["labels"] == '{"collector":"snmp"}'
    assert rows["sample"]["time"].microsecond == 250_000
    assert rows["fact"]["text"] == "X1"
    assert rows["event"]["time"] == datetime(2023, 11, 14, 22, 13, 20)
    assert rows["event"]["fields"] == [{"key": "b", "value": "2"}, {"key": "a", "value": "1"}]
    assert rows["match"]["id"] == "e1"
    assert frame.filter(pl.col("metric") == "interface_up")["value"].to_list() == [None]


def test_strings_that_cannot_be_encoded_are_replaced(tmp_path: Path) -> None:
    """A lone surrogate in one string does not reject the batch."""
    builder = SegmentBuilder()
    builder.add_event(Event("e1", 1.0, 1.0, message="a\udcffb", fields={"k\ud800": "v\udcff"}))
    builder.add_fact("d", Fact("k", "x\udc80"), 1.0)
    path = tmp_path / "s.parquet"
    path.write_bytes(encode(builder.frame(), header(builder.count)))
    frame = read_frame(path)
    assert sorted(frame["message"].drop_nulls()) == ["a?b"]
    assert [{"key": "k?", "value": "v?"}] in frame["fields"].to_list()


@pytest.mark.parametrize("content", [b"", b"PAR1", b"garbage" * 1000, b"PAR1" + b"\0" * 500 + b"PAR1"])
def test_what_is_not_a_segment_raises_a_spool_error(tmp_path: Path, content: bytes) -> None:
    """Empty, torn and foreign files are told by one error, never a crash."""
    path = tmp_path / "bad.parquet"
    path.write_bytes(content)
    with pytest.raises(SpoolError, match=r"bad\.parquet"):
        read_header(path)
    with pytest.raises(SpoolError, match=r"bad\.parquet"):
        read_frame(path)


def test_panic_of_the_parquet_reader_is_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader's panics are no exceptions, and would otherwise end every cycle that meets the file."""

    def panic(_: Path, **__: object) -> pl.DataFrame:
        raise pl.exceptions.PanicException("called `Option::unwrap()` on a `None` value")

    monkeypatch.setattr(pl, "read_parquet", panic)
    with pytest.raises(SpoolError, match="unwrap"):
        read_frame(tmp_path / "bad.parquet")


def test_older_format_is_read(tmp_path: Path) -> None:
    """What a format did not have yet, columns and members of the header, comes as nothing."""
    since = ["attributes", "fact_keys", "process", "raw"]
    frame = full_builder().frame()
    document = json.dumps(
        {"segment": "01", "writer": "collect", "site": "local", "created": 1.0, "sealed": 2.0,
         "rows": frame.height, "cursors": [], "format_version": FORMAT_VERSION - 1}
    )  # fmt: skip
    frame.drop(since).write_parquet(tmp_path / "old.parquet", metadata={"soc": document})
    assert read_header(tmp_path / "old.parquet").rows == frame.height
    found = read_frame(tmp_path / "old.parquet")
    assert found.columns == list(SEGMENT_SCHEMA)
    assert found.drop(since).equals(frame.select(found.columns).drop(since))
    assert found.select(pl.col(since).is_null().all()).row(0) == (True,) * len(since)


def test_a_column_of_another_type_raises(tmp_path: Path) -> None:
    """Rows whose types do not fit the schema are refused as a whole."""
    frame = pl.DataFrame({"record": ["sample"], "time": ["not a time"], "value": ["x"]})
    path = tmp_path / "types.parquet"
    path.write_bytes(encode(frame, header(1)))
    with pytest.raises(SpoolError, match="unreadable"):
        read_frame(path)
