"""A process of the demo that plays devices: `python -m soc.demo.child ROLE DIRECTORY SEED START`.

Writes "ready" once every endpoint is bound and ends when its standard input does, that is with the
process that started it. To the role "syslog" a line there says that the attack begins.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from soc.demo import place
from soc.demo.agent import Agent
from soc.demo.estate import Estate
from soc.demo.recordings import load_recording
from soc.demo.serve import AgentServer
from soc.inventory import Inventory, load_inventory

_STANDARD_INPUT = 0
_SEND_SECONDS = 0.1


def _ready() -> None:
    print("ready", flush=True)


def _silent(estate: Estate, name: str) -> Callable[[float], bool]:
    return partial(estate.scenario.silent, name)


def _snmp(directory: Path, inventory: Inventory, estate: Estate) -> None:
    community = place.read_secret(directory, "community")
    _serve_agents(
        {
            place.endpoint(device, "snmp"): Agent(
                estate.tree(device.name), community, silent=_silent(estate, device.name)
            )
            for device in place.devices_with(inventory, "snmp", ("1", "2c"))
        }
    )


def _serve_agents(agents: dict[tuple[str, int], Agent]) -> None:
    server = AgentServer(agents)
    _ready()
    server.serve(_STANDARD_INPUT, time.time)
    server.close()


def _snmp_v3(directory: Path, inventory: Inventory, estate: Estate) -> None:
    from soc.demo import agent_v3

    user = agent_v3.User(
        "monitor",
        place.read_secret(directory, "authentication"),
        place.read_secret(directory, "privacy"),
    )
    devices = {
        place.endpoint(device, "snmp"): agent_v3.DeviceV3(
            estate.tree(device.name), _silent(estate, device.name)
        )
        for device in place.devices_with(inventory, "snmp", ("3",))
    }

    async def serve() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()

        def wait_for_end() -> None:
            while os.read(_STANDARD_INPUT, 4096):
                pass
            loop.call_soon_threadsafe(stop.set)

        threading.Thread(target=wait_for_end, daemon=True).start()
        await agent_v3.serve(devices, user, time.time, _ready, stop)

    asyncio.run(serve())


def _ssh(directory: Path, inventory: Inventory, estate: Estate) -> None:
    import paramiko

    from soc.collect.load import load_collectors
    from soc.demo.keys import authorized_key
    from soc.demo.machine import Shell, command_ids
    from soc.demo.ssh_server import SshHost, SshServer, answering

    keys = directory / place.SSH
    ids = command_ids(load_collectors())
    hosts = {
        place.endpoint(device, "ssh"): SshHost(
            paramiko.Ed25519Key.from_private_key_file(str(keys / "host_keys" / device.name)),
            answering(Shell(estate.machine(device.name), ids)),
            _silent(estate, device.name),
        )
        for device in place.devices_with(inventory, "ssh")
    }
    server = SshServer(hosts, authorized_key(keys), time.time)
    _ready()
    server.serve(_STANDARD_INPUT)
    server.close()


def _syslog(_directory: Path, inventory: Inventory, estate: Estate) -> None:
    from soc.demo.syslog import SyslogSender

    sender = SyslogSender(estate, place.syslog_receiver(inventory), time.time())
    _ready()
    while True:
        readable, _, _ = select.select([_STANDARD_INPUT], [], [], _SEND_SECONDS)
        if readable:
            if not os.read(_STANDARD_INPUT, 4096):
                break
            sender.attack(time.time())
        sender.send(time.time())
    sender.close()


def _recordings(directory: Path, inventory: Inventory) -> None:
    community = place.read_secret(directory, "community")
    source = directory / place.RECORDINGS
    _serve_agents(
        {
            place.endpoint(device, "snmp"): Agent(
                load_recording(source / f"{device.name}.snmprec").tree, community
            )
            for device in inventory.devices.values()
        }
    )


_ROLES = {"snmp": _snmp, "snmp-v3": _snmp_v3, "ssh": _ssh, "syslog": _syslog}


def main(role: str, directory: Path, seed: int, start: float) -> None:
    # Signals to the group are for the parent, which decides when we end.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    inventory = load_inventory(directory / place.INVENTORY)
    if role == "recordings":
        _recordings(directory, inventory)
    else:
        _ROLES[role](directory, inventory, Estate(inventory.devices, seed, start))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
