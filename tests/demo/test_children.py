"""The processes that play the estate: real SNMP and SSH on loopback, and their end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from soc.collect.load import load_collectors
from soc.collect.once import poll_once
from soc.collect.ssh.limits import Limits
from soc.collect.ssh.transport import SshTransport
from soc.collect.transports import transports_for
from soc.demo import place
from soc.demo.children import ESTATE_ROLES, played
from soc.demo.estate import Estate
from soc.demo.place import devices_with, prepare
from soc.demo.simulated import SimulatedSnmp, SimulatedSsh
from soc.inventory import Inventory
from soc.model import ConfigurationError, SocError
from soc.model.shipped import shipped


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Inventory, Estate]]:
    """The whole shipped estate, served by its three processes, an hour after the outage."""
    directory = tmp_path_factory.mktemp("demo")
    inventory = prepare(directory, shipped("inventory.yaml"))
    start = time.time()
    with played(ESTATE_ROLES, directory, 3, start):
        yield inventory, Estate(inventory.devices, 3, start)


def _poll(inventory: Inventory, *names: str) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    poll_once(
        inventory,
        load_collectors(),
        {**transports_for(inventory), "ssh": SshTransport(Limits(connect_seconds=1.0))},
        devices=list(names),
        now=time.time,
        monotonic=time.monotonic,
        deadline=time.monotonic() + 60,
        on_device=lambda document: found.__setitem__(document["device"], document),
    )
    return found


def test_every_version_and_ssh_answer(served: tuple[Inventory, Estate]) -> None:
    """One device of each kind of credential is polled by the real transports."""
    inventory, estate = served
    lost = estate.scenario.expected_down() | estate.scenario.expected_unreachable()
    wanted = [("snmp", ("1",)), ("snmp", ("2c",)), ("snmp", ("3",)), ("ssh", ())]
    names = [
        next(device.name for device in devices_with(inventory, kind, versions) if device.name not in lost)
        for kind, versions in wanted
    ]
    for name, document in _poll(inventory, *names).items():
        assert document["ok"], document
        assert document["samples"], name


def test_the_dead_do_not_answer(served: tuple[Inventory, Estate]) -> None:
    """The killed router, and an SSH host behind it, time out."""
    inventory, estate = served
    scenario = estate.scenario
    hosts = {device.name for device in devices_with(inventory, "ssh")}
    names = [scenario.outage.device, min(hosts & scenario.expected_unreachable())]
    found = _poll(inventory, *names)
    for name in names:
        assert not found[name]["ok"]
        assert "timeout" in str(found[name]["errors"])


def test_two_demos_side_by_side(served: tuple[Inventory, Estate], tmp_path: Path) -> None:
    """A second demo finds ports of its own."""
    second = prepare(tmp_path, shipped("inventory.yaml"))
    assert served[0].settings.listen != second.settings.listen
    for kind in ("snmp", "ssh"):
        first_device, second_device = devices_with(served[0], kind)[0], devices_with(second, kind)[0]
        assert place.endpoint(first_device, kind) != place.endpoint(second_device, kind)


def test_used_directory_is_refused(tmp_path: Path) -> None:
    """The demo never mixes its data with other data."""
    (tmp_path / "soc.duckdb").touch()
    with pytest.raises(ConfigurationError, match="not empty"):
        prepare(tmp_path, shipped("inventory.yaml"))


def test_failed_start_is_told(tmp_path: Path) -> None:
    """A process that cannot start ends the demo with a message, and no process stays."""
    (tmp_path / place.SCRATCH).mkdir()
    with pytest.raises(SocError, match=r"did not start:(.|\n)*inventory"), played(["snmp"], tmp_path, 1, 0.0):
        pytest.fail("the process had nothing to read")


def test_children_end_with_their_parent(tmp_path: Path) -> None:
    """A parent killed by SIGKILL takes its children with it."""
    prepare(tmp_path, shipped("inventory.yaml"))
    program = (
        "import sys, time, subprocess\n"
        "from pathlib import Path\n"
        "from soc.demo.children import played, ESTATE_ROLES\n"
        "with played(ESTATE_ROLES, Path(sys.argv[1]), 1, time.time()):\n"
        "    print('up', flush=True)\n"
        "    time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"up\n"
    offspring = _children_of(parent.pid)
    assert len(offspring) == len(ESTATE_ROLES)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    for _ in range(200):
        if not any(map(_is_running, offspring)):
            return
        time.sleep(0.05)
    pytest.fail("a child outlived its parent")


def _children_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(number) for number in found]


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def _series(samples: object) -> dict[tuple[str, str], float]:
    assert isinstance(samples, list)
    return {
        (sample["metric"], str(sorted(sample["labels"].items()))): sample["value"]
        for sample in samples
        if sample["metric"] not in ("up", "poll_duration_seconds")
    }


def test_history_says_what_the_network_says(served: tuple[Inventory, Estate]) -> None:
    """Simulated transports give the series that the real ones give, and the same constants."""
    inventory, estate = served
    lost = estate.scenario.expected_down() | estate.scenario.expected_unreachable()
    names = [
        next(device.name for device in devices_with(inventory, kind, versions) if device.name not in lost)
        for kind, versions in (("snmp", ("1",)), ("snmp", ("2c",)), ("snmp", ("3",)), ("ssh", ()))
    ]
    real = _poll(inventory, *names)
    simulated: dict[str, dict[str, object]] = {}
    poll_once(
        inventory,
        load_collectors(),
        {"snmp": SimulatedSnmp(estate, time.time), "ssh": SimulatedSsh(estate, time.time)},
        devices=names,
        now=time.time,
        monotonic=time.monotonic,
        deadline=time.monotonic() + 60,
        on_device=lambda document: simulated.__setitem__(document["device"], document),
    )
    for name in names:
        found, expected = _series(real[name]["samples"]), _series(simulated[name]["samples"])
        assert found.keys() == expected.keys(), name
        constant = ("_size_bytes", "interface_up", "interface_enabled", "interface_speed_bits_per_second")
        for key, value in expected.items():
            assert not key[0].endswith(constant) or found[key] == value, key
        assert real[name]["identity"] == simulated[name]["identity"]
