"""What the shipped SNMP collectors find of what is known of recorded devices.

    python benches/recordings.py RECORDINGS [--limit N] [--only NAME]... [--enterprise N]... [--gaps 20]

RECORDINGS is the unpacked directory with snmprec/ and expected.jsonl. The recordings are served by
the demo's agent on loopback addresses and polled like real devices. Prints one JSON document: per
class of device and in all, for each figure how many are expected, how many of them are found with the
right value; crashes, slow devices, and where most is missing, by device and by enterprise number.

Supplies of which the printer itself says only that some remains (level -3, Printer-MIB) are left out:
expected.jsonl calls them half full. Of pools and file systems without a size the percentage counts.
"""

from __future__ import annotations

import argparse
import csv
import json
import multiprocessing
import os
import platform
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from soc.collect.load import load_collectors
from soc.collect.outcome import outcomes
from soc.collect.port import Answer, Job, ResolvedCredential
from soc.collect.snmp import SnmpTransport
from soc.demo.agent import Agent
from soc.demo.recordings import load_recording
from soc.demo.serve import AgentServer
from soc.model import Device, Fact, Sample

COMMUNITY = "recorded"
SLOW_SECONDS = 5.0
AT_ONCE = 32
SENSOR_METRICS = {  # class of sensor: metric, ours in one of theirs
    "temperature": ("temperature_celsius", 1), "voltage": ("voltage_volts", 1),
    "current": ("current_amperes", 1), "power": ("power_watts", 1), "frequency": ("frequency_hertz", 1),
    "fanspeed": ("fan_speed_rpm", 1), "humidity": ("humidity_ratio", 0.01),
    "charge": ("battery_charge_ratio", 0.01), "load": ("load_ratio", 0.01),
    "runtime": ("battery_runtime_seconds", 60),
}  # fmt: skip
PORT_COUNTERS = {
    "ifInOctets": "interface_receive_bytes_total", "ifOutOctets": "interface_transmit_bytes_total",
    "ifInErrors": "interface_receive_errors_total", "ifOutErrors": "interface_transmit_errors_total",
}  # fmt: skip
OPER_STATES = dict.fromkeys(("down", "testing", "dormant", "notPresent", "lowerLayerDown"), 0.0) | {"up": 1.0}
Tally = Callable[[str, bool, str], None]  # figure, found, what it is


class Polled:
    """What one device gave."""

    def __init__(self, answer: Answer, samples: list[Sample], facts: list[Fact], problems: list[str]) -> None:
        self.seconds = answer.duration_seconds
        self.problems = problems
        self.identity = {fact.instance: fact.value for fact in facts if fact.key == "identity"}
        self._values: dict[str, list[tuple[dict[str, str], float]]] = defaultdict(list)
        for sample in samples:
            labels = {**sample.attributes, **sample.labels}
            self._values[sample.metric].append((labels, sample.value or 0.0))

    def values(self, metric: str) -> list[float]:
        return [value for _, value in self._values[metric]]

    def by_label(self, metric: str, label: str) -> dict[str, float]:
        return {labels[label]: value for labels, value in self._values[metric] if label in labels}

    def pairs(self, size: str, used: str, label: str) -> list[tuple[float, float]]:
        used_by = self.by_label(used, label)
        return [
            (value, used_by[name]) for name, value in self.by_label(size, label).items() if name in used_by
        ]


def score(expected: dict[str, Any], polled: Polled, tally: Tally, unknown: Collection[str] = ()) -> None:
    """Compare one device with what is known of it; `unknown` are OIDs of levels that are words."""
    _score_ports(expected["ports"]["rows"], polled, tally)
    ratios = [value * 100 for value in polled.values("cpu_utilization_ratio")]
    for name, percent, _ in expected["processors"]:
        tally("processors", _take(ratios, percent, 1), name)
    memory = polled.pairs("memory_size_bytes", "memory_used_bytes", "pool")
    memory += [(100, 100 * value) for value in polled.values("memory_utilization_ratio")]
    storage = polled.pairs("filesystem_size_bytes", "filesystem_used_bytes", "filesystem")
    storage += [(100, 100 * value) for value in polled.values("filesystem_utilization_ratio")]
    for figure, pairs in (("memory", memory), ("storage", storage)):
        for name, size, used, *_ in expected["mempools" if figure == "memory" else "storage"]:
            tally(figure, _take_pair(pairs, size, used), name)
    supplies = [item for item in expected["supplies"] if item[4].strip(".") not in unknown]
    _score_supplies(supplies, polled, tally)
    left = {metric: polled.values(metric) for metric, _ in SENSOR_METRICS.values()}
    for kind, name, value, *_ in expected["sensors"]:
        if kind in SENSOR_METRICS and isinstance(value, int | float):
            metric, unit = SENSOR_METRICS[kind]
            wanted = value * unit
            tally("sensors", _take(left[metric], wanted, max(abs(wanted) * 0.01, 0.005)), f"{kind} {name}")
    for figure, key in (("model", "hardware"), ("version", "version"), ("serial", "serial")):
        wanted_text = expected[key]
        if wanted_text and "<private>" not in wanted_text:
            got = polled.identity.get(figure, "")
            tally(figure, _same_text(got, wanted_text), f"{wanted_text!r}, got {got!r}")


def _score_ports(rows: Iterable[dict[str, Any]], polled: Polled, tally: Tally) -> None:
    states = polled.by_label("interface_up", "index")
    speeds = polled.by_label("interface_speed_bits_per_second", "index")
    counters = {column: polled.by_label(metric, "index") for column, metric in PORT_COUNTERS.items()}
    for row in rows:
        index = str(row["ifIndex"])
        if row.get("ifOperStatus") in OPER_STATES:
            state = OPER_STATES[row["ifOperStatus"]]
            tally("interface state", states.get(index) == state, f"port {index}")
        if row.get("ifSpeed"):
            tally("interface speed", speeds.get(index) == row["ifSpeed"], f"port {index} {row['ifSpeed']}")
        for column, values in counters.items():
            if row.get(column) is not None:
                # Known without a value of its own in the recording: not there counts as 0 there.
                got = values.get(index, 0.0 if row[column] == 0 else None)
                what = f"port {index} {column} {row[column]}, got {got}"
                tally("interface counters", got == row[column], what)


def _score_supplies(supplies: Iterable[Sequence[Any]], polled: Polled, tally: Tally) -> None:
    left = [value * 100 for value in polled.values("printer_supply_ratio")]
    trays = [value * 100 for value in polled.values("printer_tray_ratio")]
    for kind, name, percent, *_ in supplies:
        if isinstance(percent, int | float) and percent >= 0:
            tally("supplies", _take(trays if kind == "input" else left, percent, 1.01), name)


def _take(values: list[float], wanted: float, tolerance: float) -> bool:
    best = min(values, key=lambda value: abs(value - wanted), default=None)
    if best is None or abs(best - wanted) > tolerance:
        return False
    values.remove(best)
    return True


def _take_pair(pairs: list[tuple[float, float]], size: float, used: float) -> bool:
    for pair in pairs:
        if abs(pair[0] - size) <= size * 0.01 and abs(pair[1] - used) <= max(size * 0.01, 1):
            pairs.remove(pair)
            return True
        percent_only = size == 100 and pair[0] and abs(pair[1] / pair[0] * 100 - used) <= 1
        if percent_only:
            pairs.remove(pair)
            return True
    return False


def _same_text(got: str, wanted: str) -> bool:
    one, other = got.strip().lower(), wanted.strip().lower()
    return bool(one) and (one == other or other in one or (len(one) > 3 and one in other))


def _some_remains(path: Path) -> set[str]:
    """OIDs of supplies and trays whose level is -3."""
    found = re.findall(
        rb"^(1\.3\.6\.1\.2\.1\.43\.(?:11\.1\.1\.9|8\.2\.1\.10)\.\S*)\|2\|-3\r?$",
        path.read_bytes(),
        re.MULTILINE,
    )
    return {oid.decode() for oid in found}


def _enterprise(expected: dict[str, Any]) -> str:
    parts = (expected.get("sysObjectID") or "").strip(".").split(".")
    return parts[6] if parts[:6] == ["1", "3", "6", "1", "4", "1"] and len(parts) > 6 else ""


def _serve(paths: list[Path], ready: Any, stop: int) -> None:
    addresses = [f"127.21.{number // 250}.{number % 250 + 1}" for number in range(len(paths))]
    agents = {
        (address, 0): Agent(load_recording(path).tree, COMMUNITY)
        for address, path in zip(addresses, paths, strict=True)
    }
    server = AgentServer(agents)
    ready.send(server.endpoints)
    server.serve(stop, time.time)


def poll(paths: list[Path]) -> Iterator[tuple[str, Polled]]:
    """Serve the recordings, and poll AT_ONCE of them side by side: one agent process answers for all."""
    collectors = [item for item in load_collectors() if item.transport == "snmp"]
    fetches = tuple(fetch for item in collectors for fetch in item.fetches.values())
    receive, send = multiprocessing.Pipe(duplex=False)
    stop_read, stop_write = os.pipe()
    server = multiprocessing.get_context("fork").Process(target=_serve, args=(paths, send, stop_read))
    server.start()
    try:
        endpoints = receive.recv()
        settings = {"version": "2c", "community": COMMUNITY, "timeout": 2.0, "tries": 3}
        credentials = (ResolvedCredential("recorded", "snmp", settings),)
        jobs = [
            Job(Device(path.stem, "network", (host,), options={"snmp": {"port": port}}), credentials, fetches)
            for path, (host, port) in zip(paths, endpoints, strict=True)
        ]
        answers: list[Answer] = []
        for first in range(0, len(jobs), AT_ONCE):
            SnmpTransport().run(jobs[first : first + AT_ONCE], answers.append, time.monotonic() + 600)
    finally:
        os.write(stop_write, b"x")
        server.join(10)
    for answer in answers:
        found = outcomes(answer, collectors)
        samples = [sample for item in found for sample in item.samples]
        facts = [fact for item in found for fact in item.facts]
        problems = [f"{i.collector.name}: {i.failure.reason}: {i.failure.detail}" for i in found if i.failure]
        yield answer.job.device.name, Polled(answer, samples, facts, problems)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recordings", type=Path)
    parser.add_argument("--limit", type=int, default=0, help="N recordings of those with known facts")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--enterprise", action="append", default=[], help="of agents with this number only")
    parser.add_argument("--gaps", type=int, default=20)
    arguments = parser.parse_args()
    document = report(
        arguments.recordings, arguments.limit, arguments.only, arguments.gaps, arguments.enterprise
    )
    print(json.dumps(document, indent=1))


def report(
    directory: Path,
    limit: int = 0,
    only: Sequence[str] = (),
    gaps: int = 20,
    enterprises: Sequence[str] = (),
) -> dict[str, Any]:
    """The figures as one document."""
    expected = {}
    for line in (directory / "expected.jsonl").read_text("utf-8").splitlines():
        document = json.loads(line)
        expected[document["id"]] = document
    with (directory / "index.csv").open(encoding="utf-8") as file:
        classes = {row["device"]: row["class"] for row in csv.DictReader(file)}
    paths = sorted((directory / "snmprec").glob("*.snmprec"))
    if enterprises:
        paths = [path for path in paths if _enterprise(expected.get(path.stem, {})) in enterprises]
    elif only:
        paths = [path for path in paths if path.stem in only]
    elif limit:
        known = [path for path in paths if path.stem in expected]
        paths = known[:: max(1, len(known) // limit)][:limit]
    table: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    missing: dict[str, Counter[str]] = defaultdict(Counter)
    of_enterprise: dict[str, Counter[str]] = defaultdict(Counter)
    by_path = {path.stem: path for path in paths}
    examples: dict[str, dict[str, str]] = defaultdict(dict)
    problems: dict[str, list[str]] = {}
    slow: dict[str, float] = {}
    started = time.monotonic()
    for name, polled in poll(paths):
        if polled.problems:
            problems[name] = polled.problems
        if polled.seconds > SLOW_SECONDS:
            slow[name] = round(polled.seconds, 2)
        if name not in expected:
            continue

        def tally(figure: str, found: bool, what: str, name: str = name) -> None:
            for row in ("all", classes[name]):
                table[row][figure][0] += found
                table[row][figure][1] += 1
            if not found:
                missing[figure][name] += 1
                of_enterprise[figure][_enterprise(expected[name])] += 1
                examples[figure].setdefault(name, what)

        score(expected[name], polled, tally, _some_remains(by_path[name]))
    return {
        "devices": len(paths),
        "seconds": round(time.monotonic() - started, 2),
        "python": platform.python_version(),
        "figures": {
            row: {
                figure: {"found": found, "expected": total, "ratio": round(found / total, 4)}
                for figure, (found, total) in sorted(figures.items())
            }
            for row, figures in sorted(table.items())
        },
        "problems": problems,
        "slow": slow,
        "gaps": {
            figure: [[name, count, examples[figure][name]] for name, count in counter.most_common(gaps)]
            for figure, counter in sorted(missing.items())
        },
        "gaps by enterprise": {
            figure: counter.most_common(gaps) for figure, counter in sorted(of_enterprise.items())
        },
    }


if __name__ == "__main__":
    main()
