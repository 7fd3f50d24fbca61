"""Columns of a refined segment: one Parquet file whose rows are of five records.

`record` says which: sample, fact, poll, event or match; a column that does not belong to a record
is null there. `time` and `received` are UTC microseconds.
"""

from __future__ import annotations

import polars as pl

_TIME = pl.Datetime("us")
_MAP = pl.List(pl.Struct({"key": pl.String, "value": pl.String}))

SEGMENT_SCHEMA: dict[str, pl.DataType] = {
    "record": pl.String(),
    "ordinal": pl.Int64(),  # row number within the segment
    "time": _TIME,
    "device": pl.String(),
    # sample
    "metric": pl.String(),
    "labels": pl.String(),  # canonical JSON (soc.model.canonical_labels); also a match's group labels
    "attributes": pl.String(),  # canonical JSON of what is told beside a series' identity; null = nothing
    "value": pl.Float64(),  # null in a sample = staleness marker
    "interval_seconds": pl.Float64(),
    # fact
    "key": pl.String(),
    "instance": pl.String(),
    "text": pl.String(),
    # poll
    "collector": pl.String(),
    "ok": pl.Boolean(),
    "answered": pl.Boolean(),
    "reason": pl.String(),
    "detail": pl.String(),
    "duration_seconds": pl.Float64(),
    "fact_keys": pl.List(pl.String()),
    # event
    "id": pl.String(),  # an event's id; in a match, the id of its event
    "received": _TIME,
    "source_address": pl.String(),
    "relayed": pl.Boolean(),
    "product": pl.String(),
    "category": pl.String(),
    "service": pl.String(),
    "class_uid": pl.Int32(),
    "activity_id": pl.Int32(),
    "severity_id": pl.Int8(),
    "message": pl.String(),
    "user": pl.String(),
    "source_ip": pl.String(),
    "target_ip": pl.String(),
    "process": pl.String(),
    "fields": _MAP,
    "raw": pl.String(),
    # match
    "rule_id": pl.String(),
    "rule_version": pl.String(),
    "correlation_fields": pl.String(),  # canonical JSON
}
