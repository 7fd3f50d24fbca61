"""soc.collect.logs: the command that follows a file, and its parser; files grow, rotate and are cut."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from soc.collect import CommandOutput, LogRecord
from soc.collect.logs import (
    FIRST_CONTACT_BYTES,
    GAP,
    JOURNALD_SOCKET,
    PULL_BYTES,
    PULL_LINES,
    file_records,
    file_script,
)
from soc.collect.outcome import MAXIMUM_RECORDS

Pull = Callable[[str], list[LogRecord]]


@pytest.fixture(params=["system", "busybox"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """PATH of the system's tools, and of busybox's in their place."""
    if request.param == "system":
        return os.environ["PATH"]
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("needs Debian package busybox")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "stat", "head", "tail", "sha256sum", "tr", "awk", "ls"):
        (tools / name).symlink_to(busybox)
    return str(tools)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the log is to be; not there yet."""
    return tmp_path / "auth.log"


@pytest.fixture
def run(path: str, log: Path) -> Callable[[str], CommandOutput]:
    """Run the command with a cursor line on standard input."""
    command = file_script(str(log.with_name("missing")), str(log))

    def execute(cursor: str) -> CommandOutput:
        done = subprocess.run(
            ["/bin/sh", "-c", command], input=cursor + "\n", capture_output=True, text=True,
            errors="replace", env={"PATH": path}, check=False,
        )  # fmt: skip
        return CommandOutput(done.stdout, done.stderr, done.returncode)

    return execute


@pytest.fixture
def pull(run: Callable[[str], CommandOutput]) -> Pull:
    """Pull and parse; the command must have ended well and quietly."""

    def execute(cursor: str) -> list[LogRecord]:
        output = run(cursor)
        assert (output.exit_code, output.stderr) == (0, "")
        return list(file_records("auth", "syslog", output))

    return execute


def _append(log: Path, *lines: str, end: str = "\n") -> None:
    with log.open("a") as file:
        file.write("\n".join(lines) + end)


def _messages(records: list[LogRecord]) -> list[str]:
    return [record.message for record in records]


def test_cursor_resumes_after_the_last_line(log: Path, pull: Pull) -> None:
    """Each line comes once, and the cursor names the end of its line."""
    _append(log, "one", "two")
    first = pull("")
    assert _messages(first) == ["one", "two"]
    assert [record.cursor.rpartition(":")[2] for record in first] == ["4", "8"]
    assert first[0].cursor.split(":")[0] == str(log.stat().st_ino)
    assert pull(first[-1].cursor) == []
    _append(log, "three")
    assert _messages(pull(first[-1].cursor)) == ["three"]
    assert pull(first[0].cursor)[0] == first[1]


def test_only_whole_lines_count(log: Path, pull: Pull) -> None:
    """A line that is still being written comes with the pull after its newline."""
    _append(log, "one", "tw", end="")
    (record,) = pull("")
    assert record.message == "one"
    _append(log, "o")
    assert _messages(pull(record.cursor)) == ["two"]


def test_first_contact_reads_a_bounded_tail(log: Path, pull: Pull) -> None:
    """Of a long log the first contact takes the last 64 KB, from the first whole line on."""
    lines = [f"line {number:06}" for number in range(20_000)]
    _append(log, *lines)
    records = pull("")
    assert records[-1].message == lines[-1]
    assert _messages(records) == lines[-len(records) :]
    size = sum(len(record.message) + 1 for record in records)
    assert FIRST_CONTACT_BYTES - 12 <= size <= FIRST_CONTACT_BYTES
    assert records[-1].cursor.endswith(f":{log.stat().st_size}")


def test_rotated_log_is_read_to_its_end_first(log: Path, pull: Pull) -> None:
    """Lines written before and after two rotations between two pulls come once each, in order."""
    _append(log, "one", "two")
    cursor = pull("")[0].cursor
    _append(log, "three")
    log.rename(log.with_name("auth.log.2"))
    os.utime(log.with_name("auth.log.2"), (1000, 1000))
    _append(log, "four")
    log.rename(log.with_name("auth.log.1"))
    os.utime(log.with_name("auth.log.1"), (2000, 2000))
    _append(log, "five")
    records = pull(cursor)
    assert _messages(records) == ["two", "three", "four", "five"]
    assert _messages(pull(records[1].cursor)) == ["four", "five"]


def test_daemon_that_still_writes_the_rotated_file_loses_nothing(log: Path, pull: Pull) -> None:
    """Until the new file has lines, the cursor stays in the old one."""
    _append(log, "one")
    cursor = pull("")[-1].cursor
    rotated = log.rename(log.with_name("auth.log.1"))
    log.touch()
    assert pull(cursor) == []
    _append(rotated, "late")
    _append(log, "new")
    assert _messages(pull(cursor)) == ["late", "new"]


def test_log_copied_and_cut_in_place(log: Path, pull: Pull) -> None:
    """With logrotate's copytruncate the copy is read on from the cursor, then the cut file."""
    _append(log, "one", "two")
    cursor = pull("")[0].cursor
    shutil.copy(log, log.with_name("auth.log.1"))
    log.write_text("three\n")
    assert _messages(pull(cursor)) == ["two", "three"]


def test_reused_inode_is_another_file(log: Path, pull: Pull) -> None:
    """A file of the same inode but another beginning is read from its start."""
    _append(log, "first of the old", "more")
    cursor = pull("")[-1].cursor
    log.write_text("a wholly new beginning\n")  # keeps the inode
    lost, record = pull(cursor)
    assert (lost.format, record.message) == (GAP, "a wholly new beginning")


def test_log_that_lost_its_end_is_told(log: Path, pull: Pull) -> None:
    """A file with the same beginning, shorter than what was read of it, was cut: it is read anew."""
    _append(log, "one", "two", "three")
    cursor = pull("")[-1].cursor
    log.write_text("one\n")
    lost, record = pull(cursor)
    assert (lost.format, lost.cursor, record.message) == (GAP, f"gap {cursor}", "one")


def test_vanished_log_is_begun_anew(log: Path, pull: Pull) -> None:
    """When no file is the cursor's any more, the current one is read from its start."""
    _append(log, "one")
    cursor = pull("")[-1].cursor
    log.unlink()
    _append(log, "two", "three")
    lost, *records = pull(cursor)
    assert (lost.format, lost.cursor) == (GAP, f"gap {cursor}")
    assert _messages(records) == ["two", "three"]


def test_bytes_that_are_no_text_keep_the_offsets_right(log: Path, pull: Pull) -> None:
    """Offsets count bytes, whatever the bytes: NUL, invalid UTF-8, carriage returns, blanks."""
    log.write_bytes(b"a\0b\xff\xfe c\r\n\xc3\xa4\n\n  two  blanks \n")
    records = pull("")
    assert [int(record.cursor.rpartition(":")[2]) for record in records] == [9, 12, 13, 28]
    assert _messages(records)[1:] == ["ä", "", "  two  blanks "]
    assert _messages(pull(records[1].cursor)) == ["", "  two  blanks "]


def test_line_cannot_forge_a_cursor(log: Path, pull: Pull) -> None:
    """What a log line says is message, even when it looks like a cursor."""
    _append(log, "1:2b:3 forged")
    (record,) = pull("")
    assert record.message == "1:2b:3 forged"
    assert record.cursor.endswith(":14")


def test_burst_is_pulled_in_bounded_pieces(log: Path, pull: Pull) -> None:
    """More than one pull's bytes come over several pulls, each line once."""
    _append(log, "begin")
    cursor = pull("")[-1].cursor
    lines = [f"{number:07} {'x' * 92}" for number in range(25_000)]
    _append(log, *lines)
    found: list[str] = []
    for _ in range(4):
        records = pull(cursor)
        if not records:
            break
        assert sum(len(record.message) + 1 for record in records) <= PULL_BYTES
        found += _messages(records)
        cursor = records[-1].cursor
    assert found == lines


def test_endless_line_does_not_stop_the_log(log: Path, pull: Pull) -> None:
    """A line longer than a whole pull comes in part, and the log goes on behind it."""
    _append(log, "begin")
    cursor = pull("")[-1].cursor
    _append(log, "y" * (PULL_BYTES + 100), "after")
    found: list[str] = []
    for _ in range(3):
        records = pull(cursor)
        found += _messages(records)
        cursor = records[-1].cursor if records else cursor
    assert found[0] == "y" * 8192
    assert found[-1] == "after"


def test_no_log_is_not_applicable(run: Callable[[str], CommandOutput]) -> None:
    """A host without such a log answers as one without the command: exit code 127."""
    assert run("").exit_code == 127


def test_truncated_output_gives_whole_lines_only() -> None:
    """What the byte cap cut in the middle of a line is left for the next pull."""
    output = CommandOutput("7:9ab:4 one\n7:9ab:8 tw", "", 0, truncated=True)
    assert _messages(list(file_records("auth", "syslog", output))) == ["one"]


def test_unreadable_log_says_so(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the right to read it, the command fails and names the file."""
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("needs Debian package util-linux")
        prefix = ["setpriv", "--reuid=65534", "--clear-groups"]
    else:
        prefix = []
    _append(log, "secret")
    log.chmod(0)
    for parent in (log.parent, *log.parent.parents):
        if parent.owner() == log.owner() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o055)
    done = subprocess.run(
        [*prefix, "/bin/sh", "-c", file_script(str(log))], input="\n", capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"{log}: permission denied" in done.stderr


def test_file_is_left_alone_where_the_journal_has_its_lines(tmp_path: Path, log: Path) -> None:
    """Where journald runs and can be read the command does not apply; elsewhere it does, whatever is left."""
    _append(log, "one")
    tools = tmp_path / "journalctl-bin"
    tools.mkdir()
    journalctl = tools / "journalctl"
    command = file_script(str(log), unless_journal=True)
    running, stopped = tmp_path / "socket", tmp_path / "nothing"
    journald = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    journald.bind(os.fspath(running))

    def run(answer: str, at: Path = running) -> tuple[int, str]:
        journalctl.write_text(f"#!/bin/sh\n{answer}\n")
        journalctl.chmod(0o755)
        done = subprocess.run(
            ["/bin/sh", "-c", command.replace(JOURNALD_SOCKET, str(at))], input="\n", capture_output=True,
            text=True, env={"PATH": f"{tools}:{os.environ['PATH']}"}, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout.partition(" ")[2]

    assert run("echo Mar 01 10:00:00 web-01 sshd: x") == (127, "")
    assert run("echo of last year", stopped) == (0, "one\n")
    assert run("exit 0") == (0, "one\n")
    assert run("echo no permission >&2; exit 1") == (0, "one\n")
    journald.close()


@pytest.mark.parametrize(
    "path", ["messages", "/var/log/a b", "/var/log/*", "/var/log/$(id)", "/x;id", "/a\n/b", ""]
)
def test_path_is_plain(path: str) -> None:
    """What a shell would take for more than a name is refused where it is declared."""
    with pytest.raises(ValueError, match="an absolute path"):
        file_script(path)


def test_pull_of_very_many_lines_is_taken_in_parts() -> None:
    """Where the records would be too many for one poll, the next goes on behind the last that was taken."""
    stdout = "".join(f"1:ab:{number} \n" for number in range(PULL_LINES + 9))
    *_, last = records = list(file_records("auth", "syslog", CommandOutput(stdout, "", 0)))
    assert (len(records), last.cursor) == (PULL_LINES, f"1:ab:{PULL_LINES - 1}")
    assert PULL_LINES < MAXIMUM_RECORDS
