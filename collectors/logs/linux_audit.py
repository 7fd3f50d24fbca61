"""What the kernel's audit system records on Linux hosts: auditd's log (auditd(8), auditd.conf(5)).

Debian keeps it readable for the group adm, Red Hat for root; `log_group` in auditd.conf changes that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from soc.collect import LogRecord
from soc.collect.logs import GAP, log_file

MAXIMUM_CHARACTERS = 65_000  # of one event's records
_HEAD = re.compile(r"(?:node=\S+ )?type=(\S+) msg=audit\(([\d.]+:\d+)\)")
# What ends an event of several records; one that user space sent is a single record.
_LAST = frozenset({"PROCTITLE", "EOE"})
_OF_SEVERAL = frozenset(
    {"SYSCALL", "EXECVE", "CWD", "PATH", "SOCKADDR", "AVC", "SECCOMP", "BPRM_FCAPS", "IPC"}
)


@dataclass(slots=True)
class _Event:
    first: int  # its first line
    last: int = 0
    types: set[str] = field(default_factory=set)
    lines: list[LogRecord] = field(default_factory=list)

    @property
    def may_go_on(self) -> bool:
        return bool(self.types & _OF_SEVERAL) and not self.types & _LAST


def join(records: Iterator[LogRecord]) -> Iterator[LogRecord]:
    """One record for each event, whose lines may lie between those of others.

    An event that may not be whole yet is left for the next pull, and what ends behind its first line.
    """
    events: dict[str, _Event] = {}
    for number, record in enumerate(records):
        if record.format == GAP:
            yield record
            continue
        head = _HEAD.match(record.message)
        event = events.setdefault(head[2] if head else record.cursor, _Event(number))
        event.types.add(head[1] if head else "")
        event.last = number
        event.lines.append(record)
    whole = sorted(events.values(), key=lambda event: event.last)
    if (
        whole
        and whole[-1].may_go_on
        and sum(len(line.message) for line in whole[-1].lines) < MAXIMUM_CHARACTERS
    ):
        begun = whole.pop().first
        whole = [event for event in whole if event.last < begun]
    for event in whole:
        last = event.lines[-1]
        text = "\n".join(line.message for line in event.lines)
        yield LogRecord(last.stream, last.cursor, text[:MAXIMUM_CHARACTERS], last.format)


linux_audit_log = log_file(
    "linux_audit_log",
    "The records of auditd's log, those of one event joined.",
    "/var/log/audit/audit.log",
    stream="audit",
    format="audit",
    join=join,
)
