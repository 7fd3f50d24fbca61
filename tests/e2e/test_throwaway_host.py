"""What is changed on a host comes out as exactly those change events, and as the alerts about them."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.command import soc
from tests.support.throwaway_host import ACCOUNT, ThrowawayHost, copy_of_this_machine, debian

Change = tuple[str, str, str]  # set, action, member

_CONTROL = """\
Package: soc-example
Version: {version}
Architecture: all
Maintainer: Nobody <nobody@example.org>
Description: an example
"""
_LISTEN = """\
use IO::Socket::INET;
my $socket = IO::Socket::INET->new(LocalAddr => "0.0.0.0", LocalPort => 8081, Listen => 1) or die;
open(my $mark, ">", "/run/listening.new");
print $mark $$;
close $mark;
rename "/run/listening.new", "/run/listening";
sleep;
"""


@dataclass
class Watched:
    """A host in an estate of its own."""

    host: ThrowawayHost
    arguments: list[str]

    def collect(self) -> None:
        """Ask the host everything."""
        done = soc("collect", "--all", "--json", *self.arguments, check=True)
        assert json.loads(done.stdout)["failed"] == 0, done.stdout

    def changes(self) -> Counter[Change]:
        """All change events so far."""
        listed = soc(
            "events", "product:soc category:change", "--since", "1h", "--limit", "1000", "--json",
            *self.arguments, check=True,
        )  # fmt: skip
        events = [json.loads(line) for line in listed.stdout.splitlines()]
        return Counter(
            (item["service"], item["fields"]["action"], item["fields"]["instance"]) for item in events
        )

    def alerts(self) -> set[str]:
        """The names of the rules that have an alert."""
        listed = soc("alerts", "--json", *self.arguments, check=True)
        return {json.loads(line)["rule"] for line in listed.stdout.splitlines()}


def _watched(directory: Path, host: ThrowawayHost) -> Watched:
    """Give the host our account, its key and what it may run as root, and put it into an inventory."""
    key, known_hosts = directory / "key", directory / "known_hosts"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "soc", "-f", key], check=True)
    allowed = soc(
        "collectors", "show", "--commands", "--platform", "linux", "--format", "sudoers", "--user", ACCOUNT,
        check=True,
    ).stdout  # fmt: skip
    host.run("rm -rf /var/lib/apt/lists")  # 60,000 packages that this is not about
    host.run(f"useradd --create-home --shell /bin/sh {ACCOUNT}; mkdir -p ~{ACCOUNT}/.ssh /etc/sudoers.d")
    host.run(
        f"cat >~{ACCOUNT}/.ssh/authorized_keys; chown -R {ACCOUNT} ~{ACCOUNT}",
        stdin=key.with_suffix(".pub").read_text(),
    )
    host.run("cat >/etc/sudoers.d/soc; chmod 440 /etc/sudoers.d/soc; visudo -cq", stdin=allowed)
    host.run("[ -s /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -A")
    public = host.run("cat /etc/ssh/ssh_host_ed25519_key.pub").split()
    known_hosts.write_text(f"[127.0.0.1]:{host.port} {public[0]} {public[1]}\n")
    inventory = directory / "inventory.yaml"
    inventory.write_text(
        "version: 1\n"
        f"credentials: {{ops: {{ssh: {{user: {ACCOUNT}, key_file: {key}, known_hosts: {known_hosts}}}}}}}\n"
        "devices: [{name: web-01, address: 127.0.0.1, tower: hosting, credentials: [ops],"
        f" ssh: {{port: {host.port}}}}}]\n"
    )
    return Watched(host, ["--data", str(directory / "data"), "--inventory", str(inventory)])


def _package(directory: Path, host: ThrowawayHost, version: str) -> str:
    """A package without files in the host's /tmp; its path there."""
    tree = directory / f"package-{version}"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(_CONTROL.format(version=version))
    made = directory / f"{version}.deb"
    subprocess.run(["dpkg-deb", "--build", "-Znone", tree, made], check=True, capture_output=True)
    subprocess.run(
        host.command("dd", f"of=/tmp/{version}.deb"), input=made.read_bytes(), check=True, capture_output=True
    )
    return f"/tmp/{version}.deb"


def _check(directory: Path, host: ThrowawayHost) -> None:
    watched = _watched(directory, host)
    host.run(f"dpkg --install {_package(directory, host, '1.0')}")
    watched.collect()  # where everything begins

    host.run("useradd --create-home --shell /bin/bash --groups sudo mallory")
    host.run("mkdir -p ~mallory/.ssh; ssh-keygen -q -t ed25519 -N '' -C evil -f /tmp/evil")
    host.run("cp /tmp/evil.pub ~mallory/.ssh/authorized_keys")
    fingerprint = host.run("ssh-keygen -lf /tmp/evil.pub").split()[1]
    host.run("echo 'mallory ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/mallory")
    host.run("mkdir -p /etc/cron.d /var/spool/cron/crontabs")
    host.run("echo '*/5 * * * * root /usr/local/bin/beacon' >/etc/cron.d/beacon")
    host.run("echo '@reboot /home/mallory/run' >/var/spool/cron/crontabs/mallory")
    host.run(f"dpkg --install {_package(directory, host, '2.0')}")
    host.run(
        "mkdir -p /etc/ssh/sshd_config.d; echo 'PermitRootLogin yes' >/etc/ssh/sshd_config.d/00-evil.conf"
    )
    listener = subprocess.Popen(host.command("perl", "-e", _LISTEN))
    host.run("while [ ! -e /run/listening ]; do sleep 0.05; done")
    watched.collect()
    assert watched.alerts() >= {
        "New administrator", "New authorised key", "New listening port", "New sudo rule",
        "SSH server opened further", "New scheduled job",
    }  # fmt: skip

    host.run("kill $(cat /run/listening)")
    listener.wait(30)
    host.run("dpkg --purge soc-example; rm /etc/sudoers.d/mallory /etc/ssh/sshd_config.d/00-evil.conf")
    host.run("rm /etc/cron.d/beacon /var/spool/cron/crontabs/mallory; userdel --remove mallory 2>/dev/null")
    watched.collect()
    came_and_went = [
        ("account", "mallory"),
        ("account_password", "mallory"),
        ("administrator", "mallory"),
        ("authorized_key", f"/home/mallory/.ssh/authorized_keys {fingerprint}"),
        ("listening_port", "tcp 0.0.0.0:8081"),
        ("scheduled_job", "/etc/cron.d/beacon: /usr/local/bin/beacon"),
        ("scheduled_job", "/var/spool/cron/crontabs/mallory: /home/mallory/run"),
        ("sudoers", "mallory ALL=(ALL) NOPASSWD: ALL"),
    ]
    expected = Counter((key, action, name) for key, name in came_and_went for action in ("added", "removed"))
    expected["package", "changed", "soc-example"] = expected["package", "removed", "soc-example"] = 1
    expected["sshd", "changed", "permitrootlogin"] = 2
    assert watched.changes() == expected


@pytest.mark.parametrize("make", [copy_of_this_machine, pytest.param(debian, marks=pytest.mark.soak)])
def test_changes_come_out_as_exactly_their_events(
    make: Callable[[Path], AbstractContextManager[ThrowawayHost]], tmp_path: Path
) -> None:
    """Accounts, keys, sudoers, ports, packages, jobs and sshd's settings: each change once, nothing else."""
    with make(tmp_path) as host:
        _check(tmp_path, host)


_UNITS = {
    "example.service": "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=timers.target\n",
    "idle.service": "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=timers.target\n",
    "broken.service": "[Service]\nExecStart=/bin/false\n",
    "once.service": "[Service]\nType=oneshot\nExecStart=/bin/true\n",
    "once.timer": "[Timer]\nOnCalendar=*-*-* 02:30:00\nOnActiveSec=0\nAccuracySec=1us\n"
    "[Install]\nWantedBy=timers.target\n",
}


def test_units_and_timers_of_a_running_systemd(tmp_path: Path) -> None:
    """Where PID 1 is systemd, services and timers are told as systemctl has them."""
    with copy_of_this_machine(tmp_path, systemd=True) as host:
        watched = _watched(tmp_path, host)
        host.run(f"usermod --append --groups adm,systemd-journal {ACCOUNT}")
        for name, text in _UNITS.items():
            host.run(f"cat >/etc/systemd/system/{name}", stdin=text)
        host.run("systemctl daemon-reload; systemctl enable --now example idle once.timer")
        host.run("systemctl start broken; until systemctl is-failed broken >/dev/null; do sleep 0.05; done")
        host.run("until systemctl show once.service | grep -q '^ExecMainStatus=0'; do sleep 0.05; done")
        host.run("sleep 5.5; systemctl stop idle")  # what ended sooner was done
        ran = host.run('date -u -d "$(TZ=UTC systemctl show --value -p LastTriggerUSec once.timer)" +%s')

        polled = json.loads(soc("poll", "--json", *watched.arguments).stdout)
    assert polled["errors"] == []

    samples = {(item["metric"], *item["labels"].values()): item["value"] for item in polled["samples"]}
    assert samples["service_up", "example"] == 1
    assert samples["service_up", "idle"] == 0  # enabled, and stopped
    assert samples["service_up", "broken"] == 0
    assert ("service_up", "once") not in samples
    assert samples["timer_last_run_timestamp_seconds", "once"] == int(ran)
    assert samples["timer_next_run_timestamp_seconds", "once"] % 86_400 == (2 * 60 + 30) * 60
    jobs = {fact["instance"]: fact["value"] for fact in polled["facts"] if fact["key"] == "scheduled_job"}
    assert jobs["once.timer: once.service"] == "OnCalendar=*-*-* 02:30:00, OnActiveUSec=0"
