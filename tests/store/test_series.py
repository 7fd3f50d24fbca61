"""The series dictionary and the samples."""

from __future__ import annotations

from soc.model import Sample
from soc.spool.segment import SegmentBuilder
from soc.store import Store
from tests.store.conftest import Stage


def sample(value: float | None, time: float, **labels: str) -> Sample:
    return Sample("up", value, labels, time)


def test_one_series_per_identity(store: Store) -> None:
    """Metric, device and labels make a series, whatever their order; ids count from 1."""
    store.series.add([("a", sample(1, 10, x="1", y="2"), 60), ("a", sample(0, 70, y="2", x="1"), 60)])
    store.series.add([("b", sample(1, 10, x="1", y="2"), 60), ("a", sample(1, 10, x="2"), 60)])
    assert store.query("SELECT series_id, device, labels FROM series ORDER BY series_id") == [
        (1, "a", {"x": "1", "y": "2"}),
        (2, "a", {"x": "2"}),
        (3, "b", {"x": "1", "y": "2"}),
    ]


def test_sample_is_unique_by_series_and_time(store: Store) -> None:
    """A second value for the same moment is not stored, within a batch or later."""
    assert store.series.add([("a", sample(1, 10), 60), ("a", sample(2, 10), 60)]) == 1
    assert store.series.add([("a", sample(3, 10), 60), ("a", sample(4, 20), 60)]) == 1
    assert store.query("SELECT value FROM sample ORDER BY time") == [(1.0,), (4.0,)]


def test_staleness_marker_is_null(store: Store) -> None:
    """An absent value is kept as NULL."""
    store.series.add([("a", sample(None, 10), 60)])
    assert store.query("SELECT value FROM sample") == [(None,)]


def test_attributes_stand_beside_the_identity(store: Store) -> None:
    """What is told beside the labels makes no series of its own; the last told is kept."""
    store.series.add([("a", Sample("up", 1, {"x": "1"}, 10, {"index": "7"}), 60)])
    store.series.add([("a", Sample("up", 1, {"x": "1"}, 20, {"index": "9"}), 60)])
    store.series.add([("a", Sample("up", None, {"x": "1"}, 30), 60)])
    assert store.query("SELECT attributes FROM series") == [('{"index":"9"}',)]


def test_interval_follows_the_declaration(store: Store) -> None:
    """A series knows the interval it was last declared with."""
    store.series.add([("a", sample(1, 10), 60)])
    store.series.add([("a", sample(1, 20), 300)])
    assert store.query("SELECT interval_seconds FROM series") == [(300.0,)]


def test_staged_samples(store: Store, stage: Stage) -> None:
    """Samples of a segment arrive as they were built; the oldest is known."""
    builder = SegmentBuilder()
    builder.add_sample("a", sample(1, 1000.000001, collector="snmp"), 60)
    builder.add_stale("a", "up", '{"collector":"snmp"}', 1060, 60)
    assert stage(builder) == {}
    assert store.series.add_staged() == 2
    assert store.query("SELECT value FROM sample ORDER BY time") == [(1.0,), (None,)]
    assert store.series.oldest() == 1000.000001
