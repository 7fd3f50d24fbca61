"""Connections kept between runs, against a real sshd."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from soc.collect.declare import SshCommand
from soc.collect.port import Answer, Job
from soc.collect.ssh.kept import Kept
from soc.collect.ssh.limits import Limits
from soc.collect.ssh.transport import SshTransport
from tests.support.sshd import Host

HELLO = SshCommand("hello", "echo hello")


@pytest.fixture
def kept() -> Iterator[Kept]:
    """What is kept, closed at the end."""
    found = Kept()
    yield found
    found.close()


def _ask(kept: Kept, *jobs: Job, **limits: Any) -> list[Answer]:
    answers: list[Answer] = []
    SshTransport(Limits(**limits), kept=kept).run(jobs, answers.append, time.monotonic() + 30)
    return answers


def _logins(host) -> int:
    return host.log.read_text().count("Accepted publickey")


def test_connection_serves_the_next_run(sshd, kept: Kept) -> None:
    """The second run logs in no more, and its answer is whole."""
    (first,) = _ask(kept, sshd.job(HELLO))
    before = _logins(sshd)
    (second,) = _ask(kept, sshd.job(HELLO, hints=first.hints))
    assert _logins(sshd) == before
    assert (second.answered, second.credential, second.failure) == (True, "ops", None)
    assert second.values[HELLO].stdout == "hello\n"
    assert [(item.account, item.address) for item in second.executions] == [(sshd.user, "127.0.0.1")]


def test_dead_connection_is_opened_again(start_sshd, kept: Kept) -> None:
    """A server that ended its sessions costs a login, not an answer."""
    host = start_sshd("")
    _ask(kept, host.job(HELLO))
    (connection,) = kept._connections.values()
    connection.client.guard._stream.shutdown(2)
    (again,) = _ask(kept, host.job(HELLO))
    assert again.failure is None, again.failures
    assert again.values[HELLO].stdout == "hello\n"
    assert _logins(host) == 2


def test_connection_gone_silent_is_opened_again(start_sshd, kept: Kept) -> None:
    """No sign of life in time: a firewall may have forgotten the connection."""
    host = start_sshd("")
    _ask(kept, host.job(HELLO))
    (connection,) = kept._connections.values()
    connection.client.guard.send = lambda data: len(data)  # type: ignore[method-assign]
    (again,) = _ask(kept, host.job(HELLO), life_seconds=0.3)
    assert again.failure is None, again.failures
    assert again.values[HELLO].stdout == "hello\n"


@pytest.mark.parametrize("change", ["key", "account", "port", "pin", "revoked", "address"])
def test_changed_inventory_ends_what_was_kept(sshd: Host, kept: Kept, tmp_path: Path, change: str) -> None:
    """A connection is only used as long as it would be made the same way again."""
    host = replace(sshd, known_hosts=tmp_path / "known_hosts")
    host.known_hosts.write_text(sshd.known_hosts.read_text())
    _ask(kept, host.job(HELLO))
    assert len(kept) == 1
    job = host.job(HELLO)
    if change == "key":
        job = replace(job, credentials=(host.credential(key_file="/nowhere"),))
    elif change == "account":
        job = replace(job, credentials=(host.credential(user="somebody-else"),))
    elif change == "revoked":
        key = " ".join((host.directory / "host_key.pub").read_text().split()[:2])
        with host.known_hosts.open("a") as file:
            file.write(f"@revoked * {key}\n")
    elif change == "address":
        job = replace(job, device=host.device(address="127.0.0.9"))
    else:
        options = {"port": {"port": 1}, "pin": {"fingerprint": "SHA256:" + "A" * 43}}[change]
        job = replace(job, device=host.device(**options))
    (answer,) = _ask(kept, job)
    assert answer.failure is not None
    assert not answer.values
    assert len(kept) == 0


def test_connection_with_something_under_way_is_not_kept(sshd, kept: Kept) -> None:
    """After a command that hangs nobody knows what else comes."""
    hanging = SshCommand("hanging", "sleep 60")
    _ask(kept, sshd.job(hanging, hints={"platform": "linux"}), command_seconds=0.5)
    assert len(kept) == 0


def test_what_is_kept_is_bounded(sshd) -> None:
    """By count in all and per address, and no thread of the others stays."""
    before = set(threading.enumerate())
    for bounds in ({"count": 2}, {"per_host": 2}):
        kept = Kept(**bounds)
        jobs = [sshd.job(HELLO, device=sshd.device(f"host-{number}")) for number in range(4)]
        _ask(kept, *jobs)
        assert len(kept) == 2
        kept.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
    assert set(threading.enumerate()) <= before


def test_idle_and_old_connections_are_closed(sshd) -> None:
    """A run closes first what was not used for long; what is too old is not kept at all."""
    kept = Kept(idle_seconds=0.0)
    _ask(kept, sshd.job(HELLO))
    assert len(kept) == 1
    kept.sweep()
    assert len(kept) == 0
    old = Kept(age_seconds=0.0)
    _ask(old, sshd.job(HELLO))
    assert len(old) == 0
