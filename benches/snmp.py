"""SNMP collection, from the first packet to samples in sealed segments, beside prometheus-snmp-exporter.

    python benches/snmp.py [--devices 1000] [--scenario scalars]... [--no-peer] [--large]

Scenarios: `scalars` (ten objects by GET), `walks` (the shipped interface collector on 48 ports), `v3` (the
ten objects over SNMPv3 authPriv from Debian's snmpd), `dead` (as scalars, every fifth device is silent).
Each is one cycle as `soc collect` makes it, in a process of its own, once to warm up and then three times;
agents run in other processes, whose CPU time is not counted. The peer, where Debian's package is
installed, answers HTTP for the same objects of the same agents; only its own CPU time is counted.
`--large` adds 10,000 devices in one cycle, for memory, and the same over two workers; and a hub's collect
workers, one and two, over 2,000 strangers. Prints JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import platform
import queue
import resource
import runpy
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from soc.collect.cycle import run_cycle
from soc.collect.declare import Collector, Row, SnmpScalars, SnmpTable, collector, gauge, ticks
from soc.collect.environment import Environment, spare_the_garbage_collector
from soc.collect.outstanding import Outstanding
from soc.collect.snmp import SnmpTransport
from soc.collect.state import open_state
from soc.collect.worker import Share
from soc.demo import ber
from soc.demo.agent import Agent
from soc.demo.serve import AgentServer
from soc.demo.tree import Variable, VariableTree
from soc.inventory import load_inventory
from soc.inventory.accepted import keep_accepted
from soc.model import Sample
from soc.model.shipped import shipped
from soc.spool.layout import INVENTORY
from soc.spool.spool import Spool

SCENARIOS = ("scalars", "walks", "v3", "dead")
TIMEOUT_SECONDS, TRIES = 1, 2
PORTS = 48
AUTH, PRIV = "bench-authentication", "bench-privacy-key"
EXPORTER = "prometheus-snmp-exporter"
EXPORTER_CLIENTS = 8
_UCD = "1.3.6.1.4.1.2021"
_GAUGES = ("4.3.0", "4.4.0", "4.5.0", "4.6.0", "4.11.0", "4.12.0", "4.13.0", "4.14.0", "4.15.0")
TEN = SnmpScalars(
    uptime=ticks("1.3.6.1.2.1.1.3.0"),
    **{f"memory_{number}": gauge(f"{_UCD}.{oid}") for number, oid in enumerate(_GAUGES)},
)


@collector(every="reachability", fetch=TEN)
def ten_scalars(row: Row) -> Iterator[Sample]:
    """sysUpTime and nine of UCD-SNMP-MIB's memory group."""
    if row.uptime is not None:
        yield Sample("uptime_seconds", row.uptime / 100)
    for number in range(len(_GAUGES)):
        value = getattr(row, f"memory_{number}")
        if value is not None:
            yield Sample("memory_size_bytes", value * 1024, {"pool": f"pool-{number}"})


def collectors_of(scenario: str) -> list[Collector]:
    if scenario == "walks":
        return [runpy.run_path(str(shipped("collectors") / "network" / "interfaces.py"))["interfaces"]]
    return [ten_scalars]


# --- agents ---------------------------------------------------------------------------------------


def variables() -> Iterator[Variable]:
    """What every device of the bench holds: the ten scalars and 48 ports as a switch has them."""
    yield Variable(ber.parse_oid("1.3.6.1.2.1.1.3.0"), ber.TIME_TICKS, 123_456_789)
    for oid in _GAUGES:
        yield Variable(ber.parse_oid(f"{_UCD}.{oid}"), ber.INTEGER, 4_000_000)
    for port in range(1, PORTS + 1):
        for oid, tag, value in _port(port):
            yield Variable(ber.parse_oid(f"{oid}.{port}"), tag, value)


def _port(port: int) -> Iterator[tuple[str, int, Any]]:
    entry, extension = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
    yield f"{entry}.1", ber.INTEGER, port
    yield f"{entry}.2", ber.OCTET_STRING, f"GigabitEthernet1/0/{port}".encode()
    yield f"{entry}.3", ber.INTEGER, 6
    yield f"{entry}.4", ber.INTEGER, 1500
    yield f"{entry}.5", ber.GAUGE32, 1_000_000_000
    yield f"{entry}.6", ber.OCTET_STRING, bytes((2, 0, 0, 0, 1, port))
    yield f"{entry}.7", ber.INTEGER, 1
    yield f"{entry}.8", ber.INTEGER, 1 + port % 2
    yield f"{entry}.9", ber.TIME_TICKS, 4711
    for column in range(10, 21):
        yield f"{entry}.{column}", ber.COUNTER32, port * 1_000_003 + column
    yield f"{extension}.1", ber.OCTET_STRING, f"Gi1/0/{port}".encode()
    for column in range(2, 6):
        yield f"{extension}.{column}", ber.COUNTER32, port * 17 + column
    for column in range(6, 14):
        yield f"{extension}.{column}", ber.COUNTER64, (port << 33) + column
    yield f"{extension}.14", ber.INTEGER, 1
    yield f"{extension}.15", ber.GAUGE32, 1000
    yield f"{extension}.16", ber.INTEGER, 2
    yield f"{extension}.17", ber.INTEGER, 1
    yield f"{extension}.18", ber.OCTET_STRING, f"room {port}".encode()
    yield f"{extension}.19", ber.TIME_TICKS, 0


def address(number: int) -> str:
    """Each device has an address of its own."""
    return f"127.{40 + number // 65_536}.{number // 256 % 256}.{number % 256}"


def _serve(devices: int, ready: Any, stop: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (devices + 100, max(devices + 100, _hard_limit())))
    agent = Agent(VariableTree(variables()), "public")
    server = AgentServer({(address(number), 0): agent for number in range(1, devices + 1)})
    ready.send(server.endpoints)
    server.serve(stop, time.time)


def _hard_limit() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


@contextmanager
def agents(devices: int) -> Iterator[list[tuple[str, int]]]:
    """Endpoints of an agent process that answers v1 and v2c."""
    mine, theirs = multiprocessing.Pipe()
    stop_read, stop_write = os.pipe()
    arguments = (devices, theirs, stop_read)
    process = multiprocessing.get_context("fork").Process(target=_serve, args=arguments)
    process.start()
    try:
        yield mine.recv()
    finally:
        os.write(stop_write, b"x")
        process.join()


@contextmanager
def silent() -> Iterator[tuple[str, int]]:
    """An endpoint that takes every datagram and answers none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.99", 0))
        yield udp.getsockname()


@contextmanager
def snmpd(directory: Path, devices: int) -> Iterator[list[tuple[str, int]]]:
    """Debian's snmpd on all loopback addresses; its user of SHA-1 and AES-128 both sides can be."""
    program = shutil.which("snmpd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise SystemExit("needs Debian package snmpd")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (directory / "snmpd.conf").write_text(
        f'agentAddress udp:0.0.0.0:{port}\ncreateUser bench SHA "{AUTH}" AES "{PRIV}"\nrouser bench priv\n'
    )
    process = subprocess.Popen(
        [program, "-f", "-C", "-c", str(directory / "snmpd.conf"), "-Lf", str(directory / "snmpd.log")],
        env=os.environ | {"SNMP_PERSISTENT_DIR": str(directory), "MIBS": ""},
        stdin=subprocess.DEVNULL,
    )
    try:
        time.sleep(1.5)
        yield [(address(number), port) for number in range(1, devices + 1)]
    finally:
        process.terminate()
        process.wait(10)


# --- ours -----------------------------------------------------------------------------------------


def inventory(directory: Path, endpoints: Sequence[tuple[str, int]], scenario: str, devices: int) -> Path:
    """`devices` devices at the endpoints in turn."""
    access = (
        f'version: "2c", community: {{env: BENCH_COMMUNITY}}, timeout: {TIMEOUT_SECONDS}s, tries: {TRIES}'
    )
    if scenario == "v3":
        access = (
            f'version: "3", user: bench, timeout: {TIMEOUT_SECONDS}s, tries: {TRIES}, '
            "auth: {protocol: sha, key: {env: BENCH_AUTH}}, priv: {protocol: aes128, key: {env: BENCH_PRIV}}"
        )
    with (directory / "fleet.csv").open("w") as file:
        file.write("name,address,tower,kind,credentials,snmp.port\n")
        for number in range(devices):
            host, port = endpoints[number % len(endpoints)]
            file.write(f"d{number:05d},{host},network,switch,bench,{port}\n")
    path = directory / "inventory.yaml"
    path.write_text(f"version: 1\ncredentials: {{bench: {{snmp: {{{access}}}}}}}\ninclude: [fleet.csv]\n")
    return path


@dataclass(frozen=True)
class Task:
    """What one worker process is to do; handed over as JSON."""

    directory: str
    inventory: str
    scenario: str
    cycles: int
    index: int = 1
    count: int = 1


def work(task: Task) -> dict[str, Any]:
    """Cycles over the inventory (or a share of it) in this process; figures of each."""
    directory = Path(task.directory)
    found = load_inventory(Path(task.inventory))
    share = Share(task.index, task.count)
    if task.count > 1:
        for name in [name for name in found.devices if not share.holds(name)]:
            del found.devices[name]  # type: ignore[attr-defined]
    state, _ = open_state(directory / f"collect-{task.index}.sqlite")
    environment = Environment(
        found, collectors_of(task.scenario), {"snmp": SnmpTransport()}, state,
        Spool(directory / f"spool-{task.index}"), Outstanding(directory, str(task.index)),
        lambda _: ([], []), time.time, time.monotonic,
    )  # fmt: skip
    spare_the_garbage_collector()
    cycles = []
    for _ in range(task.cycles):
        before, begun = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
        summary = run_cycle(environment, deadline_seconds=55.0, everything=True)
        seconds, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_SELF)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        cycles.append({
            "seconds": round(seconds, 3), "devices_per_second": round(summary.devices / seconds),
            "cpu_seconds_per_1000": round(cpu * 1000 / summary.devices, 4), "answered": summary.ok,
            "samples": summary.samples, "problems": summary.problems[:3],
        })  # fmt: skip
    state.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cycles": cycles, "peak_megabytes": round(peak)}


def run_workers(
    directory: Path, path: Path, scenario: str, cycles: int = 4, workers: int = 1
) -> list[dict[str, Any]]:
    """Figures of each worker process."""
    secrets = {"BENCH_COMMUNITY": "public", "BENCH_AUTH": AUTH, "BENCH_PRIV": PRIV}
    processes = [
        subprocess.Popen(
            [sys.executable, __file__, "--work", json.dumps(vars(task))],
            env=os.environ | secrets, stdout=subprocess.PIPE,
        )
        for task in (
            Task(str(directory), str(path), scenario, cycles, index, workers)
            for index in range(1, workers + 1)
        )
    ]  # fmt: skip
    found = []
    for process in processes:
        output, _ = process.communicate()
        if process.returncode:
            raise SystemExit("a worker failed")
        found.append(json.loads(output))
    return found


# --- the peer -------------------------------------------------------------------------------------


def exporter_module(scenario: str) -> dict[str, Any]:
    """The same objects as the collectors of the scenario read, as prometheus-snmp-generator would say."""
    module: dict[str, Any] = {"walk": [], "get": [], "metrics": []}
    name_column = ""
    for item in collectors_of(scenario):
        for fetch in item.fetches.values():
            if isinstance(fetch, SnmpScalars):
                for name, column in fetch.columns.items():
                    module["get"].append(column.id)
                    module["metrics"].append(
                        {"name": name, "oid": column.id.removesuffix(".0"), "type": "gauge", "help": name}
                    )
            elif isinstance(fetch, SnmpTable):
                for name, column in fetch.columns.items():
                    oid = fetch.column_oid(name)
                    module["walk"].append(oid)
                    if column.kind == "text":
                        name_column = oid if name == "name" else name_column or oid
                        continue
                    kind = "counter" if column.kind.startswith("counter") else "gauge"
                    metric = f"{name}_{oid.replace('.', '_')}"
                    module["metrics"].append({
                        "name": metric, "oid": oid, "type": kind, "help": name,
                        "indexes": [{"labelname": "ifIndex", "type": "gauge"}],
                    })  # fmt: skip
    for metric in module["metrics"]:
        if "indexes" in metric:
            metric["lookups"] = [
                {"labels": ["ifIndex"], "labelname": "ifName", "oid": name_column, "type": "DisplayString"}
            ]
    access: dict[str, Any] = {"version": 2, "auth": {"community": "public"}}
    if scenario == "v3":
        access = {"version": 3, "auth": {
            "security_level": "authPriv", "username": "bench", "password": AUTH, "auth_protocol": "SHA",
            "priv_protocol": "AES", "priv_password": PRIV,
        }}  # fmt: skip
    return module | access | {"max_repetitions": 25, "retries": TRIES - 1, "timeout": f"{TIMEOUT_SECONDS}s"}


@contextmanager
def exporter(directory: Path, scenario: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The exporter's HTTP port and process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = directory / "snmp.yml"
    config.write_text(json.dumps({"bench": exporter_module(scenario)}))  # JSON is YAML, too
    with (directory / "exporter.log").open("wb") as log:
        process = subprocess.Popen(
            [EXPORTER, f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}"],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                break
            time.sleep(0.05)
        else:
            raise SystemExit(f"{EXPORTER} did not start: {(directory / 'exporter.log').read_text()[-500:]}")
        yield port, process
    finally:
        process.terminate()
        process.wait(10)


def scrape(
    port: int, process: subprocess.Popen[bytes], endpoints: Sequence[tuple[str, int]], devices: int
) -> dict[str, Any]:
    """One scrape of each device; the exporter's own CPU time and memory."""
    numbers = iter(range(devices))
    lock = threading.Lock()
    series, failed = [0], [0]

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            host, target = endpoints[number % len(endpoints)]
            connection.request("GET", f"/snmp?module=bench&target={host}:{target}")
            response = connection.getresponse()
            body = response.read()
            lines = sum(not line.startswith(b"#") for line in body.splitlines())
            with lock:
                failed[0] += response.status != 200
                series[0] += lines

    scraping = [threading.Thread(target=client) for _ in range(EXPORTER_CLIENTS)]
    before, begun = cpu_seconds(process.pid), time.monotonic()
    for thread in scraping:
        thread.start()
    for thread in scraping:
        thread.join()
    seconds, cpu = time.monotonic() - begun, cpu_seconds(process.pid) - before
    status = Path(f"/proc/{process.pid}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]
    return {
        "devices": devices, "failed": failed[0], "seconds": round(seconds, 3),
        "devices_per_second": round(devices / seconds),
        "cpu_seconds_per_1000": round(cpu * 1000 / devices, 4),
        "series": series[0], "peak_megabytes": round(int(peak) / 1024),
    }  # fmt: skip


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- the run --------------------------------------------------------------------------------------


def measure(scenario: str, devices: int, peer: bool) -> dict[str, Any]:
    """One scenario: ours, the peer's, and their ratio."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        directory = Path(name)
        if scenario == "v3":
            endpoints = stack.enter_context(snmpd(directory, devices))
        else:
            endpoints = stack.enter_context(agents(devices))
        targets = list(endpoints)
        if scenario == "dead":
            nobody = stack.enter_context(silent())
            targets = [nobody if number % 5 == 4 else endpoint for number, endpoint in enumerate(endpoints)]
        (found,) = run_workers(directory, inventory(directory, targets, scenario, devices), scenario)
        warm = sorted(cycle["cpu_seconds_per_1000"] for cycle in found["cycles"][1:])
        result: dict[str, Any] = {
            "devices": devices,
            "soc": found,
            "cpu_seconds_per_1000": warm[len(warm) // 2],
        }
        if scenario == "dead":
            slowest = max(cycle["seconds"] for cycle in found["cycles"][1:])
            result["cycle_by_timeouts"] = round(slowest / (TIMEOUT_SECONDS * TRIES), 3)
        elif peer and shutil.which(EXPORTER):
            with exporter(directory, scenario) as (port, process):
                scrape(port, process, endpoints, 50)
                result["exporter"] = scrape(port, process, endpoints, min(devices, 500))
            result["ratio"] = round(
                result["exporter"]["cpu_seconds_per_1000"] / result["cpu_seconds_per_1000"], 2
            )
        return result


def measure_large(devices: int) -> dict[str, Any]:
    """Many devices in one cycle: peak memory of one worker, and of two that share them."""
    with tempfile.TemporaryDirectory() as name, agents(devices) as endpoints:
        directory = Path(name)
        path = inventory(directory, endpoints, "scalars", devices)
        (one,) = run_workers(directory, path, "scalars", cycles=2)
        two = run_workers(directory, path, "scalars", cycles=2, workers=2)
        return {"devices": devices, "one_worker": one, "two_workers": two}


def measure_hub_workers(devices: int) -> dict[str, Any]:
    """Collect workers as a hub starts them, one and then two, over devices that nobody polled before.

    `cores` is the CPU time of all workers by the time from the first second's work to the last.
    """
    found: dict[str, Any] = {"devices": devices}
    with agents(devices) as endpoints:
        for count in (1, 2):
            with tempfile.TemporaryDirectory() as name:
                directory = Path(name)
                path = inventory(directory, endpoints, "scalars", devices)
                keep_accepted(directory / INVENTORY, load_inventory(path, keep_texts=True).texts)
                found[f"workers_{count}"] = _hub_workers(directory, devices, count)
    one, two = found["workers_1"], found["workers_2"]
    found["speed_up"] = round(two["devices_per_second"] / one["devices_per_second"], 2)
    return found


def _hub_workers(directory: Path, devices: int, count: int) -> dict[str, Any]:
    workers = [
        subprocess.Popen(
            [
                sys.executable, "-m", "soc.hub.collect_worker", "--data", str(directory),
                "--share", f"{index}/{count}",
            ],
            env=os.environ | {"BENCH_COMMUNITY": "public"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for index in range(1, count + 1)
    ]  # fmt: skip
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    for worker in workers:
        threading.Thread(target=_pass_on, args=(worker, lines), daemon=True).start()
    done = 0
    seen: list[tuple[float, float, int]] = []  # at the end of a tick: when, CPU seconds of all, devices
    while done < devices:
        done += int(json.loads(lines.get(timeout=60))["summary"]["devices"])
        seen.append((time.monotonic(), sum(cpu_seconds(worker.pid) for worker in workers), done))
    for worker in workers:
        if worker.stdin:
            worker.stdin.close()  # with the hub that started it, a worker ends
        worker.wait()
    seconds, cpu, polled = (last - first for first, last in zip(seen[0], seen[-1], strict=True))
    return {
        "seconds": round(seconds, 2), "cores": round(cpu / seconds, 2),
        "devices_per_second": round(polled / seconds),
    }  # fmt: skip


def _pass_on(worker: subprocess.Popen[bytes], lines: queue.SimpleQueue[bytes]) -> None:
    for line in worker.stdout or ():
        lines.put(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--scenario", action="append", choices=SCENARIOS)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        print(json.dumps(work(Task(**json.loads(args.work)))))
        return
    results: dict[str, Any] = {
        scenario: measure(scenario, args.devices, not args.no_peer) for scenario in args.scenario or SCENARIOS
    }
    if args.large:
        results["large"] = measure_large(10_000)
        results["hub_workers"] = measure_hub_workers(2_000)
    document = {
        "bench": "snmp",
        "machine": {
            "cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform(),
        },
        "commit": _commit(),
        "versions": {name: version(name) for name in ("gufo-snmp", "polars")} | {EXPORTER: _peer_version()},
        "results": results,
    }  # fmt: skip
    print(json.dumps(document, indent=2))


def _peer_version() -> str:
    if not shutil.which(EXPORTER):
        return ""
    done = subprocess.run([EXPORTER, "--version"], capture_output=True, text=True)
    return (done.stdout or done.stderr).partition("\n")[0]


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip()


if __name__ == "__main__":
    main()
