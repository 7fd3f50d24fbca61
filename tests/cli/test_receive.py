"""soc.cli.receive: where it listens, and what it says when it cannot."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from soc.intake.receive.counters import STATUS_FILE, read_status
from soc.intake.receive.sockets import Endpoint, bind
from tests.support.command import SOC, soc
from tests.support.receiver import frames, receiver, start, wait_until

# Started as systemd starts a service with sockets: from descriptor 3 on, the variables naming the process.
ACTIVATED = """
import os, sys
descriptors = [os.dup(int(text)) for text in sys.argv[1].split(",")]
for number, descriptor in enumerate(descriptors, start=3):
    os.dup2(descriptor, number)
os.environ["LISTEN_FDS"], os.environ["LISTEN_PID"] = str(len(descriptors)), str(os.getpid())
sys.argv[1:2] = []
from soc.cli import main
sys.exit(main())
"""


def inventory(directory: Path, listen: str) -> str:
    path = directory / "inventory.yaml"
    path.write_text(f"version: 1\nsettings: {{listen: {listen}}}\n")
    return str(path)


def test_listens_where_the_inventory_says(tmp_path: Path) -> None:
    """syslog_udp and syslog_tcp; what is not supported yet is said and harms nothing."""
    with bind(Endpoint("udp", "::1", 0)) as probe:
        port = probe.getsockname()[1]
    listen = f"{{syslog_udp: '[::1]:{port}', syslog_tcp: '127.0.0.1:{port}', syslog_tls: '127.0.0.1:6514'}}"
    with start(tmp_path / "data", "--inventory", inventory(tmp_path, listen)) as running:
        assert running.ports == {"udp": port, "tcp": port}
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"<13>x", ("::1", port))
        running.wait_durable(1)
        assert running.status()["listening"] == [f"udp [::1]:{port}", f"tcp 127.0.0.1:{port}"]
        assert running.stop() == 0
    assert [frame.source for frame in frames(tmp_path / "data")] == ["::1"]
    assert any("syslog_tls is not supported yet" in line for line in running.said)


def test_reports_that_nobody_takes_keep_nothing_from_being_stored(tmp_path: Path) -> None:
    """Standard output on a full disk: what comes is received, durable and sealed all the same."""
    command = [*SOC, "receive", "--json", "--data", str(tmp_path), "--udp", "127.0.0.1:0"]
    with Path("/dev/full").open("w") as full, subprocess.Popen(command, stdout=full) as process:
        status = wait_until(lambda: read_status(tmp_path / "spool/raw"))
        port = int(status["listening"][0].rpartition(":")[2])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"<13>x", ("127.0.0.1", port))
        wait_until(lambda: list((tmp_path / "spool/raw").glob("*.raw")))
        process.terminate()
        assert process.wait(30) == 0
    assert [frame.payload for frame in frames(tmp_path)] == [b"<13>x"]


@pytest.mark.parametrize(
    ("listen", "said"),
    [
        ("{}", "settings.listen names neither syslog_udp nor syslog_tcp"),
        ("{syslog_tls: '127.0.0.1:6514'}", "syslog_tls is not supported yet"),
        (
            "{syslog_tcp: {address: '127.0.0.1:6514', certificate: /c, key: /k}}",
            "TLS for syslog_tcp is not supported yet",
        ),
    ],
)
def test_nothing_to_listen_on_is_an_error(tmp_path: Path, listen: str, said: str) -> None:
    """Exit code 2, with what was expected."""
    done = soc("receive", "--data", str(tmp_path / "data"), "--inventory", inventory(tmp_path, listen))
    assert done.returncode == 2
    assert said in done.stderr
    assert "--udp ADDRESS:PORT" in done.stderr


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost:514", "127.0.0.1:99999", "::1", "127.0.0.1:-1"])
def test_a_wrong_address_is_an_error(tmp_path: Path, address: str) -> None:
    """Exit code 2, with how an address is written."""
    done = soc("receive", "--data", str(tmp_path), "--udp", address)
    assert done.returncode == 2
    assert "expected ADDRESS:PORT" in done.stderr


def test_standard_error_on_a_full_disk(tmp_path: Path) -> None:
    """It receives all the same."""
    with Path("/dev/full").open("w") as full:
        process = subprocess.Popen(
            [*SOC, "receive", "--data", str(tmp_path), "--udp", "127.0.0.1:0"], stderr=full
        )
        try:
            wait_until(lambda: (tmp_path / "spool" / "raw" / STATUS_FILE).exists())
        finally:
            process.terminate()
        assert process.wait(60) == 0


def test_a_taken_port_is_an_error(tmp_path: Path) -> None:
    """Exit code 2, with which one."""
    with bind(Endpoint("tcp", "127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = soc("receive", "--data", str(tmp_path), "--tcp", f"127.0.0.1:{port}")
    assert done.returncode == 2
    assert f"tcp 127.0.0.1:{port}: Address already in use" in done.stderr


# `soc` that waits for the receiver before it half a second instead of five.
IMPATIENT = """
import sys
from soc.cli import main
from soc.intake.receive import service
service.LOCK_WAIT_SECONDS = 0.5
sys.exit(main())
"""


def test_two_receivers_never_share_a_spool(tmp_path: Path) -> None:
    """The second ends with 75 and names the first, which goes on."""
    with receiver(tmp_path, tcp=False) as running:
        running.status()
        second = [sys.executable, "-c", IMPATIENT, "receive", "--data", str(tmp_path), "--udp", "127.0.0.1:0"]
        done = subprocess.run(second, capture_output=True, text=True)
        assert done.returncode == 75
        assert f"pid {running.process.pid} (soc receive" in done.stderr
        running.send_udp(b"<13>x")
        running.wait_durable(1)
        assert running.stop() == 0


def test_takes_the_sockets_systemd_hands_over(tmp_path: Path) -> None:
    """What is sent before it starts is not lost; no inventory is needed."""
    with bind(Endpoint("udp", "127.0.0.1", 0)) as udp, bind(Endpoint("tcp", "127.0.0.1", 0)) as tcp:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as early:
            early.sendto(b"<13>early", udp.getsockname())
        numbers = [str(sock.fileno()) for sock in (udp, tcp)]
        for sock in (udp, tcp):
            os.set_inheritable(sock.fileno(), True)
        command = (sys.executable, "-c", ACTIVATED, ",".join(numbers))
        with start(tmp_path, command=command, close_fds=False) as running:
            assert running.ports == {"udp": udp.getsockname()[1], "tcp": tcp.getsockname()[1]}
            with running.connect() as client:
                client.sendall(b"<13>line\n")
            running.wait_durable(2)
            assert running.stop() == 0
    assert sorted(frame.payload for frame in frames(tmp_path)) == [b"<13>early", b"<13>line"]


def test_a_handed_over_file_is_refused(tmp_path: Path) -> None:
    """A socket unit of another kind is said to be one."""
    with (tmp_path / "file").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        code = ACTIVATED.replace("sys.argv[1]", f"'{file.fileno()}'", 1).replace("sys.argv[1:2] = []", "")
        done = subprocess.run(
            [sys.executable, "-c", code, "receive", "--data", str(tmp_path)],
            close_fds=False, capture_output=True, text=True,
        )  # fmt: skip
    assert done.returncode == 2
    assert "not a socket" in done.stderr


def test_tells_systemd_when_it_is_ready_and_when_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """READY once it listens, a sign of life each second, STOPPING at the end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(30)
        manager.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        with receiver(tmp_path / "data") as running:
            assert manager.recv(100) == b"READY=1"
            assert manager.recv(100) == b"WATCHDOG=1"
            assert running.stop() == 0
            said = set(iter(lambda: manager.recv(100), b"STOPPING=1"))
    assert said <= {b"WATCHDOG=1"}


def test_goes_on_when_nobody_reads_its_reports(tmp_path: Path) -> None:
    """A closed standard output ends the reports, not the receiving."""
    process = subprocess.Popen(
        [*SOC, "receive", "--json", "--data", str(tmp_path), "--udp", "127.0.0.1:0"], stdout=subprocess.PIPE
    )
    assert process.stdout
    port = int(json.loads(process.stdout.readline())["listening"][0].rpartition(":")[2])
    process.stdout.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in (1, 2):
            sender.sendto(b"<13>x", ("127.0.0.1", port))
            wait_until(lambda number=number: len(frames(tmp_path)) == number)
    process.terminate()
    assert process.wait(30) == 0
