"""A Linux host to change at will: a root of its own in its own mount, PID and network namespaces.

Its sshd is reached over a loopback port of this machine, behind which each connection is given to an
`sshd -i` inside. Nothing that happens in there outlives it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SSHD = "/usr/sbin/sshd"
SYSTEMD = "/lib/systemd/systemd"
ACCOUNT = "soc"
MIRROR_PACKAGES = ("openssh-server", "cron", "sudo", "iproute2")

# A tmpfs over this machine's own root: there at once, and every write is lost with the namespace.
_COPY = """\
mount -t tmpfs tmpfs "$1/layer" && mkdir "$1/layer/upper" "$1/layer/work"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/layer/upper,workdir=$1/layer/work" "$1/root"
"""
# As in a container: nothing of the kernel's settings and of the devices can be changed from in there.
_BEGIN = """\
set -e
mount --make-rprivate /
{copy}
cd "$1/root"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do cp -a "/dev/$device" dev; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=755 tmpfs run
mkdir run/sshd run/lock
mount -t tmpfs -o mode=1777 tmpfs tmp
ip link set lo up
{begin}
"""
_SLEEP = ': >"$1/ready"\nexec sleep infinity'
# systemd as the first process, without what this machine would mount or run in the background.
_SYSTEMD = """\
rm -rf etc/fstab etc/systemd/system/timers.target.wants
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -t cgroup2 cgroup2 sys/fs/cgroup
else
  mount -t tmpfs tmpfs sys/fs/cgroup
  mkdir sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
fi
: >"$1/ready"
exec chroot . env container=throwaway {systemd} --unit=timers.target --show-status=0 --log-target=null
"""


@dataclass
class ThrowawayHost:
    """A running host: where it is reached, and how to run something in it as root."""

    directory: Path
    port: int
    process: subprocess.Popen[bytes]  # the first of its PID namespace is this one's child
    first: int

    @property
    def root(self) -> Path:
        return self.directory / "root"

    def command(self, *words: str) -> list[str]:
        """The command that runs `words` in the host as root."""
        spaces = ("--mount", "--pid", "--net")
        return ["nsenter", f"--target={self.first}", *spaces, "--", "chroot", str(self.root), *words]

    def run(self, script: str, *, stdin: str = "") -> str:
        """What a shell script prints, run in the host as root."""
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C",
            "DEBIAN_FRONTEND": "noninteractive",
        }
        done = subprocess.run(
            self.command("/bin/sh", "-ec", script),
            input=stdin, capture_output=True, text=True, env=environment, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


def skip_unless_possible() -> None:
    """Skip by name where it cannot be: without root, its programs, or the right to make namespaces."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    for program, package in (
        (SSHD, "openssh-server"),
        ("/usr/sbin/ip", "iproute2"),
        ("/usr/bin/sudo", "sudo"),
    ):
        if not Path(program).exists():
            pytest.skip(f"needs Debian package {package}")
    if subprocess.run(["unshare", "-mpnf", "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to make namespaces (CAP_SYS_ADMIN)")


@contextlib.contextmanager
def copy_of_this_machine(directory: Path, *, systemd: bool = False) -> Iterator[ThrowawayHost]:
    """A host whose root is this machine's as it is; with `systemd`, that is its first process."""
    skip_unless_possible()
    for program, package in ((SYSTEMD, "systemd"), ("/usr/bin/dbus-daemon", "dbus")) if systemd else ():
        if not Path(program).exists():
            pytest.skip(f"needs Debian package {package}")
    (directory / "layer").mkdir()
    (directory / "root").mkdir()
    before = set(_control_groups())
    try:
        for host in _host(directory, _COPY, _SYSTEMD.format(systemd=SYSTEMD) if systemd else _SLEEP):
            if systemd:
                _wait_for_systemd(host)
                # pam_nologin(8) waits for the rest of the boot; only root's systemctl does without D-Bus.
                host.run("rm -f /run/nologin; systemctl mask systemd-timedated; systemctl start dbus.socket")
            yield host
    finally:
        for group in sorted(set(_control_groups()) - before, reverse=True):
            with contextlib.suppress(OSError):  # somebody else's, and in use
                group.rmdir()


def _control_groups() -> Iterator[Path]:
    return (Path(directory) for directory, _, _ in os.walk("/sys/fs/cgroup"))


def _wait_for_systemd(host: ThrowawayHost, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and host.process.poll() is None:
        asked = subprocess.run(
            host.command("systemctl", "is-active", "timers.target"), capture_output=True, check=False
        )
        if asked.returncode == 0:
            return
        time.sleep(0.1)
    pytest.skip("needs a kernel on which systemd starts in namespaces")


@contextlib.contextmanager
def debian(directory: Path, suite: str = "bookworm") -> Iterator[ThrowawayHost]:
    """A host made of Debian's essential packages, fetched from a mirror by mmdebstrap(1)."""
    skip_unless_possible()
    if not shutil.which("mmdebstrap"):
        pytest.skip("needs Debian package mmdebstrap")
    made = subprocess.run(
        ["mmdebstrap", "--variant=essential", "--format=directory", "--dpkgopt=force-unsafe-io",
         f"--include={','.join(MIRROR_PACKAGES)}", suite, str(directory / "root")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        if "Temporary failure resolving" in made.stderr or "Could not connect" in made.stderr:
            pytest.skip("needs a Debian mirror")
        raise AssertionError(made.stderr[-2000:])
    yield from _host(directory, "", _SLEEP)


def _host(directory: Path, copy: str, begin: str) -> Iterator[ThrowawayHost]:
    process = subprocess.Popen(
        ["unshare", "--mount", "--pid", "--net", "--cgroup", "--fork", "--kill-child", "sh", "-c",
         _BEGIN.format(copy=copy, begin=begin), "sh", str(directory)],
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    first = 0
    try:
        while not (directory / "ready").exists():
            if process.poll() is not None:
                assert process.stderr is not None
                raise AssertionError(process.stderr.read().decode())
            time.sleep(0.02)
        first = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
        with socket.create_server(("127.0.0.1", 0)) as listener:
            host = ThrowawayHost(directory, listener.getsockname()[1], process, first)
            threading.Thread(target=_serve, args=(listener, host), daemon=True).start()
            yield host
            listener.shutdown(socket.SHUT_RDWR)  # wakes the thread
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        while first and Path(f"/proc/{first}").exists():  # the kernel ends all that is in there with it
            time.sleep(0.02)


def _serve(listener: socket.socket, host: ThrowawayHost) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection:
                subprocess.Popen(
                    host.command(SSHD, "-i"), stdin=connection, stdout=connection, stderr=subprocess.DEVNULL
                )
