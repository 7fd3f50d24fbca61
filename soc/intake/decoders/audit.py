"""The records of Linux' audit system, those of one event together (audit.rules(7), ausearch(8)).

Names are the records' own, as Sigma's rules for `product: linux, service: auditd` have them. A program that
was started (EXECVE) answers as `category: process_creation`, too. Of several records of one event each type
is in `types` and each path in `names`; `type` and `name` hold the most telling one.
"""

from __future__ import annotations

import re
from datetime import tzinfo

from soc.intake.frame import LAUNCH, PROCESS_ACTIVITY, Frame, Meaning, source

FORMAT = "audit"

_RECORD = re.compile(r"(?:node=(\S+) )?type=(\S+) msg=audit\((\d{1,12}\.\d{1,9}):\d+\): ?(.*)", re.DOTALL)
_FIELD = re.compile(r"""([A-Za-z][\w-]*(?:\[\d+\])?)=("[^"]*"|'[^']*'|\S*)""")
_ARGUMENT = re.compile(r"(a\d+)(?:\[\d+\])?")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_MAXIMUM_FIELDS = 48
_MAXIMUM_ARGUMENTS = 24
_INFORMATIONAL = 6
# Text that somebody chose is quoted, or written in hexadecimal where it holds quotes, blanks or worse.
_CHOSEN = frozenset({"acct", "cmd", "comm", "cwd", "data", "exe", "key", "name", "proctitle", "vm", "path"})
_TELLING = ("EXECVE", "USER_CMD", "PATH", "SYSCALL")
# What enriched records name beside the number (auditd.conf(5), log_format).
_NAMED = {"SYSCALL": "syscall", "ARCH": "arch", "AUID": "auid_name", "UID": "uid_name", "EUID": "euid_name"}


def decode(line: str, received: float, zone: tzinfo) -> Frame | None:  # noqa: ARG001 (a decoder's signature)
    types: dict[str, None] = {}
    names: dict[str, None] = {}
    fields: dict[str, str] = {}
    arguments: dict[str, str] = {}
    time, host = None, ""
    for text in line.split("\n"):
        match = _RECORD.fullmatch(text)
        if match is None:
            continue
        host = host or match[1] or ""
        time = float(match[3]) if time is None else time
        types[match[2]] = None
        found = _fields(match[2], match[4])
        if match[2] == "EXECVE":
            arguments = _arguments(found)
            continue
        if match[2] == "PATH" and (name := found.get("name")):
            names[name] = None
        for name, value in found.items():
            fields.setdefault(name, value)
    if not types:
        return None
    if arguments:  # in the place of the call's registers, which have the same names
        registers = [name for name in fields if _ARGUMENT.fullmatch(name)]
        for name in registers:
            del fields[name]
    command = fields.get("proctitle") or " ".join(arguments.values())
    return _frame(list(types), list(names), fields, arguments, command, time, host)


def _frame(
    types: list[str],
    names: list[str],
    fields: dict[str, str],
    arguments: dict[str, str],
    command: str,
    time: float | None,
    host: str,
) -> Frame:
    telling = next((name for name in _TELLING if name in types), types[0])
    user = fields.get("acct") or fields.get("auid_name") or fields.get("uid_name") or ""
    source_ip, named = source(fields.get("addr", "").strip("?"))
    category, class_uid, activity_id = "", 0, 0
    more = {"type": telling, "types": " ".join(types), **named}
    if host:
        more["hostname"] = host
    if names:
        more["names"] = "\n".join(names)
    if "EXECVE" in types:
        category, class_uid, activity_id = "process_creation", PROCESS_ACTIVITY, LAUNCH
        more |= {
            "Image": fields.get("exe", ""),
            "CommandLine": command,
            "CurrentDirectory": fields.get("cwd", ""),
            "ProcessId": fields.get("pid", ""),
            "ParentProcessId": fields.get("ppid", ""),
            "User": user,
        }
    shown = command or names[0] if command or names else fields.get("op", "")
    words = (telling, fields.get("exe", ""), shown, fields.get("res", ""))
    kept = {**more, **dict(list(arguments.items())[:_MAXIMUM_ARGUMENTS]), **fields}
    meaning = Meaning(
        "auditd", category, class_uid, activity_id, user, source_ip,
        {name: value for name, value in kept.items() if value},
    )  # fmt: skip
    program = fields.get("exe") or fields.get("comm", "")
    return Frame(" ".join(word for word in words if word), program, time, _INFORMATIONAL, meaning=meaning)


def _fields(type: str, text: str) -> dict[str, str]:
    """Names and values of one record; those inside msg='…' as if they stood beside it."""
    found: dict[str, str] = {}
    text, _, enriched = text.partition("\x1d")
    for match in _FIELD.finditer(text):
        name, value = match[1], match[2]
        if name == "msg" and value.startswith("'"):
            for inner, content in _fields(type, value[1:-1]).items():
                found.setdefault(inner, content)
        elif len(found) < _MAXIMUM_FIELDS and value not in ("(null)", "?", '"(null)"'):
            found.setdefault(name, _value(type, name, value))
    for match in _FIELD.finditer(enriched):
        if name := _NAMED.get(match[1]):
            found[name] = match[2].strip('"')
    return found


def _value(type: str, name: str, value: str) -> str:
    if value.startswith(('"', "'")):
        return value[1:-1]
    # In other records a0 and so on are registers: numbers.
    chosen = name in _CHOSEN or (type == "EXECVE" and _ARGUMENT.fullmatch(name))
    if chosen and _HEX.fullmatch(value):
        data = bytes.fromhex(value).rstrip(b"\0")
        return data.replace(b"\0", b" ").replace(b"\x01", b",").decode("utf-8", "replace")
    return value


def _arguments(found: dict[str, str]) -> dict[str, str]:
    """a0, a1 …; long ones come in pieces, a1[0], a1[1]."""
    arguments: dict[str, str] = {}
    for name, value in found.items():
        if match := _ARGUMENT.fullmatch(name):
            arguments[match[1]] = arguments.get(match[1], "") + value
    return arguments
