"""Commands for Windows hosts: PowerShell that prints one JSON document, and what is read from that.

They run on Windows PowerShell 5.1, which every Windows since Server 2016 has, below any login shell.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime
from typing import Any

from soc.collect.declare import CommandFailedError, CommandOutput, NotApplicableError, SshCommand

# cmd.exe takes command lines of 8,191 characters; sshd puts its own path and `/c` before ours.
MAXIMUM_COMMAND_CHARACTERS = 8_000
_PROGRAM = "powershell.exe -NoProfile -NonInteractive -EncodedCommand "
# A section that fails takes no other with it. The bytes are written past the console, whose code page is
# the host's; where the language is constrained (AppLocker), the text goes the usual way.
_BEGIN = """\
$ProgressPreference='SilentlyContinue';$ErrorActionPreference='Stop'
try{[cultureinfo]::CurrentCulture=[cultureinfo]::InvariantCulture}catch{}
$d=[ordered]@{};$e=@{}
function E($r){"$($r.CategoryInfo.Category) $($r.FullyQualifiedErrorId): $r"}
function S($n,$b){try{$d[$n]=@(&$b)}catch{$e[$n]=E $_}}
function T($t){if($t){$t.ToUniversalTime().ToString('s')+'Z'}}
"""
_END = """\
$d.errors=$e
$j=ConvertTo-Json $d -Compress -Depth 4
try{$b=[Text.Encoding]::UTF8.GetBytes($j);$o=[Console]::OpenStandardOutput();$o.Write($b,0,$b.Length)}catch{$j}
"""
# Of what the host has not got, or does not let the account have, in any language: categories of errors
# (System.Management.Automation.ErrorCategory), identifiers, WMI's invalid class, namespace, access denied.
_NOT_THERE = re.compile(
    r"(?:ObjectNotFound|PermissionDenied|NotImplemented|NotInstalled|SecurityError) "
    r"|\S* ?\S*(?:UnauthorizedAccess|FileNotFound|DirectoryNotFound|HRESULT 0x800410(?:10|0e|03))",
    re.IGNORECASE,
)
_ERROR_CHARACTERS = 300


def powershell(
    id: str, *, maximum_bytes: int = 1_000_000, exit_codes: tuple[int, ...] = (0,), **sections: str
) -> SshCommand:
    """A command whose document has an array for each section, made by its pipeline (`rows` reads it).

    Pipelines must not depend on each other's success. `T` writes a time as ISO 8601 in UTC; numbers of
    enumerations and lines of files need `"$(…)"`, or 5.1 makes numbers and objects of them. Raises
    ValueError for what cmd.exe could not start.
    """
    lines = [f"S {name} {{{' '.join(pipeline.split())}}}" for name, pipeline in sections.items()]
    script = _BEGIN + "\n".join(lines) + "\n" + _END
    if not script.isascii():
        raise ValueError(f"command {id}: not ASCII")
    command = _PROGRAM + base64.b64encode(script.encode("utf-16-le")).decode("ascii")
    if len(command) > MAXIMUM_COMMAND_CHARACTERS:
        raise ValueError(
            f"command {id}: {len(command)} characters encoded, {MAXIMUM_COMMAND_CHARACTERS} at most; "
            "make two commands of it"
        )
    return SshCommand(
        id, command, platforms=("windows",), exit_codes=exit_codes, maximum_bytes=maximum_bytes, script=script
    )


class Item:
    """One object of a JSON document. Whatever stands there, a reader gives its type or None."""

    def __init__(self, value: Any) -> None:
        """A value that is no object is its own only member, named ""."""
        self._members: dict[str, Any] = value if isinstance(value, dict) else {"": value}

    def text(self, name: str = "") -> str:
        """ "" where it is absent, null, or no text or number."""
        value = self._members.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return ""
        return str(value).strip()

    def number(self, name: str = "") -> float | None:
        value = self._members.get(name)
        if isinstance(value, bool):
            return None
        try:
            return float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            return None

    def whole(self, name: str = "") -> int | None:
        number = self.number(name)
        return int(number) if number is not None and abs(number) < 2**64 else None

    def flag(self, name: str = "") -> bool | None:
        value = self._members.get(name)
        return value if isinstance(value, bool) else None

    def moment(self, name: str = "") -> float | None:
        """UTC seconds of a time in ISO 8601."""
        try:
            return datetime.fromisoformat(self.text(name)).timestamp()
        except (ValueError, OverflowError):
            return None

    def items(self, name: str) -> list[Item]:
        """The members of an array; a single one may stand there without its array."""
        return _items(self._members.get(name))

    def __contains__(self, name: str) -> bool:
        return self._members.get(name) is not None


def rows(output: CommandOutput, section: str) -> list[Item]:
    """What a section of a `powershell` command gave.

    Raises NotApplicableError where the host has no such thing or keeps it from the account,
    CommandFailedError where it failed otherwise, ValueError where there is no whole document.
    """
    document = _document(output.stdout)
    if section in document:
        return _items(document[section])
    errors = document.get("errors")
    said = errors.get(section) if isinstance(errors, dict) else None
    if said is None:
        raise ValueError(f"section {section!r} is missing")
    text = str(said)[:_ERROR_CHARACTERS]
    if _NOT_THERE.match(text):
        raise NotApplicableError(text)
    raise CommandFailedError(f"{section}: {text}")


def _document(stdout: str) -> dict[str, Any]:
    # It is one line; what stands before it is noise of the account's shell.
    lines = [line for line in stdout.splitlines() if line.lstrip("\ufeff").startswith('{"')]
    if not lines:
        raise ValueError("no JSON document came")
    try:
        document = json.loads(lines[-1].lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the JSON document is cut off or broken ({error})") from None
    if not isinstance(document, dict):
        raise ValueError("the JSON document is no object")
    return document


def _items(value: Any) -> list[Item]:
    if value is None:
        return []
    if isinstance(value, dict) and value.keys() == {"value", "Count"}:
        value = value["value"]  # how 5.1 writes an array that it has wrapped
    return [Item(one) for one in value if one is not None] if isinstance(value, list) else [Item(value)]
