"""What kind of host answers: one constant command, whose answer is remembered."""

from __future__ import annotations

from soc.collect.declare import CommandOutput, SshCommand

# POSIX systems know uname; Windows' cmd.exe does not, and its own `ver` answers.
DETECT = SshCommand("platform", "uname -s || ver", platforms=(), maximum_bytes=4096)

_PLATFORMS = {
    "linux": "linux",
    "darwin": "macos",
    "freebsd": "freebsd",
    "openbsd": "openbsd",
    "netbsd": "netbsd",
    "sunos": "solaris",
    "aix": "aix",
}


def platform_of(output: CommandOutput) -> str:
    """The platform as SshCommand.platforms spells it; "" where the answer is of none we know.

    Lines before the answer are noise of the account's shell start files.
    """
    for line in reversed(output.stdout.lower().splitlines()):
        word = line.strip()
        if word in _PLATFORMS:
            return _PLATFORMS[word]
        if word.startswith("microsoft windows"):
            return "windows"
    return ""
