"""`soc poll` and `soc collect` against real daemons, good and bad ones side by side."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.collect.snmp.agents import Request, binding, response, serving
from tests.support.command import soc
from tests.support.snmpd import AUTH_PASSWORD, PRIV_PASSWORD
from tests.support.sshd import Host

INTEGER_ONE = (2, b"\x01")


def poll(directory: Path, inventory: str, *arguments: str) -> dict[str, dict[str, Any]]:
    """What `soc poll --json` prints, by device; its exit code tells whether all were well."""
    path = directory / "inventory.yaml"
    path.write_text(inventory)
    done = soc("poll", "--json", "--inventory", str(path), "--data", str(directory / "data"), *arguments)
    found = {document["device"]: document for document in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == (0 if all(document["ok"] for document in found.values()) else 1), done.stderr
    return found


def samples(document: dict[str, Any], metric: str, label: str = "") -> dict[str, float]:
    """Values of a metric by one label."""
    return {
        sample["labels"].get(label, ""): sample["value"]
        for sample in document["samples"]
        if sample["metric"] == metric
    }


@pytest.mark.parametrize("version", ["2c", "3"])
def test_snmpd_agrees_with_the_system(
    tmp_path: Path, snmpd: int, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interfaces, storage and memory over v2c and v3 are what /sys, statvfs and psutil say."""
    monkeypatch.setenv("SOC_TEST_COMMUNITY", "public")
    monkeypatch.setenv("SOC_TEST_AUTH", AUTH_PASSWORD)
    monkeypatch.setenv("SOC_TEST_PRIV", PRIV_PASSWORD)
    credential = (
        '{version: "2c", community: {env: SOC_TEST_COMMUNITY}}'
        if version == "2c"
        else "{version: '3', user: sha256aes128, auth: {protocol: sha256, key: {env: SOC_TEST_AUTH}},"
        " priv: {protocol: aes128, key: {env: SOC_TEST_PRIV}}}"
    )
    document = poll(
        tmp_path,
        f"version: 1\ncredentials: {{lab: {{snmp: {credential}}}}}\n"
        f"devices: [{{name: me, address: 127.0.0.1, tower: hosting, credentials: [lab],"
        f" snmp: {{port: {snmpd}}}}}]\n",
    )["me"]
    assert document["ok"], document["errors"]
    assert document["identity"]["name"] == "example-agent"
    for path in Path("/sys/class/net").iterdir():
        state = (path / "operstate").read_text().strip()
        if state in ("up", "down"):
            assert samples(document, "interface_up", "interface")[path.name] == (state == "up")
    before = samples(document, "interface_receive_bytes_total", "interface")["lo"]
    assert 0 < before <= int(Path("/sys/class/net/lo/statistics/rx_bytes").read_text())
    total = psutil.disk_usage("/").total
    assert samples(document, "filesystem_size_bytes", "filesystem")["/"] == pytest.approx(total, rel=0.01)
    memory = max(samples(document, "memory_size_bytes", "pool").values())
    assert memory >= psutil.virtual_memory().total * 0.99


def test_sshd_agrees_with_the_system(tmp_path: Path, sshd: Host) -> None:
    """Filesystems, memory and load over SSH are what df, psutil and /proc say."""
    document = poll(tmp_path, sshd.inventory())["host"]
    df = subprocess.run(["df", "-PB1", "/"], capture_output=True, text=True, check=True)
    size, used = map(int, df.stdout.splitlines()[1].split()[1:3])
    assert samples(document, "filesystem_size_bytes", "filesystem")["/"] == size
    assert samples(document, "filesystem_used_bytes", "filesystem")["/"] == pytest.approx(used, rel=0.05)
    assert max(samples(document, "memory_size_bytes", "pool").values()) == psutil.virtual_memory().total
    uptime = samples(document, "uptime_seconds")[""]
    assert uptime == pytest.approx(time.time() - psutil.boot_time(), abs=60)
    assert not [error for error in document["errors"] if not error.startswith("linux_auth_log")]


class Endless:
    """An agent with one table, which never ends: each answer leads one row further."""

    TABLE = "1.3.6.1.2.1.25.2.3.1."
    NO_MORE = (0x82, b"")  # endOfMibView

    def __init__(self) -> None:
        self._told: set[str] = set()

    def __call__(self, request: Request) -> list[bytes]:
        oid = request.oids[0]
        if not f"{oid}.".startswith(self.TABLE):
            return [response(request, [binding(oid, *self.NO_MORE) for oid in request.oids])]
        head, _, last = oid.rpartition(".") if oid in self._told else (oid, "", "0")
        rows = [f"{head}.{int(last) + step}" for step in range(1, max(request.repetitions, 1) + 1)]
        self._told.update(rows)
        return [response(request, [binding(row, *INTEGER_ONE) for row in rows])]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A UDP port that takes everything and answers nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        sink.bind(("127.0.0.1", 0))
        yield sink.getsockname()[1]


@pytest.fixture
def mute_port() -> Iterator[int]:
    """A TCP port that accepts and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8)
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.close()


def test_each_bad_device_has_its_reason_and_harms_no_other(
    tmp_path: Path,
    snmpd: int,
    start_sshd: Callable[[str], Host],
    silent_port: int,
    mute_port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Dead, refusing, wrong community, wrong keys, changed host key, mute, endless: told apart, on time."""
    monkeypatch.setenv("SOC_TEST_COMMUNITY", "public")
    monkeypatch.setenv("SOC_TEST_WRONG", "wrong-community-or-key")
    good = start_sshd("")
    known = good.known_hosts.read_text()
    other = start_sshd("")
    changed = tmp_path / "known_hosts"
    changed.write_text(f"[127.0.0.1]:{good.port} " + other.known_hosts.read_text().split(" ", 1)[1])
    with serving(Endless()) as endless_port:
        inventory = f"""\
version: 1
credentials:
  lab: {{snmp: {{version: "2c", community: {{env: SOC_TEST_COMMUNITY}}, timeout: 300ms, tries: 2}}}}
  wrong: {{snmp: {{version: "2c", community: {{env: SOC_TEST_WRONG}}, timeout: 300ms, tries: 2}}}}
  wrong-v3: {{snmp: {{version: "3", user: sha256aes128, timeout: 300ms, tries: 2,
    auth: {{protocol: sha256, key: {{env: SOC_TEST_WRONG}}}},
    priv: {{protocol: aes128, key: {{env: SOC_TEST_WRONG}}}}}}}}
  unset: {{snmp: {{version: "2c", community: {{env: SOC_TEST_UNSET}}}}}}
  ops: {{ssh: {{user: {good.user}, key_file: {good.client_key}, known_hosts: {good.known_hosts}}}}}
  changed: {{ssh: {{user: {good.user}, key_file: {good.client_key}, known_hosts: {changed}}}}}
  stranger: {{ssh: {{user: {good.user}, key_file: {other.client_key}, known_hosts: {good.known_hosts}}}}}
devices:
  - {{name: good-snmp, address: 127.0.0.1, tower: network, credentials: [lab], snmp: {{port: {snmpd}}}}}
  - {{name: good-ssh, address: 127.0.0.1, tower: hosting, credentials: [ops], ssh: {{port: {good.port}}}}}
  - {{name: silent, address: 127.0.0.1, tower: network, credentials: [lab], snmp: {{port: {silent_port}}}}}
  - {{name: refused, address: 127.0.0.1, tower: network, credentials: [lab], snmp: {{port: 9}}}}
  - {{name: community, address: 127.0.0.1, tower: network, credentials: [wrong], snmp: {{port: {snmpd}}}}}
  - {{name: v3-key, address: 127.0.0.1, tower: network, credentials: [wrong-v3], snmp: {{port: {snmpd}}}}}
  - {{name: no-secret, address: 127.0.0.1, tower: network, credentials: [unset], snmp: {{port: {snmpd}}}}}
  - {{name: endless, address: 127.0.0.1, tower: network, credentials: [lab],
      snmp: {{port: {endless_port}}}}}
  - {{name: host-key, address: 127.0.0.1, tower: hosting, credentials: [changed],
      ssh: {{port: {good.port}}}}}
  - {{name: login, address: 127.0.0.1, tower: hosting, credentials: [stranger],
      ssh: {{port: {good.port}}}}}
  - {{name: mute, address: 127.0.0.1, tower: hosting, credentials: [ops], ssh: {{port: {mute_port}}}}}
"""
        assert known
        path = tmp_path / "inventory.yaml"
        path.write_text(inventory)
        arguments = ("--inventory", str(path), "--data", str(tmp_path / "data"))
        done = soc("collect", "--json", "--deadline", "20s", *arguments)
        summary = json.loads(done.stdout)
        # The unresolved credential is ours: collection failed in part.
        assert done.returncode == 1
        assert "SOC_TEST_UNSET" in done.stderr
        assert "wrong-community-or-key" not in done.stderr
        assert summary["devices"] == 11
        assert summary["seconds"] < 30
    events = soc("events", "product:soc category:collection", "--limit", "200", "--json", *arguments)
    found = [json.loads(line) for line in events.stdout.splitlines()]
    reasons = {
        event["device"]: event["fields"]["reason"] for event in found if event["service"] in ("snmp", "ssh")
    }
    assert {event["fields"]["reason"] for event in found if event["device"] == "endless"} == {"limit"}
    assert reasons == {
        "silent": "timeout",
        "refused": "refused",
        "community": "timeout",
        "v3-key": "authentication",
        "host-key": "host-key-changed",
        "login": "authentication",
        "mute": "timeout",
    }
    up = soc("query", 'max by (device) (up{collector=~"snmp|ssh"})', "--json", *arguments, check=True)
    values = {line["labels"]["device"]: line["value"] for line in map(json.loads, up.stdout.splitlines())}
    assert values["good-snmp"] == 1.0
    assert values["good-ssh"] == 1.0
    assert values["silent"] == 0.0
    alerts = soc("alerts", "--json", *arguments, check=True)
    assert "SSH host key changed" in {json.loads(line)["rule"] for line in alerts.stdout.splitlines()}
