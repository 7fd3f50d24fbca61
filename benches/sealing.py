"""Bytes a sample and an event take, hot and sealed, and what sealing costs.

    python benches/sealing.py [DEVICES] [SERIES_PER_DEVICE] [EVENTS]

A day of samples every five minutes (default 500 devices of 40 series: 5.76 million) and some sshd and cron
messages within an hour (default 200000), made with a fixed seed: a device's series are polled together, at
times that jitter by up to a second; of four series one is a counter, one a gauge with two decimals, one a
state, and one a size that seldom changes. They come in the order of time, as segments bring them. Prints JSON
lines: hot rows, sealed files, how long a piece takes to seal, and questions to either.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from soc.promql import compile
from soc.spool.spool import Spool
from soc.store import Store, open_store

Answer = list[tuple[dict[str, str], float]]
DAY = 86_400
START = 20_000 * DAY
INTERVAL_SECONDS = 300
POLLS = DAY // INTERVAL_SECONDS


# An hour's polls of every device, as ingestion stages segments' rows.
_POLL = """
    CREATE OR REPLACE TEMP TABLE staged AS
    SELECT 'sample' AS record,
           make_timestamp($at + poll * $interval * 1000000 + (hash(device, poll) % 1000000)::BIGINT) AS time,
           concat('metric_', series // 4) AS metric, concat('device-', device) AS device,
           concat('{"interface":"', series % 4, '"}') AS labels, NULL::VARCHAR AS attributes,
           $interval::DOUBLE AS interval_seconds,
           CASE series % 4
               WHEN 0 THEN poll * 40000 + hash(device, series, poll) % 37000
               WHEN 1 THEN (hash(device, series, poll) % 1000) / 1000
               WHEN 2 THEN 1
               ELSE 1e9 + poll // 48
           END::DOUBLE AS value,
           row_number() OVER () AS position
    FROM range($first, $first + 12) AS polls(poll), range($devices) AS devices(device),
         range($series) AS per_device(series)
    ORDER BY time
"""
# Messages of half an hour, most of them refused logins, the others cron jobs.
_EVENTS = """
    INSERT INTO hot_event
    SELECT md5(n::VARCHAR), sent, sent, concat('device-', noise % 500), '10.0.0.1', FALSE, 'linux',
           'authentication', 'sshd', 3002, 1, 1,
           CASE WHEN n % 3 < 2 THEN format('Failed password for root from {} port {} ssh2', address, noise)
                ELSE format('(root) CMD (run-parts --report /etc/cron.hourly/job-{})', noise % 50) END,
           'root', address, '', 'sshd', MAP {'outcome': 'failure', 'stream': 'syslog'}, '', '', NULL
    FROM (
        SELECT n, hash(n) % 65536 AS noise, make_timestamp($at + n * 1800000000 // $count) AS sent,
               format('203.0.{}.{}', hash(n) % 65536 // 256, hash(n) % 256) AS address
        FROM range($count) AS numbers(n)
    )
"""


def fill(store: Store, devices: int, series: int, count: int) -> dict[str, float]:
    """Hot rows, as ingestion stores them; returns bytes per row of either kind in the database."""
    database = store._database
    before = used(store)
    shape = {"at": START * 1_000_000, "interval": INTERVAL_SECONDS, "devices": devices, "series": series}
    for first in range(0, POLLS, 12):
        with store.transaction():
            database.execute(_POLL, {**shape, "first": first})
            store.series.add_staged()
    database.execute("CHECKPOINT")
    between = used(store)
    database.execute(_EVENTS, {"at": START * 1_000_000, "count": count})
    database.execute("CHECKPOINT")
    return {
        "sample": (between - before) / (devices * series * POLLS),
        "event": (used(store) - between) / count,
    }


def used(store: Store) -> int:
    return store.status.hot()["used_bytes"]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.monotonic()
    result = work()
    return time.monotonic() - begun, result


def alike(one: Answer, other: Answer) -> bool:
    """Sums differ in their last digits by the order in which rows come."""
    return len(one) == len(other) and all(
        labels == others and math.isclose(value, expected)
        for (labels, value), (others, expected) in zip(one, other, strict=True)
    )


def tell(**figures: Any) -> None:
    print(
        json.dumps(
            {name: round(value, 3) if isinstance(value, float) else value for name, value in figures.items()}
        )
    )


def main(devices: int = 500, series: int = 40, count: int = 200_000) -> None:
    now = START + 5 * DAY
    questions = {
        "one series, an hour": ('rate(metric_3{device="device-7",interface="0"}[1h])', START + DAY / 2),
        "one metric, at one time": ("sum by (interface) (metric_3)", START + DAY / 2),
        "recent, nothing sealed": ("sum by (interface) (metric_3)", START + 2 * DAY),
    }
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        Spool(directory / "spool")
        with open_store(directory, spool_directory=directory / "spool") as store:
            hot = fill(store, devices, series, count)
            rows = {"sample": devices * series * POLLS, "event": count}
            answers = {}
            for title, (text, at) in questions.items():
                seconds, answers[title] = timed(
                    lambda text=text, at=at: compile(text).instant(store.query, at)
                )
                tell(question=title, rows="hot", seconds=seconds, results=len(answers[title]))
            pieces: dict[str, list[float]] = {"sample": [], "event": []}
            for kind, seal in (
                ("sample", lambda: store.sealing.seal_samples(now)),
                ("event", lambda: store.sealing.seal_events(now, 0)),
            ):
                while True:
                    seconds, files = timed(seal)
                    if not files:
                        break
                    pieces[kind].append(seconds)
            files = store.sealed.manifest.in_state("sealed")
            for title, (text, at) in questions.items():
                seconds, answer = timed(lambda text=text, at=at: compile(text).instant(store.query, at))
                if not alike(answer, answers[title]):
                    sys.exit(f"{title}: another answer from sealed files")
                tell(question=title, rows="sealed", seconds=seconds, results=len(answer))
            for kind in ("sample", "event"):
                sizes = {
                    one: sum(file.bytes for file in files if file.kind == one) for one in (kind, "series")
                }
                tell(
                    kind=kind, rows=rows[kind], files=len(pieces[kind]),
                    hot_bytes_per_row=hot[kind],
                    sealed_bytes_per_row=sizes[kind] / rows[kind],
                    dictionary_bytes_per_row=sizes["series"] / rows[kind] if kind == "sample" else 0.0,
                    rows_per_second=rows[kind] / sum(pieces[kind]), longest_piece_seconds=max(pieces[kind]),
                )  # fmt: skip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
