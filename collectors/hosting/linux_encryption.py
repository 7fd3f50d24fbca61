"""Which mounted file systems lie on encrypted disks: LUKS, dm-crypt (lsblk(8), util-linux 2.27)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from soc.collect import CommandOutput, Fact, SshCommand, collector

LSBLK = SshCommand(
    "linux-encryption",
    "command -v lsblk >/dev/null || exit 127; LC_ALL=C lsblk --json --output NAME,TYPE,FSTYPE,MOUNTPOINT",
)

_LEFT_OUT = ("/snap/", "/run/", "/var/lib/kubelet/", "/var/lib/docker/", "/var/lib/containers/")


@collector(every="posture", fetch=LSBLK, facts={"disk_encryption"})
def linux_encryption(output: CommandOutput) -> Iterator[Fact]:
    """`encrypted` or `plain` for each mount point on a disk, swap space (`[SWAP]`) included."""
    begin = re.search(
        r"^\{\s*(?:\"|$)", output.stdout, re.MULTILINE
    )  # noise of the account's shell comes before
    document = output.stdout[begin.start() if begin else 0 :]
    for device in json.loads(document)["blockdevices"]:
        yield from _mounts(device, encrypted=False)


def _mounts(device: dict[str, Any], *, encrypted: bool) -> Iterator[Fact]:
    encrypted |= device.get("type") == "crypt"
    mount = device.get("mountpoint")
    if mount and device.get("type") not in ("loop", "rom") and not mount.startswith(_LEFT_OUT):
        yield Fact("disk_encryption", "encrypted" if encrypted else "plain", mount)
    for child in device.get("children", ()):
        yield from _mounts(child, encrypted=encrypted)
