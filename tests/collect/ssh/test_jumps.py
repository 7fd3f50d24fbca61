"""Jump hosts: a real sshd forwards to another, each with a host key of its own."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from soc.collect.declare import CommandOutput, SshCommand, collector
from soc.collect.once import poll_once
from soc.collect.port import Answer, Hop, Job
from soc.collect.ssh.jumps import Jumps
from soc.collect.ssh.kept import Kept
from soc.collect.ssh.limits import Limits
from soc.collect.ssh.transport import SshTransport
from soc.inventory import load_inventory
from soc.model import Device, Sample
from tests.support.sshd import Host

HELLO = SshCommand("hello", "echo hello")


@collector(every="health", fetch=HELLO)
def hello(output: CommandOutput) -> Iterator[Sample]:
    """Whether it said hello."""
    yield Sample("hello", float(output.stdout == "hello\n"))


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """The host behind the jump host."""
    from tests.support.sshd import _start

    host = _start(tmp_path_factory.mktemp("inside"), "")
    yield host
    host.process.terminate()
    host.process.wait(10)


def _hop(host: Host, name: str = "bastion", **changes: Any) -> Hop:
    return Hop(replace(host.device(), name=name), (host.credential(f"{name}-login", **changes),))


def _ask(*jobs: Job, kept: Kept | None = None, **limits: Any) -> list[Answer]:
    answers: list[Answer] = []
    SshTransport(Limits(**limits), kept=kept).run(jobs, answers.append, time.monotonic() + 30)
    return answers


def test_device_behind_a_jump_host(sshd: Host, inside: Host) -> None:
    """Both host keys are checked, both logins made; the device's answer is as without."""
    (answer,) = _ask(inside.job(HELLO, jumps=(_hop(sshd),)))
    assert answer.failure is None
    assert answer.values[HELLO].stdout == "hello\n"
    assert answer.credential == "ops"
    assert "127.0.0.1" in answer.executions[0].address


def test_two_jump_hosts(sshd: Host, inside: Host, start_sshd: Callable[[str], Host]) -> None:
    """Each is reached through the one before."""
    middle = start_sshd("")
    (answer,) = _ask(inside.job(HELLO, jumps=(_hop(sshd), _hop(middle, "middle"))))
    assert answer.values[HELLO].stdout == "hello\n"
    assert "Accepted publickey" in middle.log.read_text()


def test_jump_host_is_shared(sshd: Host, inside: Host) -> None:
    """Many devices behind it cost one login there, in this run and the next."""
    kept = Kept()
    before = sshd.log.read_text().count("Accepted publickey")
    jobs = [
        inside.job(HELLO, device=inside.device(f"host-{number}"), jumps=(_hop(sshd),)) for number in range(6)
    ]
    accepted = []
    for _ in range(2):
        answers = _ask(*jobs, kept=kept)
        assert [answer.failure for answer in answers] == [None] * 6
        accepted += [login for answer in answers for login in answer.accepted_on_jumps]
    assert accepted == [("bastion", "bastion-login")]
    assert sshd.log.read_text().count("Accepted publickey") == before + 1
    kept.close()


def test_what_is_kept_behind_a_jump_host_is_bounded(sshd: Host, inside: Host) -> None:
    """Its sshd holds a file for each."""
    kept = Kept(per_jump=2)
    jobs = [
        inside.job(HELLO, device=inside.device(f"host-{number}"), jumps=(_hop(sshd),)) for number in range(4)
    ]
    _ask(*jobs, inside.job(HELLO, device=inside.device("direct")), kept=kept)
    assert len(kept) == 3
    kept.close()


def test_failure_of_the_jump_host_is_named_as_such(sshd: Host, inside: Host, tmp_path: Path) -> None:
    """It says nothing of the devices behind; the login there is tried once for them all, and counted."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "wrong"], check=True)
    before = sshd.log.read_text().count("Connection from")
    jobs = [
        inside.job(
            HELLO,
            device=inside.device(f"host-{number}"),
            jumps=(_hop(sshd, key_file=str(tmp_path / "wrong")),),
        )
        for number in range(4)
    ]
    answers = _ask(*jobs)
    for answer in answers:
        assert answer.failure is not None
        assert (answer.failure.reason, answer.answered) == ("jump", False)
        assert answer.failure.detail.startswith("jump host bastion: authentication: ")
        assert answer.refused_credentials == ()
    assert sorted(answer.refused_on_jumps for answer in answers) == [
        (),
        (),
        (),
        (("bastion", "bastion-login"),),
    ]
    assert sshd.log.read_text().count("Connection from") == before + 1


def test_unknown_key_of_the_jump_host(sshd: Host, inside: Host) -> None:
    """Nothing goes through a host that is not the one on record."""
    before = len(inside.log.read_text())
    (answer,) = _ask(inside.job(HELLO, jumps=(_hop(sshd, known_hosts=None),)))
    assert answer.failure is not None
    assert answer.failure.reason == "jump"
    assert "host-key-unknown" in answer.failure.detail
    assert len(inside.log.read_text()) == before


def test_changed_key_of_the_jump_host(sshd: Host, inside: Host, tmp_path: Path) -> None:
    """It is told as such for all behind, and names the jump host."""
    record = tmp_path / "known_hosts"
    record.write_text(inside.known_hosts.read_text().replace(str(inside.port), str(sshd.port)))
    for answer in _ask(*[inside.job(HELLO, jumps=(_hop(sshd, known_hosts=str(record)),))] * 2):
        assert answer.failure is not None
        assert (answer.failure.reason, answer.answered) == ("host-key-changed", False)
        assert answer.failure.detail.startswith("jump host bastion: host-key-changed: host key: ")


def test_jump_host_that_drops_us_is_tried_again(inside: Host, start_sshd: Callable[[str], Host]) -> None:
    """Beyond its MaxStartups it hears nobody; what is behind it has its answer anyway."""
    host = start_sshd("MaxStartups 1\n")
    answers: list[Answer] = []
    job = inside.job(HELLO, jumps=(_hop(host),))
    with socket.create_connection(("127.0.0.1", host.port)) as stranger:
        stranger.recv(4)  # it has the one place
        asking = threading.Thread(target=lambda: answers.extend(_ask(job, attempts=1000, retry_seconds=0.01)))
        asking.start()
        while "MaxStartups" not in host.log.read_text() and asking.is_alive():
            time.sleep(0.01)
    asking.join()
    assert "MaxStartups" in host.log.read_text()
    assert answers[0].failure is None


@pytest.mark.parametrize("change", ["revoked", "account", "address", "old"])
def test_changed_jump_host_ends_what_goes_through_it(
    sshd: Host, inside: Host, tmp_path: Path, change: str
) -> None:
    """A connection is only used as long as the way to it would be made again as it was, and is not old."""
    kept, record = Kept(), tmp_path / "known_hosts"
    record.write_text(sshd.known_hosts.read_text())
    hop = _hop(sshd, known_hosts=str(record))
    assert _ask(inside.job(HELLO, jumps=(hop,)), kept=kept)[0].failure is None
    before = sshd.log.read_text().count("Accepted publickey")
    if change == "revoked":
        key = " ".join((sshd.directory / "host_key.pub").read_text().split()[:2])
        with record.open("a") as file:
            file.write(f"@revoked * {key}\n")
    elif change == "account":
        hop = _hop(sshd, known_hosts=str(record), user="somebody-else")
    elif change == "address":
        hop = replace(hop, device=replace(hop.device, addresses=("127.0.0.9",)))
    else:
        kept.jumps._age_seconds = 0.0
    (answer,) = _ask(inside.job(HELLO, jumps=(hop,)), kept=kept)
    if change == "old":
        assert answer.failure is None
        assert sshd.log.read_text().count("Accepted publickey") == before + 1
        kept.sweep()
        assert kept.jumps._retired == []
    else:
        assert answer.failure is not None
        assert not answer.values
        assert len(kept) == 0
    kept.close()


def test_changed_key_behind_the_jump_host(sshd: Host, inside: Host) -> None:
    """The device's own key counts, however it is reached."""
    device = inside.device(fingerprint="SHA256:" + "A" * 43)
    (answer,) = _ask(inside.job(HELLO, device=device, jumps=(_hop(sshd),)))
    assert answer.failure is not None
    assert (answer.failure.reason, answer.answered) == ("host-key-changed", True)


def test_device_that_the_jump_host_does_not_reach(sshd: Host, inside: Host) -> None:
    """That is the device's failure; the next address is tried."""
    device = Device("host", "hosting", ("127.0.0.1",), options={"ssh": {"port": 1}})
    (answer,) = _ask(inside.job(HELLO, device=device, jumps=(_hop(sshd),)))
    assert answer.failure is not None
    assert (answer.failure.reason, answer.answered) == ("connect", False)
    assert "jump host" in answer.failure.detail


def test_jump_host_that_forwards_nothing(inside: Host, start_sshd: Callable[[str], Host]) -> None:
    """What its administrator forbids is the jump host's failure."""
    host = start_sshd("AllowTcpForwarding no\n")
    (answer,) = _ask(inside.job(HELLO, jumps=(_hop(host),)))
    assert answer.failure is not None
    assert answer.failure.reason == "jump"


def test_no_login_for_the_jump_host(sshd: Host, inside: Host) -> None:
    """Its credential may rest, or not resolve: nothing is sent."""
    hop = Hop(sshd.device(), ())
    (answer,) = _ask(inside.job(HELLO, jumps=(hop,)))
    assert answer.failure is not None
    assert answer.failure.reason == "jump"
    assert "credential" in answer.failure.detail


def test_idle_jump_connection_is_closed(sshd: Host, inside: Host) -> None:
    """Once nothing that is kept leads through it."""
    kept = Kept()
    kept.jumps = Jumps(idle_seconds=0.0)
    _ask(inside.job(HELLO, jumps=(_hop(sshd),)), kept=kept)
    kept.sweep()
    assert len(kept.jumps._ways) == 1
    connection = kept.take("host")
    assert connection is not None
    connection.end()
    for _ in range(600):
        kept.sweep()
        if not kept.jumps._ways:
            break
        time.sleep(0.1)
    assert not kept.jumps._ways
    kept.close()


def test_broken_jump_connection_is_made_again(sshd: Host, inside: Host) -> None:
    """The devices behind it are asked over a new one the next time."""
    kept = Kept()
    job = inside.job(HELLO, jumps=(_hop(sshd),))
    assert _ask(job, kept=kept)[0].failure is None
    (way,) = kept.jumps._ways.values()
    assert way.client is not None
    way.client.guard._stream.shutdown(2)  # type: ignore[union-attr]
    (again,) = _ask(job, kept=kept)
    assert again.failure is None
    assert again.values[HELLO].stdout == "hello\n"
    kept.close()


def test_inventory_leads_over_its_jump_hosts(sshd: Host, inside: Host, tmp_path: Path) -> None:
    """`ssh: {jump: NAME}` is all that it takes, host key and login of the jump host are its device's own."""
    path = tmp_path / "inventory.yaml"
    logins = {
        name: f"{{ssh: {{user: {host.user}, key_file: {host.client_key}, known_hosts: {host.known_hosts}}}}}"
        for name, host in (("outer", sshd), ("inner", inside))
    }
    path.write_text(
        "version: 1\n"
        f"credentials: {{outer: {logins['outer']}, inner: {logins['inner']}}}\n"
        "devices:\n"
        f"  - {{name: bastion, address: 127.0.0.1, tower: security, credentials: [outer],"
        f" ssh: {{port: {sshd.port}}}}}\n"
        f"  - {{name: web-01, address: 127.0.0.1, tower: hosting, credentials: [inner],"
        f" ssh: {{port: {inside.port}, jump: bastion}}}}\n"
    )
    documents: list[dict[str, Any]] = []
    before = sshd.log.read_text().count("Accepted publickey")
    poll_once(
        load_inventory(path), [hello], {"ssh": SshTransport()}, devices=["web-01"], now=time.time,
        monotonic=time.monotonic, deadline=time.monotonic() + 30, on_device=documents.append,
    )  # fmt: skip
    assert documents[0]["errors"] == []
    assert documents[0]["samples"] == [{"metric": "hello", "labels": {}, "value": 1.0}]
    assert sshd.log.read_text().count("Accepted publickey") == before + 1
