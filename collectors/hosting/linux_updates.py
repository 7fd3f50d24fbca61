"""Pending updates, from what the host itself knows: apt-get(8), dnf(8), zypper(8), apk(8)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, Sample, SshCommand, collector

# Simulated and from caches: nothing is fetched, locked or written.
UPDATES = SshCommand(
    "linux-updates",
    "export LC_ALL=C; if command -v apt-get >/dev/null; then "
    "echo manager apt; set -- -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=; "
    "[ -w /var/cache/apt ] || set --; "  # root's apt would write a cache that is out of date
    'apt-get -s -q -o Debug::NoLocking=1 "$@" dist-upgrade; '
    "elif command -v dnf >/dev/null; then echo manager dnf; "
    "dnf -q -C --setopt=logfilelevel=0 updateinfo list --security 2>/dev/null && echo all && "
    "{ dnf -q -C --setopt=logfilelevel=0 check-update 2>/dev/null || [ $? = 100 ]; }; "
    "elif command -v zypper >/dev/null; then echo manager zypper; "
    "zypper -q --non-interactive --no-refresh list-patches; "
    "elif command -v apk >/dev/null; then echo manager apk; apk version -l '<'; else exit 127; fi",
    maximum_bytes=4_000_000,
)

# Inst name [installed] (candidate origin[, origin…] [architecture])
_APT = re.compile(r"Inst (\S+) \[[^\]]*\] \((\S+) ([^)]*)\).*")
# dnf 4: id severity/Sec. package; dnf 5: id type severity package issued
_DNF = re.compile(
    r"[\w:.-]+\s+(?:\w+/)?(?:Sec\.|security\s+\w+)\s+(\S+)-([^-\s]+-[^-\s]+?)(?:\s+\d{4}-\d\d-\d\d.*)?"
)
_DNF_ANY = re.compile(r"(\S+\.\w+)\s+\S*\d\S*\s+\S+\s*")
_ZYPPER = re.compile(r"[^|]+\|\s*(\S+)\s*\|\s*(\w+)\s*\|\s*(\w+)\s*\|[^|]*\|\s*needed\s*\|.*")
_APK = re.compile(r"(\S+)-\d\S*\s+<\s+\S+.*")


@collector(every="posture", fetch=UPDATES, facts={"security_update"})
def linux_updates(output: CommandOutput) -> Iterator[Fact | Sample]:
    """How many updates are pending, and how many for security; of those, the package and its new version.

    SUSE's are patches, with their severity. Alpine does not tell which of its updates are for security.
    """
    lines = output.lines
    manager = next((line.split()[1] for line in lines if re.fullmatch(r"manager \w+", line)), "")
    pending: set[str] = set()
    security: dict[str, str] = {}
    if manager == "apt":
        for match in filter(None, map(_APT.fullmatch, lines)):
            pending.add(match[1])
            if "security" in match[3].lower():  # Debian-Security:12/…, Ubuntu:24.04/noble-security
                security[match[1]] = match[2]
    elif manager == "dnf":
        security = {match[1]: match[2] for match in map(_DNF.fullmatch, lines) if match}
        if "all" not in lines:
            return  # no cache to look into
        pending = {match[1] for match in map(_DNF_ANY.fullmatch, lines[lines.index("all") :]) if match}
    elif manager == "zypper":
        for match in filter(None, map(_ZYPPER.fullmatch, lines)):
            pending.add(match[1])
            if match[2] == "security":
                security[match[1]] = match[3]
    elif manager == "apk":
        pending = {match[1] for match in map(_APK.fullmatch, lines) if match}
    if not manager:
        return
    yield Sample("updates_pending", len(pending))
    if manager != "apk":
        yield Sample("security_updates_pending", len(security))
    for package, version in security.items():
        yield Fact("security_update", version, package)
