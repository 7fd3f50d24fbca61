"""The scripted SSH server, spoken to by paramiko's client over a real socket."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from soc.collect import CommandOutput
from soc.demo.keys import authorized_key, write_keys
from soc.demo.ssh_server import SshHost, SshServer, answering


class _Echo:
    def __init__(self, name: str) -> None:
        self._name = name

    def run(self, command: str, line: str, time: float) -> CommandOutput:
        return CommandOutput(f"{self._name} at {time:.0f}: {command} <{line}>\n", "warning\n", 3)


class _Running:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.time = 100.0
        names = {"one": "127.0.22.1", "two": "127.0.22.2"}
        write_keys(directory, [(name, (address, 1)) for name, address in names.items()])
        hosts = {
            (address, 0): SshHost(
                paramiko.Ed25519Key.from_private_key_file(str(directory / "host_keys" / name)),
                answering(_Echo(name)),
                lambda time, name=name: name == "two" and time >= 200,
            )
            for name, address in names.items()
        }
        self.server = SshServer(hosts, authorized_key(directory), lambda: self.time)
        read, self._stop = os.pipe()
        self.thread = threading.Thread(target=self.server.serve, args=(read,))
        self.thread.start()

    def client(self, number: int, key: Path | None = None) -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        address, port = self.server.endpoints[number]
        path = key or self.directory / "id_ed25519"
        client.connect(
            address, port, "soc", key_filename=str(path), allow_agent=False, look_for_keys=False, timeout=10
        )
        return client

    def stop(self) -> None:
        os.write(self._stop, b"x")
        self.thread.join(10)
        self.server.close()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[_Running]:
    """Two hosts, of which the second falls silent at time 200."""
    running = _Running(tmp_path / "ssh")
    yield running
    running.stop()


def test_command_with_a_line_of_input(running: _Running) -> None:
    """Output, standard error and exit status come from the host's state; the input line reaches it."""
    with running.client(0) as client:
        given, out, err = client.exec_command("uname -s")
        given.write("cursor-7\n")
        given.channel.shutdown_write()
        assert out.read() == b"one at 100: uname -s <cursor-7>\n"
        assert err.read() == b"warning\n"
        assert out.channel.recv_exit_status() == 3


def test_hosts_have_keys_of_their_own(running: _Running) -> None:
    """known_hosts lists what the hosts show, and they show different keys."""
    shown = []
    for number in (0, 1):
        with running.client(number) as client:
            transport = client.get_transport()
            assert transport is not None
            shown.append(transport.get_remote_server_key().get_base64())
    lines = (running.directory / "known_hosts").read_text().splitlines()
    assert [line.split()[2] for line in lines] == shown
    assert shown[0] != shown[1]


def test_foreign_key_is_refused(running: _Running) -> None:
    """Only the demo's own key logs in."""
    with pytest.raises(paramiko.AuthenticationException):
        running.client(0, running.directory / "host_keys" / "two")


def test_garbage_harms_nobody(running: _Running) -> None:
    """A client that is no SSH client is dropped, the next one is served."""
    with socket.create_connection(running.server.endpoints[0], timeout=10) as tcp:
        tcp.sendall(b"GET / HTTP/1.0\r\n\r\n" * 50)
        tcp.recv(10)
    with running.client(0) as client:
        assert client.exec_command("true")[1].read().startswith(b"one")


def test_silent_host_drops_packets(running: _Running) -> None:
    """A dead host neither accepts nor refuses; once it is back it answers again."""
    with running.client(1):
        pass
    running.time = 200.0
    endpoint = running.server.endpoints[1]
    for _ in range(200):
        try:
            socket.create_connection(endpoint, timeout=1).close()
        except TimeoutError:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the silent host went on to accept connections")
    running.time = 199.0
    for _ in range(20):
        try:
            running.client(1).close()
            break
        except (TimeoutError, paramiko.SSHException, OSError):
            continue
    else:
        pytest.fail("the host did not come back")


def test_commands_in_a_frame_are_answered_in_one(tmp_path: Path) -> None:
    """A scripted host takes part in batches as a shell would."""
    from soc.collect.ssh.frame import framed

    running = _Running(tmp_path)
    try:
        client = running.client(0)
        given, out, error = client.exec_command(framed(["uname", "uptime"]))
        given.write("boundary\n")
        given.flush()
        assert out.read().decode() == (
            "\nboundary -\none at 100: uname <>\n\nboundary 3\none at 100: uptime <>\n\nboundary 3\n"
        )
        assert error.read().decode() == "\nboundary -\n" + "warning\n\nboundary -\n" * 2
        client.close()
    finally:
        running.stop()
