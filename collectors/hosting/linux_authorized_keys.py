"""Keys that open accounts over SSH (sshd(8), AUTHORIZED_KEYS FILE FORMAT; RFC 4253 section 6.6)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, Partial, SshCommand, collector
from soc.collect.authorized_keys import KEY_LINE, found_keys

# Both names that sshd looks for by default. Whose home it is may put links in the way at any moment: as root,
# find goes down directory by directory, and grep -r, from within the file's own, opens no link. Nothing but
# lines with a public key is printed, so a hard link to another file shows nothing either. What it comes to
# last tells that it got to the end.
_ROOTS = "/root /home /srv /opt /var/lib"
_NAMED = "'!' -path '*[[:cntrl:]]*' -type f '(' -name authorized_keys -o -name authorized_keys2 ')'"
_END = "/etc/passwd"
FILES = (
    f"/usr/bin/find {_ROOTS} {_END} -maxdepth 4 -path {_END} -print -o {_NAMED} -print "
    "-execdir /bin/grep -raEHm 500 --include=authorized_keys --include=authorized_keys2 "
    f"'--exclude-dir=[!.]*' '--exclude-dir=.?*' '{KEY_LINE}' . ';'"
)
_OWN = f"find {_ROOTS} -maxdepth 4 {_NAMED} -exec grep -aEHm 500 '{KEY_LINE}' '{{}}' +"
KEYS = SshCommand(
    "linux-authorized-keys",
    f'export LC_ALL=C; keys=$({{ if [ "$(id -u)" = 0 ]; then {FILES}; else sudo -n {FILES}; fi; }} '
    f"2>/dev/null | cut -c 1-4096); case $keys in *{_END}) printf '%s\\n' \"$keys\";; "
    f"*) {_OWN} 2>/dev/null | cut -c 1-4096 | sed 's/^/own /'; "
    f'[ "$(id -u)" != 0 ] || echo {_END};; esac; exit 0',
    sudo=(FILES,),
    maximum_bytes=8_000_000,
)

_LINE = re.compile(r"(?:\.|own (/.*?))/(authorized_keys2?):\s*(.*)")


@collector(every="posture", fetch=KEYS, facts={"authorized_key"})
def linux_authorized_keys(output: CommandOutput) -> Iterator[Fact | Partial]:
    """Fingerprint of each key and the file it stands in, its type, comment and options."""
    lines: list[tuple[str, str]] = []
    directory = ""
    for line in output.lines:
        if match := _LINE.fullmatch(line):
            lines.append((f"{match[1] or directory}/{match[2]}", match[3]))
        elif line.startswith("/"):
            directory = line.rpartition("/")[0]
    if _END not in output.lines:
        yield Partial("authorized_key")
    yield from found_keys(lines)
