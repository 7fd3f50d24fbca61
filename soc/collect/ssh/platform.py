"""What kind of host answers: constant commands, asked at first contact; the answer is remembered."""

from __future__ import annotations

import re
from collections.abc import Iterable

from soc.collect.declare import CommandOutput, SshCommand
from soc.model.text import clean

# POSIX shells know uname, and so do those of Cygwin, MSYS and Git on Windows. cmd.exe does not, its
# own `ver` answers.
DETECT = SshCommand("platform", "uname -s || ver", platforms=(), maximum_bytes=4096)
# The default shell of a Windows host may be PowerShell, which has neither, and before version 7 no `||`.
DETECT_WINDOWS = SshCommand("platform-windows", "cmd.exe /c ver", platforms=(), maximum_bytes=4096)
# In this order, until one tells.
DETECTIONS = (DETECT, DETECT_WINDOWS)

_PLATFORMS = {
    "linux": "linux",  # Windows' Subsystem for Linux, too: it is what the account logs in to
    "darwin": "macos",
    "freebsd": "freebsd",
    "openbsd": "openbsd",
    "netbsd": "netbsd",
    "dragonfly": "dragonfly",
    "sunos": "solaris",
    "aix": "aix",
    "hp-ux": "hp-ux",
}
# uname of the POSIX layers that run on Windows; `ver` begins with the product's name in every language.
_WINDOWS = re.compile(r"(?:cygwin|mingw\d*|msys)_nt-[\d.]|microsoft windows ")
_SHOWN_CHARACTERS = 80


def platform_of(output: CommandOutput) -> str:
    """The platform as SshCommand.platforms spells it; "" where the answer is of none we know.

    Lines before the answer are noise of the account's shell start files.
    """
    for line in reversed(output.stdout.lower().splitlines()):
        word = line.strip()
        if word in _PLATFORMS:
            return _PLATFORMS[word]
        if _WINDOWS.match(word):
            return "windows"
    return ""


def unknown(outputs: Iterable[CommandOutput]) -> str:
    """Says what a host answered that is of no platform we know."""
    said = [
        f"{detection.command!r} gave exit code {output.exit_code} and {_shown(output)}"
        for detection, output in zip(DETECTIONS, outputs, strict=False)
    ]
    return f"the platform is not known: {'; '.join(said)}"


def _shown(output: CommandOutput) -> str:
    lines = (output.stdout.strip() or output.stderr.strip()).splitlines()
    return repr(clean(lines[-1].strip(), _SHOWN_CHARACTERS)) if lines else "nothing"
