"""The API's latency over a filled store, beside a bare aiohttp handler that sends the same bytes.

    python benches/api.py [--devices 5000] [--events 400000] [--alerts 1000] [--seconds 10]

A real `soc serve` has ingested everything and collects nothing; four clients, each a process with one
connection, ask for one place after the other with 20 ms between questions. Prints JSON. What a hub that
ingests at the same time takes is `benches/tower.py`.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from tower import Feeder, cpu_seconds, estate, open_alerts, quantile

from soc.spool.layout import SPOOL
from soc.spool.spool import Spool
from soc.store import open_store

CLIENTS = 4
PAUSE_SECONDS = 0.02
ROWS_A_SEGMENT = 20_000
PATHS = (
    "/v1/status",
    "/v1/overview",
    "/v1/alerts?limit=100",
    "/v1/alerts?filter=" + quote("status:open severity>=high tower:network age<1d"),
    "/v1/alerts/A-7",
    "/v1/devices?limit=100",
    "/v1/devices?filter=" + quote("tower:print open_alerts>0"),
    "/v1/devices/d00042",
    "/v1/events?limit=100",
    "/v1/events?filter=" + quote("user:u42 severity<high"),
    "/v1/events?filter=" + quote('"request 4242 "'),
    "/metrics",
)
BARE = """
import os, sys
from aiohttp import web
body = sys.stdin.buffer.read()
async def answer(request):
    return web.Response(body=body, content_type="application/json")
app = web.Application()
app.router.add_get("/", answer)
web.run_app(app, path=sys.argv[1], print=None, access_log=None)
"""


def fill(data: Path, args: argparse.Namespace) -> None:
    """Segments for the hub to ingest, and alerts in the store."""
    spool = Spool(data / SPOOL)
    count = max(1, args.events // ROWS_A_SEGMENT)
    feeder = Feeder(spool, args.devices, ROWS_A_SEGMENT, ROWS_A_SEGMENT)
    now = time.time()
    for number in range(count):
        feeder.seal(now - 1200 * (count - number) / count)
    with open_store(data, spool_directory=data / SPOOL) as store:
        open_alerts(store, args.devices, args.alerts, now)


@contextlib.contextmanager
def hub(data: Path, inventory: Path) -> Iterator[tuple[Path, int]]:
    """`soc serve` that has ingested everything; its socket and pid."""
    command = [sys.executable, "-c", "import sys; from soc.cli import main; sys.exit(main())", "serve"]
    process = subprocess.Popen(
        [*command, "--data", str(data), "--inventory", str(inventory)], stdout=sys.stderr
    )
    path = data / "hub.sock"
    try:
        _wait(path.exists, process)
        spool = Spool(data / SPOOL)
        _wait(lambda: not spool.waiting(), process)
        yield path, process.pid
    finally:
        process.terminate()
        process.wait(20)


@contextlib.contextmanager
def bare(path: Path, body: bytes) -> Iterator[tuple[Path, int]]:
    """A handler that does nothing but send `body`."""
    process = subprocess.Popen([sys.executable, "-c", BARE, str(path)], stdin=subprocess.PIPE)
    try:
        assert process.stdin is not None
        process.stdin.write(body)
        process.stdin.close()
        _wait(path.exists, process)
        time.sleep(0.2)
        yield path, process.pid
    finally:
        process.terminate()
        process.wait(20)


def _wait(done: object, process: subprocess.Popen[bytes], seconds: float = 300.0) -> None:
    begun = time.monotonic()
    while not done():  # type: ignore[operator]
        if process.poll() is not None or time.monotonic() - begun > seconds:
            raise SystemExit("the server did not get ready")
        time.sleep(0.05)


class Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self._path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(self._path)

    def ask(self, target: str) -> tuple[int, bytes]:
        self.request("GET", target)
        response = self.getresponse()
        return response.status, response.read()


def _client(path: Path, targets: tuple[str, ...], seconds: float) -> dict[str, list[float]]:
    connection = Connection(path)
    taken: dict[str, list[float]] = {target: [] for target in targets}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for target in targets:
            begun = time.perf_counter()
            status, _ = connection.ask(target)
            taken[target].append(time.perf_counter() - begun)
            if status != 200:
                raise SystemExit(f"{target}: {status}")
            time.sleep(PAUSE_SECONDS)
    return taken


def ask(path: Path, targets: tuple[str, ...], seconds: float) -> dict[str, list[float]]:
    """Seconds that each answer took, of all clients."""
    with multiprocessing.get_context("spawn").Pool(CLIENTS) as pool:
        found = pool.starmap(_client, [(path, targets, seconds)] * CLIENTS)
    return {target: [taken for client in found for taken in client[target]] for target in targets}


def figures(taken: list[float]) -> dict[str, float]:
    return {"requests": len(taken), "p50_seconds": quantile(taken, 0.5), "p95_seconds": quantile(taken, 0.95)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--devices", type=int, default=5000)
    parser.add_argument("--events", type=int, default=400_000)
    parser.add_argument("--alerts", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        data = directory / "data"
        data.mkdir(0o700)
        inventory = estate(directory, args.devices)
        fill(data, args)
        with hub(data, inventory) as (path, pid):
            body = Connection(path).ask("/v1/alerts?limit=100")[1]
            ask(path, PATHS, 1.0)
            idle = cpu_seconds(pid)
            time.sleep(args.seconds)
            begun = cpu_seconds(pid)
            taken = ask(path, PATHS, args.seconds)
            busy = cpu_seconds(pid) - begun - (begun - idle)
        with bare(directory / "bare.sock", body) as (path, pid):
            begun = cpu_seconds(pid)
            peer = ask(path, ("/",), args.seconds)
            bare_busy = cpu_seconds(pid) - begun
    every = figures([seconds for found in taken.values() for seconds in found])
    beside = figures(peer["/"])
    every["cpu_seconds_per_request"] = round(busy / every["requests"], 4)
    beside["cpu_seconds_per_request"] = round(bare_busy / beside["requests"], 4)
    print(
        json.dumps(
            {
                "bench": "api",
                "machine": {
                    "cores": os.cpu_count(),
                    "python": platform.python_version(),
                    "system": platform.platform(),
                },
                "commit": subprocess.run(
                    ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True
                ).stdout.strip(),
                "versions": {name: version(name) for name in ("aiohttp", "duckdb")},
                "store": {"devices": args.devices, "events": args.events, "alerts": args.alerts},
                "clients": CLIENTS,
                "api": every,
                "api_by_path": {path: figures(found) for path, found in taken.items()},
                "bare_aiohttp": {"body_bytes": len(body), **beside},
                "ratio_p95": round(every["p95_seconds"] / beside["p95_seconds"], 1),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
