"""What the collectors of health and posture say of this machine over a real sshd is what its tools say."""

from __future__ import annotations

import base64
import datetime
import grp
import hashlib
import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from soc.collect.declare import Collector
from soc.collect.load import load_collectors
from soc.collect.outcome import Outcome, outcomes
from soc.collect.port import Answer
from soc.collect.ssh.limits import Limits
from soc.collect.ssh.transport import SshTransport

ASKED = (
    "linux_accounts", "linux_authorized_keys", "linux_certificates", "linux_disks", "linux_encryption",
    "linux_firewall", "linux_inodes", "linux_interfaces", "linux_jobs", "linux_logins", "linux_packages",
    "linux_ports", "linux_processes", "linux_raid", "linux_reboots", "linux_sshd", "linux_sudoers",
    "linux_support", "linux_time", "linux_timers",
)  # fmt: skip


@pytest.fixture(scope="module")
def listener() -> Iterator[int]:
    """A port that this process listens on, below those for clients."""
    for port in range(20_000, 32_000):
        with socket.socket() as opened:
            try:
                opened.bind(("127.0.0.1", port))
            except OSError:
                continue
            opened.listen()
            yield port
            return


@pytest.fixture(scope="module")
def said(sshd, listener: int) -> dict[str, Outcome]:
    """What each collector made of this machine, asked over one connection."""
    shipped: dict[str, Collector] = {collector.name: collector for collector in load_collectors()}
    asked = [shipped[name] for name in ASKED]
    fetches = [fetch for collector in asked for fetch in collector.fetches.values()]
    answers: list[Answer] = []
    SshTransport(Limits()).run([sshd.job(*fetches)], answers.append, time.monotonic() + 60)
    found = outcomes(answers[0], asked)
    assert {outcome.failure for outcome in found} == {None}
    return {outcome.collector.name: outcome for outcome in found}


def _facts(outcome: Outcome, key: str) -> dict[str, str]:
    return {fact.instance: fact.value for fact in outcome.facts if fact.key == key}


def _values(outcome: Outcome, metric: str) -> dict[str, float | None]:
    return {
        next(iter(sample.labels.values()), ""): sample.value
        for sample in outcome.samples
        if sample.metric == metric
    }


def _printed(*command: str) -> str:
    if shutil.which(command[0], path=f"{os.defpath}:/usr/sbin:/sbin") is None:
        pytest.skip(f"needs {command[0]}")
    return subprocess.run(command, capture_output=True, text=True, check=True, env={"LC_ALL": "C"}).stdout


def test_accounts(said: dict[str, Outcome]) -> None:
    """They are getpwall(3)'s, with number, group, home and shell."""
    accounts = _facts(said["linux_accounts"], "account")
    local = {line.split(":")[0] for line in Path("/etc/passwd").read_text().splitlines()}
    assert accounts == {
        item.pw_name: f"uid={item.pw_uid} gid={item.pw_gid} home={item.pw_dir} shell={item.pw_shell}"
        for item in pwd.getpwall()
        if item.pw_name in local
    }


def test_administrators(said: dict[str, Outcome]) -> None:
    """root is one, and so are the members of the group sudo as id(1) knows them."""
    administrators = _facts(said["linux_accounts"], "administrator")
    assert administrators["root"].startswith("uid 0")
    for name in grp.getgrnam("sudo").gr_mem:
        assert "group sudo" in administrators[name]


def test_inodes(said: dict[str, Outcome]) -> None:
    """Inodes are statvfs(3)'s."""
    sizes = _values(said["linux_inodes"], "filesystem_inodes")
    for mount, size in sizes.items():
        assert size == os.statvfs(mount).f_files
    used = _values(said["linux_inodes"], "filesystem_used_inodes")
    status = os.statvfs("/")
    assert status.f_files == 0 or used["/"] == pytest.approx(status.f_files - status.f_ffree, abs=50_000)


def test_disks(said: dict[str, Outcome]) -> None:
    """Bytes are psutil's, which were read a moment later."""
    now = psutil.disk_io_counters(perdisk=True)
    for disk, value in _values(said["linux_disks"], "disk_read_bytes_total").items():
        assert value is not None
        assert value <= now[disk].read_bytes
    for disk, value in _values(said["linux_disks"], "disk_written_bytes_total").items():
        assert value is not None
        assert 0 <= now[disk].write_bytes - value < 20e9


def test_interfaces(said: dict[str, Outcome]) -> None:
    """Names, state and bytes are psutil's."""
    outcome = said["linux_interfaces"]
    states = psutil.net_if_stats()
    up = _values(outcome, "interface_up")
    assert set(up) == {name for name in states if not name.startswith("veth")}
    assert {name for name, value in up.items() if value} <= {
        name for name, item in states.items() if item.isup
    }
    assert up["lo"] == 1
    received = _values(outcome, "interface_receive_bytes_total")["lo"]
    assert received is not None
    assert 0 < received <= psutil.net_io_counters(pernic=True)["lo"].bytes_recv


def test_processes(said: dict[str, Outcome]) -> None:
    """The count is near psutil's; what has run for a minute is there under its name."""
    counts = _values(said["linux_processes"], "process_count")
    assert counts[""] == pytest.approx(len(psutil.pids()), abs=60)
    old = {
        process.info["name"]
        for process in psutil.process_iter(["name", "create_time"])
        if process.info["create_time"] < time.time() - 3600 and process.cmdline()
    }
    assert {name[:15] for name in old} <= set(counts)


def test_ports(said: dict[str, Outcome], listener: int) -> None:
    """What this process listens on is told with its program; the rest is what ss lists."""
    ports = _facts(said["linux_ports"], "listening_port")
    name = f"tcp 127.0.0.1:{listener}"
    assert name in ports
    if os.geteuid() == 0 and shutil.which("ss"):
        assert ports[name] == psutil.Process().name()
    listed = _printed("ss", "-H", "-l", "-t", "-n")
    assert any(line.split()[3] == f"127.0.0.1:{listener}" for line in listed.splitlines())


def test_packages(said: dict[str, Outcome]) -> None:
    """Names and versions are those of dpkg-query."""
    listed = _printed("dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${binary:Package} ${Version}\n")
    expected = {
        package: version
        for state, package, version in (line.split() for line in listed.splitlines() if line.startswith("ii"))
    }
    assert _facts(said["linux_packages"], "package") == expected


def test_sshd(said: dict[str, Outcome]) -> None:
    """Settings are those of sshd -T."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    lines = _printed("/usr/sbin/sshd", "-T").splitlines()
    settings = _facts(said["linux_sshd"], "sshd")
    for keyword in ("permitrootlogin", "passwordauthentication", "ciphers", "authorizedkeysfile", "port"):
        assert f"{keyword} {settings[keyword]}" in lines


def test_authorized_keys(said: dict[str, Outcome]) -> None:
    """Each key of this account is there with the fingerprint that its bytes have."""
    file = Path.home() / ".ssh" / "authorized_keys"
    found = _facts(said["linux_authorized_keys"], "authorized_key")
    lines = file.read_text().splitlines() if file.is_file() else []
    for line in filter(None, lines):
        if match := re.match(r"ssh-\S+ (\S+)", line):
            digest = hashlib.sha256(base64.b64decode(match[1])).digest()
            fingerprint = base64.b64encode(digest).decode().rstrip("=")
            assert f"{file} SHA256:{fingerprint}" in found
    assert all(" SHA256:" in name for name in found)


def test_jobs(said: dict[str, Outcome]) -> None:
    """The scripts of cron.daily are there, each with its checksum."""
    jobs = _facts(said["linux_jobs"], "scheduled_job")
    for script in Path("/etc/cron.daily").glob("[!.]*"):
        assert jobs[str(script)] == f"sha256:{hashlib.sha256(script.read_bytes()).hexdigest()[:16]}"


def test_sudoers(said: dict[str, Outcome]) -> None:
    """root may run everything where Debian's sudoers is as it comes; without sudo there is nothing."""
    outcome = said["linux_sudoers"]
    file = Path("/etc/sudoers")
    if not os.access(file, os.R_OK):
        assert outcome.absent
    elif re.search(r"^root\s+ALL=\(ALL:ALL\) ALL$", file.read_text(), re.MULTILINE):
        assert _facts(outcome, "sudoers")["root ALL=(ALL:ALL) ALL"] == "/etc/sudoers"


def test_encryption(said: dict[str, Outcome]) -> None:
    """Every mount point of lsblk's disks is there; dm-crypt's devices alone are encrypted."""
    kinds = json.loads(_printed("lsblk", "--json", "--list", "--output", "NAME,TYPE,MOUNTPOINT"))[
        "blockdevices"
    ]
    mounted = {
        item["mountpoint"] for item in kinds if item["mountpoint"] and item["type"] not in ("loop", "rom")
    }
    found = _facts(said["linux_encryption"], "disk_encryption")
    assert set(found) <= mounted
    if not any(item["type"] == "crypt" for item in kinds):
        assert set(found.values()) <= {"plain"}


def test_reboots(said: dict[str, Outcome]) -> None:
    """Boot id and boot time are the kernel's."""
    outcome = said["linux_reboots"]
    assert _facts(outcome, "boot")["id"] == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert _values(outcome, "boot_timestamp_seconds")[""] == pytest.approx(psutil.boot_time(), abs=2)


def test_logins(said: dict[str, Outcome]) -> None:
    """Sessions are those of who(1)."""
    lines = _printed("who").splitlines()
    assert _values(said["linux_logins"], "login_sessions")[""] == len(lines)
    assert set(_facts(said["linux_logins"], "login")) == {line.split()[0] for line in lines}


def test_support(said: dict[str, Outcome]) -> None:
    """Support of this release ends on a day of the calendar, and the sample says the midnight after it."""
    outcome = said["linux_support"]
    for value in _facts(outcome, "os_support").values():
        end = datetime.date.fromisoformat(value.rpartition(" ")[2])
        moment = datetime.datetime.combine(end, datetime.time(), datetime.UTC) + datetime.timedelta(days=1)
        assert _values(outcome, "support_ends_timestamp_seconds")[""] == moment.timestamp()


def test_firewall(said: dict[str, Outcome]) -> None:
    """Without any rule of nft's the host's input is open."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    if not Path("/usr/sbin/nft").exists():
        pytest.skip("needs Debian package nftables")
    if not _printed("/usr/sbin/nft", "list", "ruleset").strip():
        assert _facts(said["linux_firewall"], "firewall")["nftables"] == "IPv4 input open, IPv6 input open"
        assert _values(said["linux_firewall"], "firewall_enabled")[""] == 0


def test_raid_and_timers(said: dict[str, Outcome]) -> None:
    """What the machine has not does not apply: arrays without md, timers without systemd."""
    mdstat = Path("/proc/mdstat")
    assert said["linux_raid"].absent == (not mdstat.exists() or "\nmd" not in mdstat.read_text())
    assert said["linux_timers"].absent == (not Path("/run/systemd/system").is_dir())


def test_time(said: dict[str, Outcome]) -> None:
    """What is told of the clock is told once, 0 or 1."""
    outcome = said["linux_time"]
    assert outcome.absent or _values(outcome, "time_synchronized")[""] in (0, 1)
