"""Keys that open accounts over SSH (sshd(8), AUTHORIZED_KEYS FILE FORMAT; RFC 4253 section 6.6)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, SshCommand, collector
from soc.collect.authorized_keys import key_fact

# Both names that sshd looks for by default. Plain files only: whose home it is could link to any other.
_GREP = "-exec /bin/grep -aHm 500 . '{}' +"
FILES = (
    "/usr/bin/find /root /home /srv /opt /var/lib -maxdepth 4 -type f "
    f"-name authorized_keys {_GREP} -o -type f -name authorized_keys2 {_GREP}"
)
KEYS = SshCommand(
    "linux-authorized-keys",
    f"export LC_ALL=C; {{ sudo -n {FILES} || {FILES}; }} 2>/dev/null | cut -c 1-8192",
    sudo=(FILES,),
)

_LINE = re.compile(r"(/.*?/authorized_keys2?):\s*(.*)")


@collector(every="posture", fetch=KEYS, facts={"authorized_key"})
def linux_authorized_keys(output: CommandOutput) -> Iterator[Fact]:
    """Fingerprint of each key and the file it stands in, its type, comment and options."""
    for match in filter(None, map(_LINE.fullmatch, output.lines)):
        if fact := key_fact(match[1], match[2]):
            yield fact
