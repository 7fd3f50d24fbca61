"""Installed packages (dpkg-query(1), rpm(8), apk(8))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, SshCommand, collector

PACKAGES = SshCommand(
    "linux-packages",
    "export LC_ALL=C; "
    "if [ -s /var/lib/dpkg/status ] && command -v dpkg-query >/dev/null; then "
    "dpkg-query -W -f 'package ${db:Status-Status} ${binary:Package} ${Version}\\n'; "
    "elif [ -d /var/lib/rpm ] || [ -d /usr/lib/sysimage/rpm ]; then rpm -qa --queryformat "
    "'package installed %{NAME}.%{ARCH} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n'; "
    "elif [ -r /lib/apk/db/installed ]; then "
    "sed -n 's/^P:/name /p; s/^V:/package installed /p' /lib/apk/db/installed; else exit 127; fi",
    maximum_bytes=4_000_000,
)

_LINE = re.compile(r"package (\S+) (\S+)(?: (\S+))?")


@collector(every="posture", fetch=PACKAGES, facts={"package"})
def linux_packages(output: CommandOutput) -> Iterator[Fact]:
    """Name -> version, with a foreign architecture behind the name; of kernels all versions installed."""
    versions: dict[str, list[str]] = {}
    name = ""
    for line in output.lines:
        if line.startswith("name "):  # apk's database has name and version on lines of their own
            name = line.removeprefix("name ")
        elif match := _LINE.fullmatch(line):
            state, package, version = match.groups()
            if version is None:
                package, version = name, package
            if package and state in ("installed", "triggers-awaited", "triggers-pending"):
                versions.setdefault(package, []).append(version)
    for package, installed in versions.items():
        yield Fact("package", ", ".join(sorted(installed)), package)
