"""soc.intake.programs.sshd against what Debian's sshd really writes"""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from soc.intake.frame import Meaning
from soc.intake.programs.sshd import parse


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A real sshd on a free port; yields the port and the file it logs to."""
    program = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if not program:
        pytest.skip("needs Debian package openssh-server")
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    keys = [tmp_path / "host", tmp_path / "user"]
    for key in keys:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = tmp_path / "log"
    settings = {
        "HostKey": keys[0], "AuthorizedKeysFile": keys[1].with_suffix(".pub"), "PidFile": "none",
        "UsePAM": "no",
        "StrictModes": "no", "LogLevel": "VERBOSE", "PasswordAuthentication": "yes", "PermitRootLogin": "yes",
    }  # fmt: skip
    options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                program,
                "-D",
                "-e",
                "-f",
                "/dev/null",
                "-p",
                str(port),
                "-o",
                "ListenAddress=127.0.0.1",
                *options,
            ],
            stderr=output,
        )
        try:
            _wait(log, "Server listening")
            yield port, log
        finally:
            process.terminate()
            process.wait()


def _wait(log: Path, text: str) -> None:
    deadline = time.monotonic() + 30
    while text not in log.read_text(errors="replace"):
        assert time.monotonic() < deadline, log.read_text(errors="replace")
        time.sleep(0.02)


def _meanings(log: Path) -> list[Meaning]:
    return [meaning for line in log.read_text().splitlines() if (meaning := parse(line.rstrip("\r")))]


def test_logins_of_a_real_daemon(daemon: tuple[int, Path], tmp_path: Path) -> None:
    """A refused password and an accepted key are one outcome each, with the peer's address and port."""
    port, log = daemon
    with socket.create_connection(("127.0.0.1", port)) as connection:
        transport = paramiko.Transport(connection)
        transport.start_client(timeout=30)
        with pytest.raises(paramiko.AuthenticationException):
            transport.auth_password("no such user from 192.0.2.1", "wrong")
        refused_port = connection.getsockname()[1]
        transport.close()
    _wait(log, "Failed password")
    with socket.create_connection(("127.0.0.1", port)) as connection:
        transport = paramiko.Transport(connection)
        transport.start_client(timeout=30)
        key = paramiko.Ed25519Key.from_private_key_file(str(tmp_path / "user"))
        transport.auth_publickey(getpass.getuser(), key)
        accepted_port = connection.getsockname()[1]
        transport.close()
    _wait(log, "Accepted publickey")
    outcomes = [
        (meaning.fields["outcome"], meaning.user, meaning.source_ip, meaning.fields["source_port"])
        for meaning in _meanings(log)
        if meaning.fields.get("authentication_method") in ("password", "publickey")
    ]
    assert outcomes == [
        ("failure", "no such user from 192.0.2.1", "127.0.0.1", str(refused_port)),
        ("success", getpass.getuser(), "127.0.0.1", str(accepted_port)),
    ]
