"""A store per test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from soc.spool.segment import SegmentBuilder
from soc.spool.spool import Spool
from soc.store import Store, open_store


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


@pytest.fixture
def store(tmp_path: Path, spool: Spool) -> Iterator[Store]:
    with open_store(tmp_path, spool_directory=spool.directory) as opened:
        yield opened


class Stage:
    """Seals a segment and stages its rows."""

    def __init__(self, store: Store, spool: Spool) -> None:
        self._store = store
        self._spool = spool
        self._sealed = 1_700_000_000.0

    def __call__(self, builder: SegmentBuilder) -> dict[Path, str]:
        self._sealed += 1
        header = self._spool.seal(builder, writer="test", created=self._sealed, sealed=self._sealed)
        path = self._spool.directory / f"{header.segment}.parquet"
        return self._store.segments.stage([(header, path)])


@pytest.fixture
def stage(store: Store, spool: Spool) -> Stage:
    return Stage(store, spool)
