"""SSH collection over 300 loopback hosts, beside asyncssh doing the same work.

    python benches/ssh.py [--hosts 300] [--scenario cold]... [--no-peer]

One sshd (Debian package openssh-server) answers on 127.x.y.z, a host an address. Scenarios: `cold` (its
MaxStartups at 200: log in, run five commands, close), `refusing` (Debian's default MaxStartups: what it drops
is tried again), `reused` (the same over connections that stay open, five rounds), `hanging` (20 hosts more
that accept and say nothing; the time is that of the last of the others). Each tool runs in a process of its
own, which takes turns with sshd on the same cores. asyncssh opens as many connections at a time and tries
dropped ones again after the same waits. Prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import getpass
import json
import os
import platform
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from soc.collect.declare import SshCommand
from soc.collect.port import Answer, Job, ResolvedCredential
from soc.collect.ssh.kept import Kept
from soc.collect.ssh.limits import Limits
from soc.collect.ssh.transport import SshTransport
from soc.model import Device

SCENARIOS = ("cold", "refusing", "reused", "hanging")
ROUNDS = 5
HANGING = 20
COMMANDS = (
    "cat /proc/uptime",
    "cat /proc/loadavg",
    "cat /proc/meminfo",
    "cat /proc/net/dev",
    "cat /etc/os-release",
)
LIMITS = Limits()


def address(number: int) -> str:
    return f"127.1.{number // 250}.{number % 250 + 1}"


# --- the hosts ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Site:
    """What both tools need to know; handed over as JSON."""

    port: int
    key: str
    known_hosts: str
    user: str
    hosts: int
    silent_port: int = 0


@contextmanager
def sshd(directory: Path, hosts: int, settings: str) -> Iterator[Site]:
    """Debian's sshd on all loopback addresses, with keys of its own."""
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise SystemExit("needs Debian package openssh-server")
    for name in ("host_key", "client_key"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(directory / name)]
        subprocess.run(words, check=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (directory / "sshd_config").write_text(
        f"ListenAddress 0.0.0.0:{port}\nHostKey {directory}/host_key\nPidFile none\nUsePAM no\n"
        f"StrictModes no\nAuthorizedKeysFile {directory}/client_key.pub\nPermitRootLogin yes\n"
        f"LogLevel ERROR\nSetEnv SHLVL=2\n{settings}"
    )
    public = " ".join((directory / "host_key.pub").read_text().split()[:2])
    known_hosts = directory / "known_hosts"
    known_hosts.write_text("".join(f"[{address(n)}]:{port} {public}\n" for n in range(hosts)))
    process = subprocess.Popen(
        [program, "-D", "-f", str(directory / "sshd_config")], stdin=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                break
            time.sleep(0.02)
        yield Site(port, str(directory / "client_key"), str(known_hosts), getpass.getuser(), hosts)
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def silent() -> Iterator[int]:
    """The port of a listener that accepts (in the kernel) and says nothing."""
    with socket.create_server(("0.0.0.0", 0), backlog=128) as listener:
        yield listener.getsockname()[1]


# --- ours -----------------------------------------------------------------------------------------


def ours(site: Site, scenario: str) -> dict[str, Any]:
    settings = {"user": site.user, "key_file": site.key, "known_hosts": site.known_hosts}
    credential = ResolvedCredential("bench", "ssh", settings)
    fetches = tuple(SshCommand(f"c{number}", text) for number, text in enumerate(COMMANDS))
    hints: dict[str, dict[str, Any]] = {}

    def device(name: str, at: str, port: int) -> Device:
        return Device(name, "hosting", (at,), options={"ssh": {"port": port}})

    devices = [device(f"d{n}", address(n), site.port) for n in range(site.hosts)]
    if scenario == "hanging":
        hanging = [device(f"h{n}", address(n), site.silent_port) for n in range(HANGING)]
        devices = [*hanging, *devices]
    kept = Kept() if scenario == "reused" else None

    def run() -> dict[str, Any]:
        answers: list[Answer] = []
        done: dict[str, float] = {}
        begun = time.monotonic()

        def take(answer: Answer) -> None:
            answers.append(answer)
            done[answer.job.device.name] = time.monotonic() - begun
            hints[answer.job.device.name] = answer.hints

        jobs = [Job(item, (credential,), fetches, hints=hints.get(item.name, {})) for item in devices]
        SshTransport(LIMITS, kept=kept).run(jobs, take, begun + 120)
        seconds = max(at for name, at in done.items() if name.startswith("d"))
        values = sum(len(answer.values) for answer in answers)
        failures = [answer.failure.detail for answer in answers if answer.failure]
        return _figures(seconds, values, len(failures)) | {"first_failures": failures[:1]}

    result: dict[str, Any] = {"first": run()}
    if kept is not None:
        result["rounds"] = [run() for _ in range(ROUNDS)]
        kept.close()
    return result


# --- the peer -------------------------------------------------------------------------------------


def theirs(site: Site, scenario: str) -> dict[str, Any]:
    return asyncio.run(_theirs(site, scenario))


async def _theirs(site: Site, scenario: str) -> dict[str, Any]:
    import asyncssh

    slots = asyncio.Semaphore(LIMITS.connections)
    hosts = [(address(number), site.port) for number in range(site.hosts)]
    silent_hosts = [(address(number), site.silent_port) for number in range(HANGING)]
    open_connections: dict[tuple[str, int], Any] = {}
    counts = {"values": 0, "failed": 0}
    finished = {"at": 0.0}

    async def connect(host: str, port: int) -> Any:
        for attempt in range(LIMITS.attempts):
            try:
                return await asyncssh.connect(
                    host, port, username=site.user, client_keys=[site.key], known_hosts=site.known_hosts,
                    config=None, connect_timeout=LIMITS.connect_seconds,
                    login_timeout=LIMITS.handshake_seconds,
                )  # fmt: skip
            except (OSError, asyncssh.Error):
                if attempt + 1 == LIMITS.attempts or port == site.silent_port:
                    raise
            wait = min(LIMITS.retry_seconds * 2**attempt, LIMITS.longest_retry_seconds)
            await asyncio.sleep(wait * (0.5 + hash(host) % 100 / 100))
        raise AssertionError("the last attempt raises")

    async def one(host: str, port: int) -> None:
        async with slots:
            try:
                connection = open_connections.get((host, port)) or await connect(host, port)
                if scenario == "reused":
                    open_connections[host, port] = connection
                found = await asyncio.gather(*(connection.run(command) for command in COMMANDS))
                counts["values"] += sum(item.exit_status == 0 for item in found)
                if scenario != "reused":
                    connection.close()
            except (OSError, asyncssh.Error, TimeoutError):
                counts["failed"] += 1
            if port == site.port:
                finished["at"] = time.monotonic()

    async def run() -> dict[str, Any]:
        counts.update(values=0, failed=0)
        begun = time.monotonic()
        everyone = [*silent_hosts, *hosts] if scenario == "hanging" else hosts
        await asyncio.gather(*(one(host, port) for host, port in everyone))
        return _figures(finished["at"] - begun, counts["values"], counts["failed"])

    result: dict[str, Any] = {"first": await run()}
    if scenario == "reused":
        result["rounds"] = [await run() for _ in range(ROUNDS)]
        for connection in open_connections.values():
            connection.close()
    return result


# --- the run --------------------------------------------------------------------------------------


def _figures(seconds: float, values: int, failed: int) -> dict[str, Any]:
    return {
        "seconds": round(seconds, 3), "commands": values, "failed_hosts": failed,
        "commands_per_second": round(values / seconds),
    }  # fmt: skip


def work(tool: str, scenario: str, site: Site) -> dict[str, Any]:
    """One tool in this process: its figures, CPU time and memory."""
    result = (ours if tool == "soc" else theirs)(site, scenario)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return result | {
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_megabytes": round(usage.ru_maxrss / 1024),
    }


def measure(scenario: str, hosts: int, tools: list[str]) -> dict[str, Any]:
    startups = "" if scenario == "refusing" else "MaxStartups 200\n"
    result: dict[str, Any] = {"hosts": hosts}
    for tool in tools:
        with (
            tempfile.TemporaryDirectory() as name,
            silent() as port,
            sshd(Path(name), hosts, startups) as site,
        ):
            task = {"tool": tool, "scenario": scenario, "site": vars(site) | {"silent_port": port}}
            done = subprocess.run(
                [sys.executable, __file__, "--work", json.dumps(task)], stdout=subprocess.PIPE, check=True
            )
            result[tool] = json.loads(done.stdout)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=300)
    parser.add_argument("--scenario", action="append", choices=SCENARIOS)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        task = json.loads(args.work)
        print(json.dumps(work(task["tool"], task["scenario"], Site(**task["site"]))))
        return
    versions = {name: _version(name) for name in ("paramiko", "cryptography", "asyncssh")}
    tools = ["soc"] if args.no_peer or not versions["asyncssh"] else ["soc", "asyncssh"]
    document = {
        "bench": "ssh",
        "machine": {
            "cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform(),
            "load": os.getloadavg()[0],
        },
        "commit": _commit(),
        "versions": versions | {"sshd": _sshd_version()},
        "results": {name: measure(name, args.hosts, tools) for name in args.scenario or SCENARIOS},
    }  # fmt: skip
    print(json.dumps(document, indent=2))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _sshd_version() -> str:
    done = subprocess.run(["ssh", "-V"], capture_output=True, text=True)
    return done.stderr.strip()


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip()


if __name__ == "__main__":
    main()
