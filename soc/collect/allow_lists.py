"""Commands as allow-lists for a host's administrator: sudoers(5), and ForceCommand of sshd_config(5)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

from soc.collect.commands import ListedCommand
from soc.model import ConfigurationError

# Letters that mean something to sudoers(5) or, after it, to glob(7); sudo takes a backslash before no others.
_SPECIAL = re.compile(r"[:,= \t#*?\[\]!^]")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,30}\$?", re.ASCII)
# Words that reach sudo as they are written, or in single quotes: only those can be allowed in advance.
_WORD = r"(?:[\w@%+=:,./-]+|'[^'\n]*')"
_WORDS = re.compile(f"{_WORD}(?: {_WORD})*", re.ASCII)
_ALIAS = "SOC_READ_ONLY"
_REFUSED = 126


def sudoers(commands: Iterable[ListedCommand], user: str) -> str:
    """Lines for a file in /etc/sudoers.d: what the commands run by sudo, to the letter, and nothing else.

    Raises ConfigurationError for a user name or a command that has no place there.
    """
    if not _USER.fullmatch(user):
        raise ConfigurationError(f"{user!r} is no account's name (letters, digits, '_', '-', '.')")
    allowed = sorted({line for item in commands for line in item.command.sudo})
    head = "# What soc runs as root, to the letter (soc collectors show --commands --format sudoers).\n"
    if not allowed:
        return f"{head}# Nothing.\n"
    lines = ", \\\n    ".join(_sudoers_command(line) for line in allowed)
    return f"{head}Cmnd_Alias {_ALIAS} = \\\n    {lines}\n{user} ALL = (root) NOPASSWD: {_ALIAS}\n"


def _sudoers_command(line: str) -> str:
    if not _WORDS.fullmatch(line):
        raise ConfigurationError(
            f"sudo {line!r}: words that the shell leaves as they are expected, in single quotes where needed"
        )
    path, *arguments = shlex.split(line)
    escaped = [_escaped(path), *map(_escaped, arguments)]
    # Without arguments sudo would allow any; "" allows none.
    return " ".join(escaped) if arguments else f'{escaped[0]} ""'


def _escaped(word: str) -> str:
    # A backslash is taken off twice: by sudo's parser, then by its matching of wildcards.
    return _SPECIAL.sub(r"\\\g<0>", word.replace("\\", "\\" * 4))


def forcecommand(commands: Iterable[ListedCommand]) -> str:
    """A POSIX shell script that runs $SSH_ORIGINAL_COMMAND where it is one of the commands, byte for byte.

    Nothing of what was asked for is run or expanded: it is compared with quoted constants, and the constant
    that is equal is run. Devices with such an account need `ssh: {restricted: true}`.
    """
    chosen = [item.command for item in commands if item.command.platforms != {"windows"}]
    cases = "".join(
        f"# {command.id}\n{quoted})\n  exec /bin/sh -c {quoted};;\n"
        for command in chosen
        for quoted in [shlex.quote(command.command)]
    )
    return f"""\
#!/bin/sh
# What soc may run on this host, and nothing else (soc collectors show --commands --format forcecommand).
# In authorized_keys:   restrict,command="/path/to/this/file" ssh-ed25519 ...
# or in sshd_config:    Match User soc
#                         ForceCommand /path/to/this/file
LC_ALL=C
export LC_ALL
case ${{SSH_ORIGINAL_COMMAND-}} in
{cases}esac
echo "refused: not one of the {len(chosen)} commands that soc may run on this host" >&2
exit {_REFUSED}
"""
