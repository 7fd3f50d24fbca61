"""The example estate: what its agents and hosts answer, read by the shipped collectors."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from soc.collect import Collector, CommandOutput, SshCommand
from soc.collect.load import load_collectors
from soc.collect.outcome import outcomes
from soc.collect.port import Answer, Job, ResolvedCredential
from soc.demo.estate import Estate
from soc.demo.linux import LinuxHost
from soc.demo.linux_posture import LACKED
from soc.demo.place import devices_with
from soc.demo.simulated import SimulatedSnmp, SimulatedSsh
from soc.inventory import Inventory
from soc.model import TOWERS, Sample

START = 1_800_000_000.0


@cache
def _collectors() -> list[Collector]:
    return load_collectors()


def _poll(inventory: Inventory, estate: Estate, name: str, time: float) -> tuple[Answer, list[Sample]]:
    device = inventory.devices[name]
    credential = inventory.credentials[device.credentials[0]]
    collectors = [
        item
        for item in _collectors()
        if item.transport == credential.kind and device.tower in (item.towers or TOWERS)
    ]
    fetches = tuple(fetch for item in collectors for fetch in item.fetches.values())
    resolved = ResolvedCredential(
        credential.name, credential.kind, {"version": credential.settings.get("version")}
    )
    transport = {"snmp": SimulatedSnmp, "ssh": SimulatedSsh}[credential.kind](estate, lambda: time)
    answers: list[Answer] = []
    transport.run([Job(device, (resolved,), fetches)], answers.append, 0.0)
    found = outcomes(answers[0], collectors)
    problems = [outcome.failure for outcome in found if outcome.failure and not answers[0].failure]
    assert not problems
    return answers[0], [sample for outcome in found for sample in outcome.samples]


def _value(samples: list[Sample], metric: str, **labels: str) -> float | None:
    [value] = [s.value for s in samples if s.metric == metric and labels.items() <= s.labels.items()]
    return value


def test_estate_covers_every_tower(inventory: Inventory) -> None:
    """At least 200 devices, every tower, several sites and suppliers, SNMP in all versions, SSH hosts."""
    devices = inventory.devices.values()
    assert len(devices) >= 200
    towers = Counter(device.tower for device in devices)
    assert set(towers) == set(TOWERS)
    assert len({device.site for device in devices}) >= 5
    assert len({device.supplier for device in devices}) >= 5
    for version in ("1", "2c", "3"):
        assert devices_with(inventory, "snmp", (version,))
    assert len(devices_with(inventory, "ssh")) >= 20


def test_addresses_are_loopback_and_unique(inventory: Inventory) -> None:
    """Each device has one address of its own in 127/8, never 127.0.0.1."""
    addresses = [device.addresses for device in inventory.devices.values()]
    assert all(len(own) == 1 and own[0].startswith("127.20.") for own in addresses)
    assert len(set(addresses)) == len(addresses)


def test_every_device_is_understood(inventory: Inventory, estate: Estate) -> None:
    """No shipped parser fails on any device before the outage, and each tells how long it runs."""
    for name in inventory.devices:
        answer, samples = _poll(inventory, estate, name, START - 1790)
        assert answer.answered
        assert any(sample.metric == "uptime_seconds" for sample in samples), name


def test_counters_never_run_backwards(inventory: Inventory, estate: Estate) -> None:
    """Every counter of a switch, a printer and a host rises or stays from minute to minute."""
    for name in ("sw-hq-01", "prn-hq-01", "rt-wan-01"):
        before: dict[tuple[str, str], float] = {}
        for minute in range(-30, 1):
            _, samples = _poll(inventory, estate, name, START + 60 * minute)
            for sample in samples:
                if sample.metric.endswith("_total") and sample.value is not None:
                    key = (sample.metric, str(sample.labels))
                    assert sample.value >= before.get(key, 0)
                    before[key] = sample.value
        assert before


def test_uplink_dies(inventory: Inventory, estate: Estate) -> None:
    """The dead router does not answer, and the port towards it on its parent loses its link."""
    outage = estate.scenario.outage
    answer, _ = _poll(inventory, estate, outage.device, outage.begins)
    assert answer.failure is not None
    assert not answer.answered
    [parent] = inventory.devices[outage.device].depends_on
    _, before = _poll(inventory, estate, parent, outage.begins - 1)
    _, after = _poll(inventory, estate, parent, outage.begins)
    lost = [
        b.labels
        for b, a in zip(before, after, strict=True)
        if b.metric == "interface_up" and b.value != a.value
    ]
    assert len(lost) == 1


def test_ups_goes_on_battery(inventory: Inventory, estate: Estate) -> None:
    """On battery the charge falls, yet stays well above low for the length of a demo."""
    battery = estate.scenario.battery
    _, before = _poll(inventory, estate, battery.device, battery.begins - 1)
    _, after = _poll(inventory, estate, battery.device, START + 600)
    assert _value(before, "ups_on_battery") == 0
    assert _value(after, "ups_on_battery") == 1
    charge = _value(after, "battery_charge_ratio")
    assert charge is not None
    assert 0.5 < charge < 1


def test_toner_runs_out(inventory: Inventory, estate: Estate) -> None:
    """The black toner reaches zero, and the printer then reports it."""
    toner = estate.scenario.toner
    _, before = _poll(inventory, estate, toner.device, toner.empty - 1)
    _, after = _poll(inventory, estate, toner.device, toner.empty)
    assert _value(after, "printer_supply_ratio", supply="Black Toner Cartridge") == 0
    assert _value(before, "printer_error", error="no-toner") == 0
    assert _value(after, "printer_error", error="no-toner") == 1


def test_disk_fills(inventory: Inventory, estate: Estate) -> None:
    """The file system passes from well below to nearly full."""
    disk = estate.scenario.disk
    for time, low, high in ((disk.begins, 0.5, 0.7), (disk.full, 0.97, 1.0)):
        _, samples = _poll(inventory, estate, disk.device, time)
        used = _value(samples, "filesystem_used_bytes", filesystem=disk.filesystem)
        size = _value(samples, "filesystem_size_bytes", filesystem=disk.filesystem)
        assert used is not None
        assert size
        assert low < used / size < high


@pytest.mark.parametrize(
    ("name", "platform", "lacked"),
    [
        ("app-01", "linux", LACKED),
        ("win-01", "windows", set()),
        ("lt-hq-01", "windows", set()),
        ("lt-hq-05", "macos", set()),
    ],
)
def test_every_ssh_command_is_answered(
    inventory: Inventory, estate: Estate, name: str, platform: str, lacked: set[str]
) -> None:
    """Every command for the host's platform is, and no other; what such a host lacks is not found there."""
    answer, samples = _poll(inventory, estate, name, START)
    told = {
        fetch.id: value
        for fetch, value in answer.values.items()
        if isinstance(fetch, SshCommand) and isinstance(value, CommandOutput)
    }
    assert all(command.startswith(platform) for command in told)
    assert {command for command, output in told.items() if output.exit_code} == lacked
    assert {"cpu_utilization_ratio", "memory_used_bytes", "interface_up"} <= {item.metric for item in samples}


def _pulled_host(inventory: Inventory, estate: Estate) -> LinuxHost:
    names = {device.name for device in devices_with(inventory, "ssh")} - estate.scenario.forwarding
    return estate.host(min(names))


def test_log_is_pulled_without_gap_or_repeat(inventory: Inventory, estate: Estate) -> None:
    """Pulling by cursor minute by minute gives the lines of one pull."""
    host = _pulled_host(inventory, estate)
    cursor, pieces = "", []
    for minute in range(-29, 1):
        lines = host.output("linux-auth-log", cursor, START + 60 * minute).stdout.splitlines()
        pieces += lines
        cursor = lines[-1].split(" ")[0] if lines else cursor
    assert pieces
    assert pieces == host.output("linux-auth-log", "", START).stdout.splitlines()


@pytest.mark.parametrize("cursor", ["", "junk", "1:2:3", "99999999999999999999999:1:5"])
def test_foreign_cursors_read_from_the_beginning(inventory: Inventory, estate: Estate, cursor: str) -> None:
    """A cursor of another file, or none, begins with the oldest line."""
    host = _pulled_host(inventory, estate)
    first = host.output("linux-auth-log", "", START).stdout
    assert first
    assert host.output("linux-auth-log", cursor, START).stdout == first


def test_a_forwarded_log_is_no_file(estate: Estate) -> None:
    """Who forwards its log has none to pull, so that no line is there twice."""
    host = estate.host(estate.scenario.attack.device)
    assert host.output("linux-auth-log", "", START).stdout == ""
    assert host.forwarded(round((START - 600) * 1e6), round(START * 1e6))


def test_a_walk_begins_below_its_name(estate: Estate) -> None:
    """As GETNEXT does: of an instance itself nothing is below."""
    tree = estate.tree("sw-hq-01")
    name = tree.oid(0)
    assert list(tree.under(name)) == []
    assert 0 in tree.under(name[:-1])
