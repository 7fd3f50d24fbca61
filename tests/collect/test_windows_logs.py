"""soc.collect.windows_logs: the parser, and the command against a host that plays Windows."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Sequence

from soc.collect import CommandOutput, LogRecord, SshCommand
from soc.collect.load import load_collectors
from soc.collect.logs import GAP
from soc.collect.port import Answer
from soc.collect.ssh.transport import SshTransport
from soc.collect.windows_logs import windows_records, windows_script
from tests.support.scripted_ssh import Reply, ScriptedHost, ScriptedServer
from tests.support.windows_events import TIME, event_xml

SYSTEM, PROVIDER = "System", "Service Control Manager"


def _event(key: str, record: int) -> str:
    return f"{key} {record} {event_xml(7036, SYSTEM, PROVIDER, {'param1': 'x'}, record=record)}\r\n"


def _parse(*lines: str) -> list[LogRecord]:
    return list(windows_records("windows-system", CommandOutput("".join(lines), "", 0)))


def _cursors(records: Sequence[LogRecord]) -> list[str]:
    """Without their times, which are all the same here."""
    assert all(record.cursor.endswith(f"@{TIME}") for record in records)
    return [record.cursor.removesuffix(f"@{TIME}") for record in records]


def test_cursor_holds_each_channels_place() -> None:
    """Every event moves its channel's place; those of channels without news stay."""
    records = _parse("after app=7;sys=10\r\n", _event("sys", 11), _event("sys", 12), _event("app", 8))
    assert _cursors(records) == ["app=7;sys=11", "app=7;sys=12", "app=8;sys=12"]
    assert records[0].message.startswith("<Event ")
    assert (records[0].stream, records[0].format) == ("windows-system", "windows")


def test_first_contact_begins_anywhere() -> None:
    """Without a place in a channel nothing is missing before its first event."""
    assert _cursors(_parse("after \r\n", _event("sys", 500))) == ["sys=500"]
    assert _cursors(_parse("after sys=500\r\n", _event("mon", 90))) == ["mon=90;sys=500"]


def test_cleared_log_is_told_and_read_from_its_beginning() -> None:
    """Record ids that begin anew are a gap, and the new ones are read."""
    lost, *records = _parse("after sys=500\r\n", "restarted sys\r\n", _event("sys", 1), _event("sys", 2))
    assert (lost.format, lost.cursor) == (GAP, "gap sys of sys=500")
    assert lost.message == "sys: the log was cleared; its records begin anew, behind record 500"
    assert _cursors(records) == ["sys=1", "sys=2"]


def test_event_of_a_cleared_log_is_another_than_the_one_of_its_number() -> None:
    """The same record id in the new log has another cursor, and so another event."""
    (old,) = _parse("after \r\n", f"sec 1 {event_xml(4625, 'Security', 'x', {}, record=1)}\r\n")
    later = event_xml(1102, "Security", "x", {}, record=1, time="2026-03-01T11:00:00.5Z")
    _, new = _parse("after sec=7@2026-03-01T10:00:00Z\r\n", "restarted sec\r\n", f"sec 1 {later}\r\n")
    assert (old.cursor, new.cursor) == (f"sec=1@{TIME}", "sec=1@2026-03-01T11:00:00.5Z")


def test_overwritten_events_are_counted() -> None:
    """A log that was full before we came tells by its record ids how many are lost."""
    lost, record = _parse("after sys=500\r\n", _event("sys", 511))
    assert lost.message == "sys: 10 events behind record 500 were overwritten before they were read"
    assert _cursors([record]) == ["sys=511"]


def test_noise_and_cut_lines_are_no_events() -> None:
    """What start files print, and what the byte cap cut, is passed over."""
    records = _parse(
        "Welcome\r\n", "after sys=1\r\n", "sys x <Event/>\r\n", _event("sys", 2), "sys 3 <Event "
    )
    assert _cursors(records) == ["sys=2"]


def test_script_is_constant_and_reads_the_place_from_standard_input() -> None:
    """The command that is sent is the script alone, whatever was read before."""
    (system,) = [item for item in load_collectors() if item.name == "windows_system_logs"]
    (fetch,) = system.fetches.values()
    assert isinstance(fetch, SshCommand)
    encoded = fetch.command.rpartition(" ")[2]
    assert base64.b64decode(encoded).decode("utf-16-le") == fetch.script
    assert "$input" in fetch.script
    assert "'sys=System','app=Application'" in windows_script({"sys": "System", "app": "Application"})


def test_windows_host_is_pulled_from_where_it_ended(play_hosts: Callable[..., ScriptedServer]) -> None:
    """The place goes to the command's standard input, and what comes back moves it on."""
    (security,) = [item for item in load_collectors() if item.name == "windows_security_log"]
    (fetch,) = security.fetches.values()
    assert isinstance(fetch, SshCommand)

    def answer(line: str) -> Reply:
        reached = int(line.partition("@")[0].rpartition("=")[2] or 0)
        events = "".join(_event("sec", number) for number in range(reached + 1, 6)[:3])
        return Reply(f"after {line}\r\n{events}")

    server = play_hosts(dc=ScriptedHost({fetch.id: answer}, shell="powershell", noise="Welcome to DC-01\r\n"))
    found, cursors = [], dict[str, str]()
    for _ in range(3):
        answers: list[Answer] = []
        SshTransport().run([server.job("dc", fetch, cursors=cursors)], answers.append, time.monotonic() + 60)
        value = answers[0].values[fetch]
        assert isinstance(value, CommandOutput)
        records = list(security.parse(value))
        found += records
        cursors = {fetch.stream: records[-1].cursor} if records else cursors
    assert _cursors(found) == [f"sec={number}" for number in range(1, 6)]
