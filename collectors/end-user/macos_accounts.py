"""Who may use a Mac, and how (dscl(1), sshd(8))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, Partial, SshCommand, collector
from soc.collect.authorized_keys import KEY_LINE, found_keys
from soc.collect.sections import section, with_sections

ACCOUNTS = SshCommand(
    "macos-accounts",
    "export LC_ALL=C; "
    + with_sections(
        numbers="dscl . -list /Users UniqueID",
        shells="dscl . -list /Users UserShell",
        administrators="dscl . -read /Groups/admin GroupMembership",
    ),
    platforms=("macos",),
    maximum_bytes=256_000,
)
# Whose home it is may put a link in the way between find and grep: nothing but lines with a public key is
# printed, whatever file they come from. /etc/passwd tells that find got to the end.
_END = "/etc/passwd"
_NAMED = (
    "'!' -path '*[[:cntrl:]]*' -type f -name authorized_keys "
    f"-exec /usr/bin/grep -aEHm 500 '{KEY_LINE}' '{{}}' +"
)
FILES = f"/usr/bin/find /Users /var/root {_END} -maxdepth 3 -path {_END} -print -o {_NAMED}"
KEYS = SshCommand(
    "macos-authorized-keys",
    f'export LC_ALL=C; {{ if [ "$(id -u)" = 0 ]; then {FILES}; else sudo -n {FILES} || '
    f"/usr/bin/find /Users /var/root -maxdepth 3 {_NAMED}; fi; }} 2>/dev/null | cut -c 1-4096; exit 0",
    platforms=("macos",),
    sudo=(FILES,),
    maximum_bytes=8_000_000,
)

_VALUE = re.compile(r"(\S+)\s+(\S.*?)\s*")
_KEY = re.compile(r"(/.*?/authorized_keys):\s*(.*)")


@collector(every="posture", fetch=ACCOUNTS, facts={"account"})
def macos_accounts(output: CommandOutput) -> Iterator[Fact]:
    """Local accounts but the system's own (`_name`): name -> number and shell."""
    shells = {match[1]: match[2] for match in map(_VALUE.fullmatch, section(output, "shells")) if match}
    for match in filter(None, map(_VALUE.fullmatch, section(output, "numbers"))):
        name, number = match.groups()
        if not name.startswith("_"):
            yield Fact("account", f"uid={number} shell={shells.get(name, '')}", name)


@collector(every="posture", fetch=ACCOUNTS, facts={"administrator"})
def macos_administrators(output: CommandOutput) -> Iterator[Fact]:
    """Members of the group admin, who may become root."""
    _, _, members = " ".join(section(output, "administrators")).partition(":")
    for name in members.split():
        yield Fact("administrator", "group admin", name)


@collector(every="posture", fetch=KEYS, facts={"authorized_key"})
def macos_authorized_keys(output: CommandOutput) -> Iterator[Fact | Partial]:
    """Fingerprint of each key and the file it stands in, its type, comment and options."""
    if _END not in output.lines:
        yield Partial("authorized_key")
    yield from found_keys((match[1], match[2]) for match in map(_KEY.fullmatch, output.lines) if match)
