"""Accounts and administrators (passwd(5), group(5), passwd(1))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, Partial, SshCommand, collector

# Members of these may become root: by sudo or su, or through what the group may write to.
ADMINISTRATORS = ("root", "wheel", "admin", "docker", "lxd", "disk", "shadow", "sudo")
STATUS = "/usr/bin/passwd --status --all"
ACCOUNTS = SshCommand(
    "linux-accounts",
    "sed 's/^/passwd /' /etc/passwd || exit; "
    f"for group in {' '.join(ADMINISTRATORS)}; do "
    '{ getent group "$group" || grep "^$group:" /etc/group; } 2>/dev/null | sed "s/^/group /;q"; done; '
    f'LC_ALL=C sudo -n {STATUS} 2>/dev/null | sed "s/^/status /"; exit 0',
    sudo=(STATUS,),
)

_PASSWD = re.compile(r"passwd ([^:]+):[^:]*:(\d+):(\d+):[^:]*:([^:]*):([^:]*)")
_GROUP = re.compile(r"group ([^:]+):[^:]*:(\d+):([^:]*)")
_STATUS = re.compile(r"status (\S+) (L|LK|NP|P|PS) (\S+)(?: .*)?")
_PASSWORDS = {"L": "locked", "LK": "locked", "NP": "none", "P": "set", "PS": "set"}


@collector(every="posture", fetch=ACCOUNTS, facts={"account", "account_password", "administrator"})
def linux_accounts(output: CommandOutput) -> Iterator[Fact | Partial]:
    """Local accounts; where sudo allows it, whether each has a password and since when; who may become root.

    `account`: name -> number, home directory and shell. `administrator`: name -> what makes it one.
    """
    primary: dict[str, list[str]] = {}  # group number -> accounts
    reasons: dict[str, list[str]] = {}
    for line in output.lines:
        if match := _PASSWD.fullmatch(line):
            name, number, group, home, shell = match.groups()
            yield Fact("account", f"uid={number} gid={group} home={home} shell={shell or '/bin/sh'}", name)
            primary.setdefault(group, []).append(name)
            if number == "0":
                reasons.setdefault(name, []).append("uid 0")
        elif match := _GROUP.fullmatch(line):
            members = {*match[3].split(","), *primary.get(match[2], [])} - {"", "root"}
            for name in sorted(members):
                reasons.setdefault(name, []).append(f"group {match[1]}")
        elif match := _STATUS.fullmatch(line):
            yield Fact("account_password", f"{_PASSWORDS[match[2]]}, changed {match[3]}", match[1])
    if not any(map(_STATUS.fullmatch, output.lines)):
        yield Partial("account_password")
    for name, why in reasons.items():
        yield Fact("administrator", ", ".join(why), name)
