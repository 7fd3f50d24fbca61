"""What sudo allows to whom (sudoers(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, SshCommand, collector

FILES = "/usr/bin/find /etc/sudoers /etc/sudoers.d -type f -exec /bin/grep -aHm 2000 . '{}' +"
SUDOERS = SshCommand(
    "linux-sudoers",
    # The account's own look only where that shows all.
    f"export LC_ALL=C; lines=$(sudo -n {FILES} 2>/dev/null || "
    f"{{ [ -r /etc/sudoers ] && {FILES} 2>/dev/null; }}); "
    '[ -n "$lines" ] || exit 127; printf "%s\\n" "$lines"',
    sudo=(FILES,),
)

_LINE = re.compile(r"(/etc/sudoers(?:\.d/[^:.]*[^:.~])?):(.*)")  # sudo passes over names with "." or "~"
_INCLUDE = re.compile(r"[@#]include")


@collector(every="posture", fetch=SUDOERS, facts={"sudoers"})
def linux_sudoers(output: CommandOutput) -> Iterator[Fact]:
    """Each rule, alias and default as one line, blanks made one (the instance), and the file it stands in."""
    begun: dict[str, str] = {}  # file -> a line that goes on in its next one
    for match in filter(None, map(_LINE.fullmatch, output.lines)):
        file, line = match[1], begun.pop(match[1], "") + match[2]
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            begun[file] = line[:-1] + " "
            continue
        rule = " ".join(line.split())
        if rule and not _INCLUDE.match(rule) and (rule[0] != "#" or re.match(r"#\d", rule)):
            yield Fact("sudoers", file, re.sub(r"\s+#.*", "", rule))
