"""Build and read one refined segment. Sealing is fsync file -> rename -> fsync directory."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import starmap
from pathlib import Path
from typing import Any

import polars as pl

from soc.model import Cursor, Event, Fact, Match, Poll, Sample, SpoolError, canonical_labels
from soc.spool.header import HEADER_KEY, Header, first_line
from soc.spool.samples import SampleColumns
from soc.spool.schema import SEGMENT_SCHEMA
from soc.spool.typed import maps, typed

_KEY_SEPARATOR = "\x1f"
# What a damaged file makes of its reader. A panic of polars is no Exception.
_UNREADABLE = (
    OSError, AttributeError, KeyError, TypeError, ValueError,
    pl.exceptions.PolarsError, pl.exceptions.PanicException,
)  # fmt: skip

_NO_ROWS = pl.DataFrame(schema=SEGMENT_SCHEMA)


def _microseconds(seconds: float) -> int:
    return round(seconds * 1e6)


class SegmentBuilder:
    """Rows of one segment in memory, kept as columns per record; `frame` is the segment's content."""

    def __init__(self) -> None:
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._polls: list[Poll] = []
        self._poll_ordinals: list[int] = []
        self._samples = SampleColumns()
        self.cursors: list[Cursor] = []
        self.count = 0

    def _add(self, record: str, row: dict[str, Any]) -> None:
        row["ordinal"] = self.count
        self.count += 1
        self._rows.setdefault(record, []).append(row)

    def counts(self) -> dict[str, int]:
        """Rows so far, by record."""
        counts = {record: len(rows) for record, rows in self._rows.items()}
        counts |= {"sample": len(self._samples.values), "poll": len(self._polls)}
        return {record: count for record, count in counts.items() if count}

    def add_samples(
        self,
        device: str,
        series: Sequence[tuple[str, str]],
        values: Sequence[float | None],
        times: Sequence[float],
        attributes: Sequence[str | None],
        interval_seconds: float,
    ) -> None:
        """Samples of one device as columns of one length. `series` pairs metric and labels and is not to be
        changed any more; labels and attributes are canonical JSON, None = no attributes; times are UTC
        seconds."""
        self._samples.extend(self.count, device, series, values, times, attributes, interval_seconds)
        self.count += len(values)

    def add_sample(self, device: str, sample: Sample, interval_seconds: float) -> None:
        series = (sample.metric, canonical_labels(sample.labels))
        attributes = canonical_labels(sample.attributes) if sample.attributes else None
        self.add_samples(device, (series,), (sample.value,), (sample.time,), (attributes,), interval_seconds)

    def add_stale(self, device: str, metric: str, labels: str, time: float, interval_seconds: float) -> None:
        """A staleness marker: the series (labels as canonical JSON) has ended or could not be read."""
        self.add_samples(device, ((metric, labels),), (None,), (time,), (None,), interval_seconds)

    def add_fact(self, device: str, fact: Fact, time: float) -> None:
        self._add("fact", {
            "time": _microseconds(time), "device": device, "key": fact.key, "instance": fact.instance,
            "text": fact.value,
        })  # fmt: skip

    def add_poll(self, poll: Poll) -> None:
        self._polls.append(poll)
        self._poll_ordinals.append(self.count)
        self.count += 1

    def add_event(self, event: Event) -> None:
        row = {name: getattr(event, name) for name in Event.__slots__}
        row["time"], row["received"] = _microseconds(event.time), _microseconds(event.received)
        self._add("event", row)

    def add_match(self, match: Match) -> None:
        self._add("match", {
            "id": match.event_id, "rule_id": match.rule_id, "rule_version": match.rule_version,
            "time": _microseconds(match.time), "received": _microseconds(match.received),
            "device": match.device, "labels": canonical_labels(match.labels),
            "correlation_fields": canonical_labels(match.fields),
        })  # fmt: skip

    def frame(self) -> pl.DataFrame:
        """The rows with every column of SEGMENT_SCHEMA. Strings are cleaned of lone surrogates."""
        samples = [self._samples.frame()] if self._samples.values else []
        columns: dict[str, dict[str, Sequence[Any]]] = {}
        if self._polls:
            columns["poll"] = self._poll_columns()
        for record, rows in self._rows.items():
            names = [name for name in SEGMENT_SCHEMA if name in rows[0]]
            columns[record] = {name: [row[name] for row in rows] for name in names}
        # The empty frame gives the columns their order.
        return pl.concat([_NO_ROWS, *samples, *starmap(_frame, columns.items())], how="diagonal")

    def content(self, header: Header) -> bytes:
        """The rows as the content of a segment file."""
        return encode(self.frame(), header)

    def _poll_columns(self) -> dict[str, Sequence[Any]]:
        columns: dict[str, Sequence[Any]] = dict(
            zip(Poll._fields, zip(*self._polls, strict=True), strict=True)
        )
        columns["time"] = [_microseconds(time) for time in columns["time"]]
        columns["fact_keys"] = [_KEY_SEPARATOR.join(keys) for keys in columns["fact_keys"]]
        columns["ordinal"] = self._poll_ordinals
        return columns


def _frame(record: str, columns: Mapping[str, Sequence[Any]]) -> pl.DataFrame:
    """Rows of one record, with the columns it has."""
    columns = {"record": [record] * len(columns["ordinal"]), **columns}
    return pl.DataFrame(list(starmap(_column, columns.items())))


def _column(name: str, values: Sequence[Any]) -> pl.Series:
    if name == "fact_keys":  # lists built one by one take as long as all the rest
        joined = pl.Series(name, values, dtype=pl.String()).str.split(_KEY_SEPARATOR)
        return joined.list.eval(pl.element().filter(pl.element() != ""))
    return maps(name, values) if name == "fields" else typed(name, values)


def encode(frame: pl.DataFrame, header: Header) -> bytes:
    """Rows and header as the content of a segment file."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", metadata={HEADER_KEY: header.text()})
    return buffer.getvalue()


def read_frame(path: Path) -> pl.DataFrame:
    """All rows, checked against SEGMENT_SCHEMA (older formats lack columns: they come as null).

    Raises SpoolError when the rows do not read or a column has another type.
    """
    try:
        frame = pl.read_parquet(path, glob=False)
        missing = [
            pl.lit(None, dtype=dtype).alias(name)
            for name, dtype in SEGMENT_SCHEMA.items()
            if name not in frame.columns
        ]
        frame = frame.with_columns(missing).select(
            [pl.col(name).cast(dtype) for name, dtype in SEGMENT_SCHEMA.items()]
        )
    except _UNREADABLE as error:
        raise SpoolError(f"{path.name}: rows unreadable ({first_line(error)})") from error
    return frame
