"""The hub under a tower's load: segments come in, consoles ask, and the first bottleneck is named.

A feeder seals a segment a second (no network); a real `soc serve` ingests, judges and answers four
clients, each of which follows the stream and asks every second for what a console's screens show. Prints
JSON: lag from sealing to commit, latency of the API, segments waiting.

    python benches/tower.py --seconds 180
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import platform
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import duckdb
import polars as pl

from soc.alerting import Evidence, Ledger, RuleIdentity
from soc.model import SEVERITIES
from soc.model.ids import digest
from soc.spool.layout import SPOOL
from soc.spool.schema import SEGMENT_SCHEMA
from soc.spool.segment import SegmentBuilder
from soc.spool.spool import Spool
from soc.store import Store, open_store

SERIES_PER_DEVICE = 50
ALERTS = 1000
# What the console asks for (soc/console): overview, queue with its chip, an alert, devices, a device.
PATHS = (
    "/v1/status",
    "/v1/overview",
    "/v1/alerts?filter=status:open&limit=512",
    "/v1/alerts?filter=status:open+severity:critical+workflow:open&limit=1",
    "/v1/alerts/A-{alert}",
    "/v1/devices?limit=512",
    "/v1/devices/d{device:05d}",
)


class Rows(SegmentBuilder):
    """A segment whose rows were made as columns."""

    def __init__(self, frame: pl.DataFrame) -> None:
        super().__init__()
        self._frame = frame
        self.count = frame.height

    def frame(self) -> pl.DataFrame:
        return self._frame


def estate(directory: Path, devices: int) -> Path:
    """An inventory whose devices nobody polls: `collection: external`."""
    towers = ("network", "hosting", "end-user", "print", "power", "mobile", "security", "service")
    with (directory / "fleet.csv").open("w") as file:
        file.write("name,address,tower,kind,site,supplier\n")
        for number in range(devices):
            address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
            file.write(f"d{number:05d},{address},{towers[number % 8]},device,s{number % 50},netco\n")
    sites = "".join(f"  s{number}: {{name: Site {number}}}\n" for number in range(50))
    path = directory / "inventory.yaml"
    path.write_text(
        "version: 1\nsettings: {collection: external}\nsuppliers: {netco: {name: Example Networks}}\n"
        f"sites:\n{sites}include: [fleet.csv]\n"
    )
    return path


class Feeder:
    """Seals samples, polls and events as collect workers and refiners would."""

    def __init__(self, spool: Spool, devices: int, samples: int, events: int) -> None:
        self._spool = spool
        self._devices = devices
        self._samples = samples
        self._events = events
        self._chance = random.Random(7)
        series = [(device, number) for number in range(SERIES_PER_DEVICE) for device in range(devices)]
        self._series = series
        self._at = 0
        self._number = 0

    def seal(self, now: float) -> None:
        """One second's rows as one segment."""
        moment = int(now * 1_000_000)
        picked = [self._series[(self._at + n) % len(self._series)] for n in range(self._samples)]
        self._at += self._samples
        samples = pl.DataFrame(
            {
                "record": "sample",
                "time": [moment] * len(picked),
                "device": [f"d{device:05d}" for device, _ in picked],
                "metric": ["up" if n == 0 else "interface_receive_bytes_total" for _, n in picked],
                "labels": [
                    '{"collector":"snmp"}' if n == 0 else f'{{"interface":"port{n}"}}' for _, n in picked
                ],
                "value": [1.0 if n == 0 else float(moment % 1_000_003 + n) for _, n in picked],
                "interval_seconds": len(self._series) / self._samples,
            }
        )
        polled = [device for device, n in picked if n == 0]
        polls = pl.DataFrame(
            {
                "record": "poll",
                "time": [moment] * len(polled),
                "device": [f"d{device:05d}" for device in polled],
                "collector": "snmp",
                "ok": True,
                "answered": True,
                "reason": "",
                "detail": "",
                "duration_seconds": 0.01,
                "interval_seconds": 300.0,
                "fact_keys": [[] for _ in polled],
            },
            schema_overrides={"fact_keys": pl.List(pl.String), "time": pl.Int64, "device": pl.String},
        )
        numbers = range(self._number, self._number + self._events)
        self._number += self._events
        devices = [f"d{self._chance.randrange(self._devices):05d}" for _ in numbers]
        events = pl.DataFrame(
            {
                "record": "event",
                "time": [moment] * self._events,
                "received": [moment] * self._events,
                "id": [digest("bench", str(number)) for number in numbers],
                "device": devices,
                "source_address": "",
                "relayed": False,
                "product": "linux",
                "category": "",
                "service": "app",
                "class_uid": 0,
                "activity_id": 0,
                "severity_id": 1,
                "message": [f"request {number} served in {number % 997} ms" for number in numbers],
                "user": [f"u{number % 5000}" for number in numbers],
                "source_ip": "",
                "target_ip": "",
                "process": "app",
                "fields": [[{"key": "worker", "value": str(number % 16)}] for number in numbers],
                "raw": "",
            }
        )
        frame = pl.concat([pl.DataFrame(schema=SEGMENT_SCHEMA), *map(_typed, (samples, polls, events))])
        frame = frame.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("ordinal"))
        self._spool.seal(Rows(frame), writer="bench", created=now, sealed=now)


def _typed(frame: pl.DataFrame) -> pl.DataFrame:
    present = [
        pl.col(name).cast(dtype) if name in frame.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in SEGMENT_SCHEMA.items()
    ]
    return frame.select(present)


def open_alerts(store: Store, devices: int, count: int, now: float) -> None:
    """Alerts of 50 rules, one every ten seconds back from now."""
    ledger = Ledger()
    for number in range(count):
        device, at = f"d{number * 7 % devices:05d}", now - 10 * number
        rule = RuleIdentity(
            f"rule-{number % 50}", "v1", f"Rule {number % 50}", "security", SEVERITIES[number % 5]
        )
        ledger.evidence(
            Evidence(
                rule, {"device": device, "user": f"u{number}"}, device, at, at, 1, ((f"e{number}", at),),
                f"cause-{number}", f"something about {device}",
            )
        )  # fmt: skip
    changes = ledger.changes
    with store.transaction():
        store.alerts.save(list(changes.opened.values()), [], changes.transitions, changes.evidence, now)


class Client(threading.Thread):
    """Asks for one screen after the other, each every second, and keeps the latencies in seconds."""

    def __init__(self, path: Path, number: int, devices: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._path = str(path)
        self._stop_asking = stop
        self._chance = random.Random(number)
        self._devices = devices
        self.seconds: dict[str, list[float]] = {path: [] for path in PATHS}
        self.errors: Counter[str] = Counter()  # by what was wrong, and where

    def run(self) -> None:
        threading.Thread(target=self._follow, daemon=True).start()
        self._stop_asking.wait(self._chance.random())
        while not self._stop_asking.is_set():
            for place in PATHS:
                begun = time.perf_counter()
                target = place.format(
                    alert=self._chance.randint(1, ALERTS), device=self._chance.randrange(self._devices)
                )
                try:
                    if (status := _get(self._path, target)[0]) != 200:
                        self.errors[f"{status} {place}"] += 1
                except (OSError, http.client.HTTPException) as error:
                    self.errors[f"{type(error).__name__} {place}"] += 1
                self.seconds[place].append(time.perf_counter() - begun)
                self._stop_asking.wait(max(0.0, begun + 1 / len(PATHS) - time.perf_counter()))

    def _follow(self) -> None:
        """Read the stream, as a console does beside its screens."""
        try:
            with socket.socket(socket.AF_UNIX) as unix:
                unix.connect(self._path)
                unix.sendall(b"GET /v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
                while unix.recv(65536):
                    pass
        except OSError:
            if not self._stop_asking.is_set():
                self.errors["the stream ended"] += 1


def _get(socket_path: str, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("localhost", timeout=30)
    with contextlib.closing(connection), socket.socket(socket.AF_UNIX) as unix:
        unix.settimeout(30)
        unix.connect(socket_path)
        connection.sock = unix
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()


def quantile(values: list[float], share: float) -> float:
    return round(sorted(values)[min(int(len(values) * share), len(values) - 1)], 4) if values else -1.0


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=180)
    parser.add_argument("--devices", type=int, default=5000)
    parser.add_argument("--samples", type=int, default=2000, help="a second")
    parser.add_argument("--events", type=int, default=1000, help="a second")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        data = directory / "data"
        data.mkdir(0o700)
        inventory = estate(directory, args.devices)
        spool = Spool(data / SPOOL)
        with open_store(data, spool_directory=spool.directory) as store:
            open_alerts(store, args.devices, ALERTS, time.time())
        command = [sys.executable, "-c", "import sys; from soc.cli import main; sys.exit(main())", "serve"]
        hub = subprocess.Popen([*command, "--data", str(data), "--inventory", str(inventory)])
        try:
            print(json.dumps(measure(args, hub, data, spool), indent=2))
        finally:
            hub.terminate()
            hub.wait(15)


def measure(
    args: argparse.Namespace, hub: subprocess.Popen[bytes], data: Path, spool: Spool
) -> dict[str, object]:
    path = data / "hub.sock"
    begun = time.monotonic()
    while not path.exists():
        if hub.poll() is not None or time.monotonic() - begun > 60:
            raise SystemExit("the hub did not start")
        time.sleep(0.05)
    feeder = Feeder(spool, args.devices, args.samples, args.events)
    stop = threading.Event()
    clients = [Client(path, number, args.devices, stop) for number in range(4)]
    for client in clients:
        client.start()
    waiting: list[int] = []
    late = 0.0
    begun, cpu = time.monotonic(), cpu_seconds(hub.pid)
    for second in range(args.seconds):
        feeder.seal(time.time())
        waiting.append(len(spool.waiting()))
        ahead = begun + second + 1 - time.monotonic()
        late = max(late, -ahead)
        time.sleep(max(0.0, ahead))
    elapsed = time.monotonic() - begun
    cpu = cpu_seconds(hub.pid) - cpu
    size = memory_bytes(hub.pid)
    stop.set()
    for client in clients:
        client.join()
    while spool.waiting() and time.monotonic() - begun < args.seconds + 60:
        time.sleep(0.1)
    drained = time.monotonic() - begun - elapsed
    hub.terminate()
    hub.wait(15)
    with duckdb.connect(str(data / "soc.duckdb"), read_only=True) as store:
        lags = [
            lag
            for (lag,) in store.execute(
                "SELECT epoch_us(ingested - sealed) / 1e6 FROM segment WHERE writer = 'bench'"
            ).fetchall()
        ]
    by_path = {path: [s for client in clients for s in client.seconds[path]] for path in PATHS}
    every = [seconds for found in by_path.values() for seconds in found]
    head, tail = waiting[: len(waiting) // 4], waiting[-len(waiting) // 4 :]
    figures = {
        "lag_p50_seconds": quantile(lags, 0.5),
        "lag_p99_seconds": quantile(lags, 0.99),
        "api_p50_seconds": quantile(every, 0.5),
        "api_p95_seconds": quantile(every, 0.95),
        "api_p95_seconds_by_path": {path: quantile(found, 0.95) for path, found in by_path.items()},
        "api_requests": len(every),
        "api_errors": sum((client.errors for client in clients), Counter()),
        "segments": len(lags),
        "segments_waiting_first_quarter_mean": round(sum(head) / max(len(head), 1), 2),
        "segments_waiting_last_quarter_mean": round(sum(tail) / max(len(tail), 1), 2),
        "drained_after_seconds": round(drained, 2),
        "hub_cpu_ratio": round(cpu / elapsed, 3),
        "hub_resident_bytes": size,
        "feeder_late_seconds": round(late, 3),
    }
    return {
        "bench": "tower",
        "machine": {
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        "commit": _commit(),
        "versions": {"duckdb": duckdb.__version__, "polars": pl.__version__},
        "load": {
            "seconds": args.seconds,
            "devices": args.devices,
            "series": args.devices * SERIES_PER_DEVICE,
            "samples_per_second": args.samples,
            "events_per_second": args.events,
            "clients": len(clients),
        },
        "figures": figures,
        "first_bottleneck": _bottleneck(figures),
    }


def _bottleneck(figures: dict[str, object]) -> str:
    """What gives way first, by the targets: lag p99 < 10 s, API p95 < 100 ms, spool not growing."""
    if float(str(figures["lag_p99_seconds"])) >= 10:
        return "the writer: segments wait longer than 10 s"
    if float(str(figures["api_p95_seconds"])) >= 0.1:
        slowest = max(dict(figures["api_p95_seconds_by_path"]).items(), key=lambda item: item[1])  # type: ignore[call-overload]
        return f"the API: {slowest[0]} takes {slowest[1]} s at p95"
    if float(str(figures["hub_cpu_ratio"])) > 0.9:
        return "the hub's processor: over 90 % of one core"
    return "none at this load"


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip()


if __name__ == "__main__":
    main()
