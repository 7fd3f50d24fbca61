"""Segments staged for the store."""

from __future__ import annotations

from soc.model import Sample
from soc.spool.header import FORMAT_VERSION, Header, read_header
from soc.spool.segment import SegmentBuilder, encode
from soc.spool.spool import Spool
from soc.store import Store
from tests.support.estate import START, event


def test_older_format_beside_the_present_one(store: Store, spool: Spool) -> None:
    """Segments that lack what was added since are stored as whole as they are."""
    builders = [SegmentBuilder() for _ in range(2)]
    for number, builder in enumerate(builders):
        builder.add_sample("web-1", Sample("up", float(number), {}, START + number), 60.0)
        builder.add_event(event(number, START + number, process="sshd"))
    present = spool.seal(builders[1], writer="test", created=START, sealed=START + 1)
    older = Header(
        "01BX5ZZKBKACTAV9WEVGEMMVRZ", "test", "local", START, START, builders[0].count,
        format_version=FORMAT_VERSION - 1,
    )  # fmt: skip
    path = spool.directory / f"{older.segment}.parquet"
    path.write_bytes(encode(builders[0].frame().drop("attributes", "process", "duration_seconds"), older))
    present_path = spool.directory / f"{present.segment}.parquet"
    with store.transaction():
        assert store.segments.stage([(read_header(path), path), (present, present_path)]) == {}
        assert store.series.add_staged() == 2
        assert store.events.add_staged(1) == 2
    assert store.query("SELECT id, process FROM event ORDER BY id") == [("event-0", ""), ("event-1", "sshd")]
