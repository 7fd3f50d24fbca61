"""Debian's snmpd on a free loopback port, and its fixture."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

AUTH_PASSWORD = "correct-horse-auth"
PRIV_PASSWORD = "correct-horse-priv"
USERS = {
    "sha256aes128": ("SHA-256", "sha256", "AES-128", "aes128"),
    "md5des": ("MD5", "md5", "DES", "des"),
    "sha1aes256": ("SHA", "sha1", "AES-256", "aes256"),
    "sha512aes192": ("SHA-512", "sha512", "AES-192", "aes192"),
    "sha384only": ("SHA-384", "sha384", "", ""),
    "plain": ("", "", "", ""),
}


def free_udp_port() -> int:
    """A loopback UDP port that nothing holds just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_snmpd(home: Path, lines: Iterable[str]) -> Iterator[int]:
    """Port of an snmpd with these lines of configuration: v2c community public, v3 USERS."""
    program = shutil.which("snmpd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("needs Debian package snmpd")
    port = free_udp_port()
    configuration = [
        f"agentAddress udp:127.0.0.1:{port},udp6:[::1]:{port}",
        "rocommunity public",
        "rocommunity6 public",
    ]
    for user, (auth, _, priv, _) in USERS.items():
        keys = f' {auth} "{AUTH_PASSWORD}"' if auth else ""
        keys += f' {priv} "{PRIV_PASSWORD}"' if priv else ""
        configuration += [
            f"createUser {user}{keys}",
            f"rouser {user} {'priv' if priv else 'auth' if auth else 'noauth'}",
        ]
    (home / "snmpd.conf").write_text("\n".join([*configuration, *lines]) + "\n")
    arguments = [
        program,
        "-f",
        "-C",
        "-c",
        str(home / "snmpd.conf"),
        "-Lf",
        str(home / "log"),
        "-p",
        str(home / "pid"),
    ]
    environment = os.environ | {"SNMP_PERSISTENT_DIR": str(home), "MIBS": ""}
    process = subprocess.Popen(arguments, env=environment, stdin=subprocess.DEVNULL)
    try:
        _wait_until_it_answers(port, process, home / "log")
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


@pytest.fixture(scope="session")
def snmpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Port of a running snmpd: v2c community public, v3 USERS."""
    lines = ["includeAllDisks 1%", "sysName example-agent", "sysLocation Example"]
    with running_snmpd(tmp_path_factory.mktemp("snmpd"), lines) as port:
        yield port


def _wait_until_it_answers(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    # GET sysUpTime.0, SNMPv2c, community public
    question = bytes.fromhex(
        "302602010104067075626c6963a019020101020100020100300e300c06082b060102010103000500"
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.1)
        for _ in range(100):
            client.sendto(question, ("127.0.0.1", port))
            try:
                client.recv(2000)
                return
            except OSError:
                if process.poll() is not None:
                    break
                time.sleep(0.05)
    pytest.fail(f"snmpd did not come up: {log.read_text()[-500:] if log.exists() else 'no log'}")
