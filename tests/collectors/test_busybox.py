"""The commands for Linux under busybox: they come to what they come to elsewhere, or do not apply."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from soc.collect.declare import Collector, CommandOutput, SshCommand
from soc.collect.load import load_collectors
from soc.collect.outcome import Outcome, outcomes
from soc.collect.port import Answer, Job
from soc.model import Device

_COLLECTORS = {
    collector.name: (collector, command)
    for collector in load_collectors()
    for command in collector.fetches.values()
    if isinstance(command, SshCommand) and "linux" in command.platforms and not command.stream
}
# What changes from one reading to the next, or is told less of by busybox' programs.
_VOLATILE = {"linux_processes", "linux_ports", "linux_time"}


@pytest.fixture(scope="module")
def applets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a link for each of busybox' programs."""
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("needs Debian package busybox")
    directory = tmp_path_factory.mktemp("busybox")
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    for name in listed.stdout.split():
        (directory / name).symlink_to(busybox)
    return directory


def _outcome(collector: Collector, command: SshCommand, shell: list[str], path: str) -> Outcome:
    done = subprocess.run(
        [*shell, "-c", command.command],
        stdin=subprocess.DEVNULL, capture_output=True, env={"PATH": path, "HOME": "/"}, check=False,
    )  # fmt: skip
    output = CommandOutput(done.stdout.decode("utf-8", "replace"), "", done.returncode)
    job = Job(Device("host", "hosting"), (), (command,))
    (outcome,) = outcomes(Answer(job, 1.0, answered=True, values={command: output}), [collector])
    assert outcome.failure is None, f"{outcome.failure} {done.stderr!r}"
    return outcome


@pytest.mark.parametrize("name", sorted(_COLLECTORS))
def test_busybox(name: str, applets: Path) -> None:
    """With nothing but busybox in PATH a command does not apply, or gives the same series and facts."""
    collector, command = _COLLECTORS[name]
    found = _outcome(collector, command, [str(applets / "ash")], str(applets))
    if found.absent:
        return
    known = _outcome(collector, command, ["/bin/sh"], os.defpath + ":/usr/sbin:/sbin")
    assert not known.absent
    if name not in _VOLATILE:
        assert set(found.series) == set(known.series)
        assert set(found.facts) <= set(known.facts)  # sudo, where it is, shows more
        assert {fact.key for fact in found.facts} or not known.facts
    assert {metric for metric, _ in found.series} <= {metric for metric, _ in known.series}


def test_busybox_is_enough_for_the_essentials(applets: Path) -> None:
    """What every host is asked works there as well."""
    for name in (
        "linux_uptime", "linux_load", "linux_cpu", "linux_memory", "linux_filesystems", "linux_identity",
        "linux_interfaces", "linux_disks", "linux_processes", "linux_reboots", "linux_accounts",
        "linux_authorized_keys", "linux_jobs", "linux_logins", "linux_support",
    ):  # fmt: skip
        collector, command = _COLLECTORS[name]
        assert not _outcome(collector, command, [str(applets / "ash")], str(applets)).absent, name
