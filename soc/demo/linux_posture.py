"""What else a simulated Linux host says: its disks' and interfaces' counters, and its security posture."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from random import Random

from soc.demo.formulas import counter
from soc.demo.machine import Answers
from soc.model.ids import digest

_YEAR_SECONDS = 365 * 86_400.0
# What a host like these has not got: exit code 127, as for a command that is not there.
LACKED = frozenset(
    {
        "linux-antimalware", "linux-audit-log", "linux-backup", "linux-journal", "linux-raid", "linux-smart",
        "linux-system-log", "linux-timers",
    }
)  # fmt: skip
_MOUNTS = ((1, "/"), (2, "/var/lib"))
_PACKAGES = ("bash", "coreutils", "nginx", "openssh-server", "systemd")
_SERVICES = {22: "sshd", 80: "nginx", 443: "nginx", 5432: "postgres"}
_SSHD = """\
port 22
permitrootlogin no
passwordauthentication no
pubkeyauthentication yes
authorizedkeysfile .ssh/authorized_keys
subsystem sftp /usr/lib/openssh/sftp-server
"""


def posture(name: str, generator: Random, *, debian: bool, booted: float, start: float) -> Answers:
    """Answers by command id; `booted` and `start` (when the demo goes live) are UTC seconds."""
    admin = generator.choice(("ann", "bob", "eve"))
    ports = sorted({22, generator.choice((80, 443, 5432))})
    phase = generator.uniform(0, 6)
    read, written, received, sent = (
        counter(rate, booted, 0, phase) for rate in (2_000, 5_000, 300_000, 120_000)
    )
    boot_id = digest(name, repr(booted))
    group = "sudo" if debian else "wheel"
    ends = datetime.fromtimestamp(start + 3 * _YEAR_SECONDS, UTC).date()
    kernel = "6.1.0-18-amd64" if debian else "5.14.0-427.13.1.el9_4.x86_64"
    disk = {"name": "sda", "type": "disk", "mountpoint": None}
    mounts = [{"name": f"sda{number}", "type": "part", "mountpoint": mount} for number, mount in _MOUNTS]
    told = {
        "linux-accounts": f"passwd root:x:0:0:root:/root:/bin/bash\n"
        f"passwd {admin}:x:1000:1000::/home/{admin}:/bin/bash\npasswd soc:x:998:998::/home/soc:/bin/sh\n"
        f"group root:x:0:\ngroup {group}:x:27:{admin}\n",
        "linux-authorized-keys": "",
        "linux-certificates": "",
        "linux-encryption": json.dumps({"blockdevices": [{**disk, "children": mounts}]}) + "\n",
        "linux-firewall": "ufw yes\n" if debian else "firewalld 0\n",
        "linux-inodes": "Filesystem Type Inodes IUsed IFree IUse% Mounted on\n"
        + "".join(f"/dev/sda{number} ext4 2621440 120000 2501440 5% {mount}\n" for number, mount in _MOUNTS),
        "linux-jobs": f"/var/spool/cron/crontabs/{admin}:15 3 * * * /home/{admin}/bin/tidy\n",
        "linux-logins": "",
        "linux-packages": "".join(f"package installed {package} 1.2-3\n" for package in _PACKAGES),
        "linux-ports": "range 32768 60999\n"
        + "".join(
            f'tcp LISTEN 0 128 0.0.0.0:{port} 0.0.0.0:* users:(("{_SERVICES[port]}",pid=812,fd=3))\n'
            for port in ports
        ),
        "linux-processes": "all 98\n" + "".join(f"name 1 {_SERVICES[port]}\n" for port in ports),
        "linux-reboots": f"boot {boot_id}\nbtime {int(booted)}\nrunning {kernel}\ninstalled {kernel}\n",
        "linux-sshd": _SSHD,
        "linux-sudoers": f"/etc/sudoers:root\tALL=(ALL:ALL) ALL\n/etc/sudoers:%{group}\tALL=(ALL:ALL) ALL\n",
        "linux-support": f"ID={'debian' if debian else 'rocky'}\nVERSION_ID=9\nSUPPORT_END={ends}\n",
        "linux-updates": "manager apt\n" if debian else "manager dnf\nall\n",
    }
    answers = {command: lambda _, text=text: text for command, text in told.items()}
    return {
        **answers,
        "linux-disks": lambda time: f"8 0 sda 9 0 {read(time)} 9 9 0 {written(time)} 9 0 9 9\nblock sda\n",
        "linux-interfaces": lambda time: (
            f"eth0: {received(time)} 9 0 0 0 0 0 0 {sent(time)} 9 0 0 0 0 0 0\nstate eth0 up 0x1003 1000 1\n"
        ),
        "linux-time": lambda time: (
            f"timedate NTPSynchronized=yes\ntimedate  Offset: +{1 + int(time) % 40}us\n"
        ),
    }
