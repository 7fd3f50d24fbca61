"""`soc poll` of hosts that run something else than Debian, each behind its own login shell."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from soc.collect.load import load_collectors
from soc.demo.machine import Machine
from soc.demo.macos import MacHost
from soc.demo.scenario import Scenario
from soc.demo.windows import WindowsHost
from soc.inventory import load_inventory
from soc.model.shipped import shipped
from tests.support.command import soc
from tests.support.scripted_ssh import Reply, ScriptedHost, ScriptedServer

NOW = 1_800_000_000.0
CLIXML = '#< CLIXML\r\n<Objs><S S="progress">Preparing modules for first use.</S></Objs>'
# Alpine Linux with busybox alone: what D-Bus, systemd, sudo and coreutils would tell is not there.
BUSYBOX = {
    "linux-uptime": "4321.50 8000.00\n",
    "linux-load": "0.20 0.18 0.12 1/80 11206\n",
    "linux-memory": "MemTotal: 1000000 kB\nMemFree: 100000 kB\nMemAvailable: 600000 kB\nSwapTotal: 0 kB\n",
    "linux-identity": 'NAME="Alpine Linux"\nVERSION_ID=3.20.3\n\nuname=Linux 6.6.54 x86_64\nnodename=ash\n'
    "sys_vendor=\nproduct_name=\nproduct_serial=\n",
    "linux-filesystems": "Filesystem Type 1024-blocks Used Available Capacity Mounted on\n"
    "/dev/vda ext4 1000 400 600 40% /\n",
}


def _answers(machine: Machine) -> dict[str, Reply]:
    """What the demo's host says to each command, with what PowerShell writes to standard error."""
    commands = {
        fetch for item in load_collectors() for fetch in item.fetches.values() if item.transport == "ssh"
    }
    said = {command.id: machine.output(command.id, "", NOW) for command in commands}
    stderr = CLIXML if machine.platform == "windows" else ""
    return {
        id: Reply(output.stdout, stderr, output.exit_code)
        for id, output in said.items()
        if machine.platform in id and not output.exit_code
    }


@pytest.fixture(scope="module")
def polled(
    play_hosts: Callable[..., ScriptedServer], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, dict[str, Any]]:
    """What one `soc poll` of all of them printed, by device."""
    devices = load_inventory(shipped("inventory.yaml")).devices
    scenario = Scenario(devices, 1, NOW)
    windows = _answers(WindowsHost(devices["win-01"], scenario))
    server = play_hosts(
        cmd=ScriptedHost(windows, "cmd"),
        powershell=ScriptedHost(windows, "powershell", noise="Welcome to the jump server!\r\n"),
        broken=ScriptedHost({**windows, "windows-health": '{"before":[{"Name":"0","Perc'}, "powershell"),
        mac=ScriptedHost(_answers(MacHost(devices["lt-hq-05"], scenario)), "zsh"),
        ash=ScriptedHost(BUSYBOX, "ash"),
        switch=ScriptedHost({}, "appliance"),
    )
    place = tmp_path_factory.mktemp("poll")
    (place / "inventory.yaml").write_text(server.inventory())
    done = soc("poll", "--json", "--inventory", str(place / "inventory.yaml"), "--data", str(place / "data"))
    assert done.returncode == 1, done.stderr  # two of them are not well
    return {document["device"]: document for document in map(json.loads, done.stdout.splitlines())}


def _metrics(document: dict[str, Any]) -> set[str]:
    return {sample["metric"] for sample in document["samples"]}


@pytest.mark.parametrize("name", ["cmd", "powershell"])
def test_windows_behind_either_shell(polled: Mapping[str, dict[str, Any]], name: str) -> None:
    """Health, identity and posture of a Windows server come whatever its login shell is and says."""
    document = polled[name]
    assert document["errors"] == []
    assert document["identity"]["os"] == "Windows Server 2025 Standard"
    assert {"uptime_seconds", "cpu_utilization_ratio", "filesystem_size_bytes", "interface_up"} <= _metrics(
        document
    )
    facts = {fact["key"] for fact in document["facts"]}
    assert {"administrator", "firewall", "disk_encryption", "antimalware", "listening_port"} <= facts


def test_half_a_document_is_no_answer(polled: Mapping[str, dict[str, Any]]) -> None:
    """What was cut off fails by a reason that says so, and what came whole is there."""
    document = polled["broken"]
    assert document["errors"]
    assert all(": parser: " in error and "cut off or broken" in error for error in document["errors"])
    assert "cpu_utilization_ratio" not in _metrics(document)
    assert "uptime_seconds" in _metrics(document)


def test_a_mac(polled: Mapping[str, dict[str, Any]]) -> None:
    """A Mac's commands run in one round trip under zsh."""
    document = polled["mac"]
    assert document["errors"] == []
    assert document["identity"]["vendor"] == "Apple"
    assert {
        "uptime_seconds",
        "cpu_utilization_ratio",
        "memory_used_bytes",
        "filesystem_size_bytes",
    } <= _metrics(document)
    assert {"administrator", "disk_encryption", "system_protection"} <= {
        fact["key"] for fact in document["facts"]
    }


def test_a_host_with_busybox_alone(polled: Mapping[str, dict[str, Any]]) -> None:
    """What is not there does not apply; what is there comes."""
    document = polled["ash"]
    assert document["errors"] == []
    assert document["identity"]["os"] == "Alpine Linux"
    assert {"uptime_seconds", "load_average_1m", "memory_size_bytes", "filesystem_size_bytes"} <= _metrics(
        document
    )


def test_a_platform_that_nobody_knows(polled: Mapping[str, dict[str, Any]]) -> None:
    """A switch's command line is told as what it answers."""
    document = polled["switch"]
    assert not document["ok"]
    assert "the platform is not known" in json.dumps(document["errors"])
