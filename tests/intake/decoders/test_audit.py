"""soc.intake.decoders.audit; records written from audit 3.0's documentation and the kernel's fields"""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from soc.detection import RuleSet
from soc.intake.decoders.audit import decode
from soc.intake.refine import Refiner
from soc.model import Device, Event, LogRecord
from tests.support.rules import load_documents, rule_document

_STAMP = "msg=audit(1772359200.101:501):"
EXEC = "\n".join(
    [
        f"type=SYSCALL {_STAMP} arch=c000003e syscall=59 success=yes exit=0 a0=55d0 a1=4142 items=2 ppid=900 "
        'pid=912 auid=1000 uid=0 euid=0 tty=pts0 ses=3 comm="cat" exe="/usr/bin/cat" key="shadow"'
        '\x1dARCH=x86_64 SYSCALL=execve AUID="mia" UID="root"',
        f'type=EXECVE {_STAMP} argc=3 a0="cat" a1="-n" a2=2F6574632F736861646F77',
        f'type=CWD {_STAMP} cwd="/home/mia"',
        f'type=PATH {_STAMP} item=0 name="/usr/bin/cat" inode=1 nametype=NORMAL',
        f'type=PATH {_STAMP} item=1 name="/lib64/ld-linux-x86-64.so.2" inode=2 nametype=NORMAL',
        f"type=PROCTITLE {_STAMP} proctitle=636174002D6E002F6574632F736861646F77",
    ]
)
LOGIN = (
    "node=web-01 type=USER_LOGIN msg=audit(1772359201.5:502): pid=900 uid=0 auid=1000 ses=3 "
    'msg=\'op=login acct="mia" exe="/usr/sbin/sshd" hostname=? addr=192.0.2.9 terminal=ssh res=success\''
)


def _event(text: str, rules: RuleSet | None = None) -> tuple[Event, list[str]]:
    (event,), matches = Refiner({}, rules or RuleSet()).refine(
        [(Device("web-01", "hosting"), LogRecord("audit", "c", text, "audit"), 1_772_359_300.0)]
    )
    return event, [match.rule_id for match in matches]


def test_program_that_was_started() -> None:
    """The call, its arguments, paths and title are one event, with the names of both Sigma sources."""
    event, _ = _event(EXEC)
    assert (event.product, event.category, event.service) == ("linux", "process_creation", "auditd")
    assert (event.class_uid, event.activity_id, event.user) == (1007, 1, "mia")
    assert event.time == 1_772_359_200.101
    assert (event.process, event.message) == ("/usr/bin/cat", "EXECVE /usr/bin/cat cat -n /etc/shadow")
    wanted = {
        "type": "EXECVE", "types": "SYSCALL EXECVE CWD PATH PROCTITLE", "a0": "cat", "a1": "-n",
        "a2": "/etc/shadow", "key": "shadow", "exe": "/usr/bin/cat", "comm": "cat", "auid": "1000",
        "syscall": "execve", "arch": "x86_64", "cwd": "/home/mia", "Image": "/usr/bin/cat",
        "CommandLine": "cat -n /etc/shadow", "CurrentDirectory": "/home/mia", "ParentProcessId": "900",
        "names": "/usr/bin/cat\n/lib64/ld-linux-x86-64.so.2", "User": "mia",
    }  # fmt: skip
    assert {name: event.fields.get(name) for name in wanted} == wanted
    assert event.raw.startswith("type=SYSCALL")


def test_record_of_user_space() -> None:
    """What stands in msg='…' counts as fields; account and address are the event's own."""
    event, _ = _event(LOGIN)
    assert (event.category, event.service, event.user, event.source_ip) == ("", "auditd", "mia", "192.0.2.9")
    assert event.message == "USER_LOGIN /usr/sbin/sshd login success"
    assert {name: event.fields.get(name) for name in ("type", "res", "terminal", "hostname", "op")} == {
        "type": "USER_LOGIN", "res": "success", "terminal": "ssh", "hostname": "web-01", "op": "login",
    }  # fmt: skip


def test_registers_are_no_text() -> None:
    """a0 of a system call is a number, even where its digits would be letters."""
    event, _ = _event(f"type=SYSCALL {_STAMP} syscall=105 a0=4142 a1=0")
    assert (event.fields["a0"], event.fields["type"], event.category) == ("4142", "SYSCALL", "")


def test_long_argument_comes_in_pieces() -> None:
    """The pieces of one argument are put together."""
    event, _ = _event(f'type=EXECVE {_STAMP} argc=2 a0="sh" a1_len=8 a1[0]="abcd" a1[1]=65666768')
    assert (event.fields["a1"], event.fields["CommandLine"]) == ("abcdefgh", "sh abcdefgh")


def test_several_keys() -> None:
    """Keys of a call that several rules watch are joined by commas."""
    event, _ = _event(f"type=SYSCALL {_STAMP} syscall=59 key=6F6E650174776F")
    assert event.fields["key"] == "one,two"


@pytest.mark.parametrize(
    ("selection", "source"),
    [
        ({"type": "EXECVE", "a0": "cat", "a2|contains": "shadow"}, {"service": "auditd"}),
        ({"type": "SYSCALL", "exe|endswith": "/cat", "key": "shadow"}, {"service": "auditd"}),
        ({"type": "PATH", "name": "/usr/bin/cat"}, {"service": "auditd"}),
        ({"type": "PATH", "name|endswith": "x86-64.so.2"}, {"service": "auditd"}),
        ({"Image|endswith": "/cat", "CommandLine|contains": "shadow"}, {"category": "process_creation"}),
    ],
)  # fmt: skip
def test_rules_of_each_record_match_the_joined_event(
    tmp_path: Path, selection: dict[str, str], source: dict[str, str]
) -> None:
    """A rule about any of the records finds the event, unmodified; another value does not."""

    def matched(wanted: dict[str, str]) -> int:
        detection = {"selection": wanted, "condition": "selection"}
        document = rule_document(detection, logsource={"product": "linux", **source})
        return len(_event(EXEC, load_documents(tmp_path, document))[1])

    assert matched(selection) == 1
    assert matched({**selection, "exe|endswith": "/dog"}) == 0


@pytest.mark.parametrize(
    "line",
    [
        "", "type=", "type=X msg=audit(1:2): a=b", "type=X msg=audit(99999999999999.1:2): a=b", "\x00",
        "=" * 9999,        "Mar  1 10:00:00 host app: x",
    ],
)  # fmt: skip
def test_other_lines_are_none(line: str) -> None:
    """What is no record of the audit system is left to others."""
    assert decode(line, 0.0, UTC) is None


@pytest.mark.parametrize(
    "body",
    [
        "a=" * 5000,
        "proctitle=" + "41" * 30000,
        "msg='msg='msg='",
        "x='unclosed",
        "name=\xff\xfe",
        "addr=; rm -rf /",
    ],
)
def test_hostile_records_are_bounded(body: str) -> None:
    """Whatever a record says, the event has bounded texts and a bounded number of fields."""
    event, _ = _event(f"type=SYSCALL {_STAMP} {body}")
    assert event.service == "auditd"
    assert len(event.fields) <= 64
    assert len(event.message) <= 8192
    assert len(event.raw) <= 8192
