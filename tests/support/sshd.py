"""A real sshd on a free loopback port, with keys of its own, and its fixtures."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from soc.collect.declare import Fetch
from soc.collect.port import Job, ResolvedCredential
from soc.model import Device

SSHD = "/usr/sbin/sshd"


def _generate_key(path: Path, kind: str = "ed25519") -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", path], check=True)
    return path


def _no_packages_to_upgrade_to(directory: Path) -> Path:
    """A configuration of apt that knows no package lists: to read Debian's takes five seconds of CPU."""
    lists = directory / "apt-lists"
    (lists / "partial").mkdir(parents=True)
    configuration = directory / "apt.conf"
    configuration.write_text(f'Dir::State::lists "{lists}";\n')
    return configuration


@dataclass
class Host:
    """A running sshd and what one needs to know to log in."""

    directory: Path
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    client_key: Path
    known_hosts: Path
    user: str = field(default_factory=getpass.getuser)

    def credential(self, name: str = "ops", **changes: Any) -> ResolvedCredential:
        settings = {
            "user": self.user,
            "key_file": str(self.client_key),
            "known_hosts": str(self.known_hosts),
            **changes,
        }
        return ResolvedCredential(
            name, "ssh", {key: value for key, value in settings.items() if value is not None}
        )

    def device(self, name: str = "host", address: str = "127.0.0.1", **options: Any) -> Device:
        return Device(name, "hosting", (address,), options={"ssh": {"port": self.port, **options}})

    def inventory(self) -> str:
        """An inventory with this host as its one device."""
        return (
            "version: 1\n"
            f"credentials: {{ops: {{ssh: {{user: {self.user}, key_file: {self.client_key},"
            f" known_hosts: {self.known_hosts}}}}}}}\n"
            f"devices: [{{name: host, address: 127.0.0.1, tower: hosting, credentials: [ops],"
            f" ssh: {{port: {self.port}}}}}]\n"
        )

    def job(self, *fetches: Fetch, **changes: Any) -> Job:
        changes.setdefault("device", self.device())
        changes.setdefault("credentials", (self.credential(),))
        return Job(fetches=fetches, **changes)


def _start(directory: Path, settings: str) -> Host:
    if not Path(SSHD).exists():
        pytest.skip("needs Debian package openssh-server")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd's privilege separation directory
    host_key = _generate_key(directory / "host_key")
    client_key = _generate_key(directory / "client_key")
    shutil.copy(client_key.with_suffix(".pub"), directory / "authorized_keys")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    apt = _no_packages_to_upgrade_to(directory)
    config = directory / "sshd_config"
    config.write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {host_key}\nPidFile none\nUsePAM no\nStrictModes no\n"
        f"AuthorizedKeysFile {directory}/authorized_keys\nPasswordAuthentication no\nLogLevel VERBOSE\n"
        # bash takes a shell of level 2 for a nested one, and leaves the account's slow ~/.bashrc out.
        f"PermitRootLogin yes\nSetEnv SHLVL=2 APT_CONFIG={apt}\n{settings}"
    )
    public = (directory / "host_key.pub").read_text().split()
    known_hosts = directory / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{port} {public[0]} {public[1]}\n")
    log = directory / "sshd.log"
    process = subprocess.Popen([SSHD, "-D", "-f", config, "-E", log], stdin=subprocess.DEVNULL)
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.02)
    else:
        process.kill()
        raise RuntimeError(f"sshd did not start: {log.read_text() if log.exists() else ''}")
    for _ in range(500):  # tests count what the log says: our own probe is no part of it
        if "Connection closed by" in log.read_text() or "kex_exchange_identification" in log.read_text():
            break
        time.sleep(0.01)
    return Host(directory, port, process, log, client_key, known_hosts)


@pytest.fixture
def start_sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Host]]:
    """Starts an sshd with extra settings; ended after the test."""
    hosts: list[Host] = []

    def start(settings: str = "") -> Host:
        host = _start(tmp_path_factory.mktemp("sshd"), settings)
        hosts.append(host)
        return host

    yield start
    for host in hosts:
        host.process.terminate()
        host.process.wait(10)


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """One sshd with default settings for the tests of a module."""
    host = _start(tmp_path_factory.mktemp("sshd"), "")
    yield host
    host.process.terminate()
    host.process.wait(10)
