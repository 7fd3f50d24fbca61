"""Loading a fleet: CPU seconds and peak memory, beside plain reading of the same files.

    python benches/inventory.py [--devices 100000]

Each measurement is a process of its own. `changed` reads and checks everything, `unchanged` takes the
devices from the cache, `unchanged_all` also builds every one of them; `plain_csv` is csv.DictReader over
the fleet, `plain_yaml` is yaml.safe_load (C loader) over the same devices, one a line.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

HEAD = """\
version: 1
suppliers: {netco: {name: Example Networks}, prints: {name: Example Printing}}
sites: {hq: {name: Headquarters, timezone: Europe/London}, south: {name: South}}
credentials:
  lab: {snmp: {version: "2c", community: {env: SOC_COMMUNITY}}}
  ops: {ssh: {user: soc, key_file: ~/.ssh/id_ed25519}}
"""
COLUMNS = "name,address,tower,kind,site,supplier,credentials,depends_on,labels.rack\n"


def rows(count: int) -> list[list[str]]:
    """A fleet of mixed devices; every hundredth is a switch that the following ones depend on."""
    fleet = []
    for number in range(count):
        switch = number - number % 100
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}" if number else "10.255.0.1"
        if number == switch:
            fleet.append(
                [f"sw-{number:06}", address, "network", "switch", "hq", "netco", "lab", "", f"r{number % 40}"]
            )
        else:
            upstream = f"sw-{switch:06}"
            fleet.append(
                [f"prn-{number:06}", address, "print", "printer", "south", "prints", "lab;ops", upstream, ""]
            )
    return fleet


def write(directory: Path, count: int) -> None:
    fleet = rows(count)
    (directory / "inventory.yaml").write_text(HEAD + "include: [fleet.csv]\n")
    (directory / "fleet.csv").write_text(COLUMNS + "".join(",".join(row) + "\n" for row in fleet))
    lines = (
        f"  - {{name: {name}, address: {address}, tower: {tower}, kind: {kind}, site: {site}, "
        f"supplier: {supplier}, credentials: [{credentials.replace(';', ', ')}], depends_on: [{upstream}]}}\n"
        for name, address, tower, kind, site, supplier, credentials, upstream, _ in fleet
    )
    (directory / "all.yaml").write_text(HEAD + "devices:\n" + "".join(lines))


def load(directory: Path) -> int:
    from soc.inventory import load_inventory

    return len(load_inventory(directory / "inventory.yaml", directory / "cache").devices)


def load_all(directory: Path) -> int:
    from soc.inventory import load_inventory

    inventory = load_inventory(directory / "inventory.yaml", directory / "cache")
    return sum(1 for device in inventory.devices.values() if device.name)


def plain_csv(directory: Path) -> int:
    with (directory / "fleet.csv").open(newline="") as file:
        return len({row["name"]: row for row in csv.DictReader(file)})


def plain_yaml(directory: Path) -> int:
    import yaml

    return len(yaml.load((directory / "all.yaml").read_bytes(), Loader=yaml.CSafeLoader)["devices"])


MEASUREMENTS: dict[str, Callable[[Path], int]] = {
    "changed": load,
    "unchanged": load,
    "unchanged_all": load_all,
    "plain_csv": plain_csv,
    "plain_yaml": plain_yaml,
}


def measure(name: str, directory: Path) -> None:
    """Run one measurement in this process and print it; CPU includes the start of Python."""
    started = time.perf_counter()
    count = MEASUREMENTS[name](directory)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "devices": count,
                "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
                "wall_seconds": round(time.perf_counter() - started, 3),
                "peak_megabytes": round(usage.ru_maxrss / 1024, 1),
            }
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--devices", type=int, default=100_000)
    parser.add_argument("--measure", nargs=2, metavar=("NAME", "DIR"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure[0], Path(arguments.measure[1]))
        return
    figures = {}
    with tempfile.TemporaryDirectory() as directory:
        write(Path(directory), arguments.devices)
        for name in MEASUREMENTS:
            command = [sys.executable, __file__, "--measure", name, directory]
            figures[name] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    cpu = {name: figure["cpu_seconds"] for name, figure in figures.items()}
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True
    )
    print(
        json.dumps(
            {
                "bench": "inventory",
                "machine": {
                    "cores": os.cpu_count(),
                    "machine": platform.machine(),
                    "system": platform.system(),
                },
                "commit": commit.stdout.strip(),
                "versions": {
                    "python": platform.python_version(),
                    "soc": version("soc"),
                    "pyyaml": version("pyyaml"),
                },
                "devices": arguments.devices,
                "figures": figures,
                "ratios": {
                    "changed_to_plain_csv": round(cpu["changed"] / cpu["plain_csv"], 2),
                    "unchanged_to_plain_csv": round(cpu["unchanged"] / cpu["plain_csv"], 2),
                    "unchanged_to_plain_yaml": round(cpu["unchanged"] / cpu["plain_yaml"], 3),
                },
            }
        )
    )


if __name__ == "__main__":
    main()
