"""Sealing: old rows become Parquet files, and nothing that is asked gets another answer."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from soc.model import Event, Match, Sample
from soc.model.filters import parse_filter
from soc.promql import compile
from soc.spool.lock import acquire
from soc.spool.segment import SegmentBuilder
from soc.store import Store, open_store
from soc.store.filters import Asker
from soc.store.matches import Touch
from tests.store.conftest import Stage

ROOT = Path(__file__).resolve().parents[2]
DAY = 86_400.0
START = 20_000 * DAY  # a midnight
NOW = START + 5 * DAY
QUESTIONS = (
    'a{x="1"} or b offset 1d', "sum by (device) (a)", "rate(b[6h])", "count({device='d1'})",
    "max_over_time(a[2d:12h])",
)  # fmt: skip


def sample(metric: str, value: float | None, time: float, **labels: str) -> Sample:
    return Sample(metric, value, labels, time)


def event(id: str, time: float, **more: str) -> Event:
    return Event(id, time, time, device="d1", product="linux", message=f"message {id}", fields=more)


def seal_all(store: Store, now: float = NOW) -> list[str]:
    """Seal what is due; returns the files' names."""
    names = []
    for seal in (
        lambda: store.sealing.seal_events(now, 10**9),
        lambda: store.sealing.seal_matches(now),
        lambda: store.sealing.seal_samples(now),
    ):
        while files := seal():
            names += [file.name for file in files]
    return names


def answers(store: Store) -> list[object]:
    """Everything that is asked of samples, events and matches."""
    found: list[object] = []
    for text in QUESTIONS:
        expression = compile(text)
        found += [expression.instant(store.query, NOW - ago) for ago in (0.0, 3 * DAY)]
        found.append(expression.range(store.query, START, NOW, DAY))
    for text in ("", "odd:yes", "-odd:yes", '"message 1"'):
        for since in (START, NOW - DAY):
            found.append(store.events.select(parse_filter(text), Asker(NOW), since, NOW, 50))
    ids = [event.id for event in found[-1]] if isinstance(found[-1], list) else []
    found.append(store.events.by_ids(ids))
    found.append(store.device_list.events("d1", START, 1000))
    found.append(store.device_list.samples("d1", START, 100))
    found.append(store.matches.combinations(["r1", "r2"], START, NOW))
    found.append(store.matches.with_fields([Touch("r1", {"user": "u0"}, 0, 0)], START, NOW))
    found += [store.status.sizes(), store.series.oldest()]
    return found


TIMES = st.integers(0, int(5 * DAY / 300)).map(lambda number: START + number * 300.0)


@settings(max_examples=3, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    samples=st.lists(
        st.tuples(
            st.sampled_from(("a", "b")), st.sampled_from(("d1", "d2")), st.sampled_from(("1", "2")), TIMES,
            st.none() | st.integers(-9, 999).map(float),
        ),
        max_size=25,
    ),
    events=st.lists(st.tuples(st.integers(0, 40), TIMES, st.booleans()), max_size=15),
    limit=st.sampled_from((2, 1000)),
)  # fmt: skip
def test_same_answers(
    tmp_path_factory: pytest.TempPathFactory,
    samples: list[tuple[str, str, str, float, float | None]],
    events: list[tuple[int, float, bool]],
    limit: int,
) -> None:
    """PromQL and events answer alike before and after, however the rows are cut into files."""
    directory = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch, open_store(directory, spool_directory=directory) as store:
        patch.setattr("soc.store.sealing.seal.MAXIMUM_SAMPLES", limit)
        patch.setattr("soc.store.sealing.seal.MAXIMUM_EVENTS", limit)
        store.series.add(
            (device, sample(metric, value, time, x=x), 300) for metric, device, x, time, value in samples
        )
        store.events.add_own(
            [event(f"{number}", time, **({"odd": "yes"} if odd else {})) for number, time, odd in events],
            None,
        )
        store.segments.stage(())
        store.matches.add_staged(
            [
                Match(f"{number}", f"r{number % 3}", "v", time, time, "d1", {}, {"user": f"u{number % 2}"})
                for number, time, _ in events
            ]
        )
        before = answers(store)
        names = seal_all(store)
        assert answers(store) == before
        due = [time for *_, time, _ in samples if time < START + 4 * DAY]
        assert any(name.startswith("samples/") for name in names) == bool(due)
        with store.reader() as reader:
            assert answers(reader) == before
