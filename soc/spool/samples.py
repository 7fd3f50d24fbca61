"""Samples of one segment as columns: what is the same for many of them is kept, and encoded, once."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from soc.spool.typed import typed

Series = Sequence[tuple[str, str]]  # metric, canonical labels


class SampleColumns:
    """Samples come in blocks, one device's at a time; those of equal devices share their series."""

    def __init__(self) -> None:
        self.values: list[float | None] = []
        self._times: list[float] = []
        self._attributes: list[str | None] = []
        # By id: the sequence, kept so that its id stays its own, and where it begins in `_series`.
        self._shapes: dict[int, tuple[Series, int]] = {}
        self._series: list[tuple[str, str]] = []
        # Device, interval, first ordinal, where its series begin, rows.
        self._blocks: list[tuple[str, float, int, int, int]] = []

    def extend(
        self,
        ordinal: int,
        device: str,
        series: Series,
        values: Sequence[float | None],
        times: Sequence[float],
        attributes: Sequence[str | None],
        interval_seconds: float,
    ) -> None:
        """Add a block. `series` is not to be changed any more."""
        if not values:
            return
        shape = self._shapes.get(id(series))
        if shape is None:
            shape = self._shapes[id(series)] = series, len(self._series)
            self._series += series
        self.values += values
        self._times += times
        self._attributes += attributes
        self._blocks.append((device, interval_seconds, ordinal, shape[1], len(values)))

    def frame(self) -> pl.DataFrame:
        """The rows, of which there is one at least."""
        devices, intervals, ordinals, starts, rows = zip(*self._blocks, strict=True)
        metrics, labels = zip(*self._series, strict=True)
        blocks = pl.DataFrame(
            [
                typed("device", devices),
                typed("interval_seconds", intervals),
                typed("ordinal", ordinals),
                pl.Series("start", starts, dtype=pl.Int64()),
                pl.Series("rows", rows, dtype=pl.Int64()),
            ]
        )
        of_row = pl.int_range(len(rows), eager=True).repeat_by(blocks["rows"]).explode()
        expanded = blocks.with_columns(before=pl.col("rows").cum_sum() - pl.col("rows"))[of_row]
        number = pl.int_range(len(of_row), eager=True) - expanded["before"]  # within the block
        series = number + expanded["start"]
        seconds = pl.Series("time", self._times, dtype=pl.Float64())
        return pl.DataFrame(
            [
                pl.repeat("sample", len(of_row), eager=True).alias("record"),
                expanded["ordinal"] + number,
                (seconds * 1e6).round().cast(pl.Int64).cast(pl.Datetime("us")),
                expanded["device"],
                typed("metric", metrics).gather(series),
                typed("labels", labels).gather(series),
                typed("attributes", self._attributes),
                typed("value", self.values),
                expanded["interval_seconds"],
            ]
        )
