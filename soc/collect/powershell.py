"""Commands for Windows hosts: PowerShell that prints one JSON document, and what is read from that.

They run on Windows PowerShell 5.1, which every Windows since Server 2016 has, below any login shell.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from soc.collect.declare import CommandFailedError, CommandOutput, NotApplicableError, SshCommand, text_lines
from soc.collect.item import Item, items_of

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


def powershell(id: str, *, maximum_bytes: int = 1_000_000, **sections: str) -> SshCommand:
    """A command whose document has an array for each section, made by its pipeline (`rows` reads it).

    Pipelines must not depend on each other's success. `T` writes a time as ISO 8601 in UTC; numbers of
    enumerations and lines of files need `"$(…)"`, or 5.1 makes numbers and objects of them. Raises
    ValueError for what cmd.exe could not start.
    """
    lines = [f"S {name} {{{' '.join(pipeline.split())}}}" for name, pipeline in sections.items()]
    script = _BEGIN + "\n".join(lines) + "\n" + _END
    return SshCommand(
        id, encoded(id, script), platforms=("windows",), maximum_bytes=maximum_bytes, script=script
    )


def encoded(id: str, script: str) -> str:
    """The command line that runs the script. Raises ValueError for what cmd.exe could not start."""
    if not script.isascii():
        raise ValueError(f"command {id}: not ASCII")
    command = _PROGRAM + base64.b64encode(script.encode("utf-16-le")).decode("ascii")
    if len(command) > MAXIMUM_COMMAND_CHARACTERS:
        raise ValueError(
            f"command {id}: {len(command)} characters encoded, {MAXIMUM_COMMAND_CHARACTERS} at most; "
            "make two commands of it"
        )
    return command


def rows(output: CommandOutput, section: str) -> list[Item]:
    """What a section of a `powershell` command gave.

    Raises NotApplicableError where the host has no such thing or keeps it from the account,
    CommandFailedError where it failed otherwise, ValueError where there is no whole document.
    """
    document = _document(output.stdout)
    if section in document:
        return items_of(document[section])
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
    lines = [line for line in text_lines(stdout) if line.lstrip("\ufeff").startswith('{"')]
    if not lines:
        raise ValueError("no JSON document came")
    try:
        document = json.loads(lines[-1].lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the JSON document is cut off or broken ({error})") from None
    if not isinstance(document, dict):
        raise ValueError("the JSON document is no object")
    return document
