"""Who is logged in (who(1), of coreutils or busybox; utmp(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, Sample, SshCommand, collector

WHO = SshCommand("linux-logins", "LC_ALL=C who", maximum_bytes=256_000)

_COREUTILS = re.compile(r"(\S+)\s+(?:\S+\s+)?(\S+)\s+\d{4}-\d\d-\d\d \d\d:\d\d(?:\s+\((.*)\))?\s*")
_BUSYBOX = re.compile(r"(\S+)\s+(\S+)\s+\S+\s+\w{3} [ \d]\d \d\d:\d\d:\d\d(?:\s+(\S+))?\s*")


@collector(every="health", fetch=WHO, facts={"login"})
def linux_logins(output: CommandOutput) -> Iterator[Fact | Sample]:
    """Sessions with a terminal, and each user's origins: addresses, or `console`.

    Commands run over SSH, as ours are, have no terminal and are not among them.
    """
    origins: dict[str, set[str]] = {}
    sessions = 0
    for line in output.lines:
        if match := _COREUTILS.fullmatch(line) or _BUSYBOX.fullmatch(line):
            sessions += 1
            # Of screen "10.0.0.5:S.0"; of X11 and tmux, on the host itself, ":0" and "tmux(812).%0".
            origin = re.sub(r":S\.\d+$", "", match[3] or "")
            local = not origin or origin[0] == ":" or "(" in origin
            origins.setdefault(match[1], set()).add("console" if local else origin)
    yield Sample("login_sessions", sessions)
    for user, places in origins.items():
        yield Fact("login", ", ".join(sorted(places)), user)
