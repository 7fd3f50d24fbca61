"""soc.collect.journal: the command and its parser, on journals that grow, rotate, and are vacuumed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from soc.collect import CommandOutput, LogRecord
from soc.collect.journal import FIRST_CONTACT_ENTRIES, PULL_BYTES, journal_records, journal_script
from soc.collect.logs import GAP
from tests.support.journal import START_MICROSECONDS, Journal

Pull = Callable[[str], list[LogRecord]]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """An empty directory for journal files."""
    directory = tmp_path / "journal"
    directory.mkdir()
    return Journal(directory)


def _run(directory: Path, cursor: str, *prefix: str) -> CommandOutput:
    done = subprocess.run(
        [*prefix, "/bin/sh", "-c", journal_script(f"--directory={directory}")],
        input=f"{cursor}\n".encode(), capture_output=True, check=False,
    )  # fmt: skip
    return CommandOutput(done.stdout.decode("utf-8", "replace"), done.stderr.decode(), done.returncode)


@pytest.fixture
def pull(journal: Journal) -> Pull:
    """Pull and parse; the command must have ended well and quietly."""

    def execute(cursor: str) -> list[LogRecord]:
        output = _run(journal.directory, cursor)
        assert (output.exit_code, output.stderr) == (0, "")
        return list(journal_records("journal", output))

    return execute


def _messages(records: list[LogRecord]) -> list[str]:
    return [json.loads(record.message)["MESSAGE"] for record in records if record.format != GAP]


def test_each_entry_comes_once(journal: Journal, pull: Pull) -> None:
    """The cursor names the entry read last; the next pull begins behind it."""
    journal.write("one", "two")
    first = pull("")
    assert _messages(first) == ["one", "two"]
    assert [record.time for record in first] == [
        (START_MICROSECONDS + 1000) / 1e6, (START_MICROSECONDS + 2000) / 1e6,
    ]  # fmt: skip
    assert pull(first[-1].cursor) == []
    journal.write("three")
    assert _messages(pull(first[-1].cursor)) == ["three"]
    assert pull(first[0].cursor)[0] == first[1]


def test_rotation_and_reboot_lose_nothing(journal: Journal, pull: Pull) -> None:
    """Entries behind the cursor come in order from whatever files and boots they stand in."""
    journal.write("one", "two")
    cursor = pull("")[0].cursor
    journal.rotate(1)
    journal.write("three")
    journal.rotate(2)
    journal.boot = "f" * 32
    journal.write("four")
    records = pull(cursor)
    assert _messages(records) == ["two", "three", "four"]
    assert _messages(pull(records[1].cursor)) == ["four"]


def test_vacuumed_cursor_goes_on_from_the_oldest(journal: Journal, pull: Pull) -> None:
    """What is left comes whole, its oldest entry included, and the gap is told once."""
    journal.write("one")
    cursor = pull("")[-1].cursor
    journal.rotate(1)
    journal.write("two", "three")
    journal.archived(1).unlink()
    lost, *records = pull(cursor)
    assert (lost.format, lost.cursor) == (GAP, f"gap {cursor}")
    assert _messages(records) == ["two", "three"]
    assert pull(records[-1].cursor) == []


def test_new_journal_under_a_clock_that_went_back(journal: Journal, pull: Pull) -> None:
    """With nothing at the cursor or behind it, reading begins anew, and the gap is told."""
    journal.write("one", "two")
    cursor = pull("")[-1].cursor
    journal.file.unlink()
    journal.boot = "e" * 32
    journal.write("three", at=START_MICROSECONDS - 3_600_000_000)
    lost, *records = pull(cursor)
    assert lost.format == GAP
    assert _messages(records) == ["three"]


def test_first_contact_is_bounded(journal: Journal, pull: Pull) -> None:
    """Of a long journal the first contact takes the last entries."""
    journal.write(*(f"entry {number}" for number in range(FIRST_CONTACT_ENTRIES + 500)))
    messages = _messages(pull(""))
    assert messages == [f"entry {number}" for number in range(500, FIRST_CONTACT_ENTRIES + 500)]


def test_burst_is_pulled_in_bounded_pieces(journal: Journal, pull: Pull) -> None:
    """More than one pull's bytes come over several pulls, each entry once, in order."""
    journal.write("begin")
    cursor = pull("")[-1].cursor
    wanted = [f"{number:05} {'x' * 2000}" for number in range(4000)]
    journal.write(*wanted)
    found: list[str] = []
    for _ in range(10):
        output = _run(journal.directory, cursor)
        assert len(output.stdout) <= PULL_BYTES + 200
        records = list(journal_records("journal", output))
        if not records:
            break
        found += _messages(records)
        cursor = records[-1].cursor
    assert found == wanted


def test_odd_messages(journal: Journal, pull: Pull) -> None:
    """Bytes that are no text, several lines, a field that is there twice, text that looks like ours."""
    journal.write(b"a\xff\0b", "two\nlines", "after s=1;i=2", '{"__CURSOR":"s=1"}')
    twice: list[tuple[str, str | bytes]] = [
        ("MESSAGE", "first"), ("MESSAGE", "second"), ("_TRANSPORT", "syslog"),
    ]  # fmt: skip
    journal.write_raw(journal.entry(START_MICROSECONDS + 9_000_000, twice))
    *odd, double = _messages(pull(""))
    assert odd == ["a\ufffd\0b", "two\nlines", "after s=1;i=2", '{"__CURSOR":"s=1"}']
    assert sorted(double.split("\n")) == ["first", "second"]


def test_messages_too_long_are_told(journal: Journal, pull: Pull) -> None:
    """What journalctl leaves out is no empty message; the longest that it prints comes whole."""
    wanted = ["\x01" * 4080, '"' * 4080]
    journal.write("x" * 5000, *wanted)
    records = pull("")
    assert [json.loads(record.message).get("truncated") for record in records] == ["true", None, None]
    assert _messages(records) == ["(longer than 4096 bytes)", *wanted]


def test_audit_records_are_left_to_auditd(journal: Journal, pull: Pull) -> None:
    """Of two sources of one record one counts."""
    journal.write("USER_LOGIN pid=1", _TRANSPORT="audit")
    journal.write("one", _TRANSPORT="kernel")
    assert _messages(pull("")) == ["one"]


@pytest.mark.parametrize("cursor", ["$(id)", "s=1 --rotate", "--file=/etc/passwd", "garbage", "a" * 5000])
def test_cursor_is_never_a_command_or_an_option(journal: Journal, cursor: str) -> None:
    """Whatever stands on standard input, it is a place in the journal or none."""
    journal.write("one")
    output = _run(journal.directory, cursor)
    assert (output.exit_code, output.stderr) == (0, "")
    assert _messages(list(journal_records("journal", output))) == ["one"]


def test_no_journal_is_not_applicable(journal: Journal) -> None:
    """A host without entries, or without journalctl, answers as one without the command."""
    assert _run(journal.directory, "").exit_code == 127
    done = subprocess.run(
        ["/bin/sh", "-c", journal_script()], input="\n", env={"PATH": "/nonexistent"}, text=True, check=False
    )
    assert done.returncode == 127


def test_unreadable_journal_says_so(journal: Journal) -> None:
    """Without the right to read it, the command fails and journalctl says why."""
    journal.write("secret")
    if os.geteuid() != 0:
        pytest.skip("needs root, to run as somebody else")
    if shutil.which("setpriv") is None:
        pytest.skip("needs Debian package util-linux")
    journal.file.chmod(0o600)
    for parent in (journal.directory, *journal.directory.parents[:-1]):
        parent.chmod(parent.stat().st_mode | 0o055)
    output = _run(journal.directory, "", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    assert (output.exit_code, output.stdout) == (1, "")
    assert "insufficient permissions" in output.stderr


@pytest.mark.parametrize(
    "stdout",
    [
        "",
        "after ",
        "after x\n",
        "after s=1\n[]\n",
        "after \n{}\nnull\n1\n",
        'after \n{"__CURSOR":5}\n',
        'after \n{"__CURSOR":"s=1;x=\\ud800","MESSAGE":"a"}\n',
        'after \n{"__CURSOR":"s=1\\nrm","MESSAGE":"a"}\n',
        f'after \n{{"__CURSOR":"{"a" * 401}","MESSAGE":"a"}}\n',
        "[" * 9999 + "\n",
    ],
)
def test_rubbish_is_no_entry(stdout: str) -> None:
    """What is no entry is passed over."""
    assert list(journal_records("journal", CommandOutput(stdout, "", 0))) == []


def test_noise_of_the_shell_is_no_place() -> None:
    """What start files print before the command does not look like a gap."""
    entries = [f'{{"__CURSOR":"s=1;t={number}","MESSAGE":"{number}"}}\n' for number in (1, 2)]
    output = CommandOutput("".join(["Welcome to web-01\n\n", "after s=1;t=1\n", *entries]), "", 0)
    (record,) = journal_records("journal", output)
    assert record.cursor == "s=1;t=2"


def test_cut_output_gives_whole_entries_only() -> None:
    """An entry that the byte cap cut is left for the next pull."""
    stdout = 'after \n{"__CURSOR":"s=1;t=1","MESSAGE":"one"}\n{"__CURSOR":"s=1;t=2","MESS'
    (record,) = journal_records("journal", CommandOutput(stdout, "", 0, truncated=True))
    assert record.cursor == "s=1;t=1"


def test_constant_command_reads_the_hosts_own_journal(tmp_path: Path) -> None:
    """The command as it ships finds the system's journal where journald keeps it (in a mount namespace)."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and Debian package util-linux, for a mount namespace")
    machine = "0123456789abcdef0123456789abcdee"
    (tmp_path / "machine-id").write_text(f"{machine}\n")
    files = tmp_path / "journal" / machine
    files.mkdir(parents=True)
    journal = Journal(files)
    journal.write("one", "two")
    mounts = 'mount --bind "$1/machine-id" /etc/machine-id && mount --bind "$1/journal" /var/log/journal'
    if not Path("/var/log/journal").is_dir() or not Path("/etc/machine-id").is_file():
        pytest.skip("needs Debian package systemd")
    command = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        f'{mounts} && exec sh -c "$2"',
        "sh",
        tmp_path,
        journal_script(),
    ]

    def run(cursor: str) -> CommandOutput:
        done = subprocess.run(command, input=f"{cursor}\n", capture_output=True, text=True, check=False)
        if "permission denied" in done.stderr.lower():
            pytest.skip("needs the right to mount")
        return CommandOutput(done.stdout, done.stderr, done.returncode)

    records = list(journal_records("journal", run("")))
    assert _messages(records) == ["one", "two"]
    journal.write("three")
    assert _messages(list(journal_records("journal", run(records[-1].cursor)))) == ["three"]


def test_live_journal_has_what_was_just_logged() -> None:
    """A line that this host's journald has just taken comes with the pull behind the one before."""
    if not Path("/run/systemd/system").is_dir():
        pytest.skip("needs systemd as PID 1")

    def pull(cursor: str) -> list[LogRecord]:
        done = subprocess.run(
            ["/bin/sh", "-c", journal_script()],
            input=f"{cursor}\n",
            capture_output=True,
            text=True,
            check=False,
        )
        return list(journal_records("journal", CommandOutput(done.stdout, done.stderr, done.returncode)))

    before = pull("")
    if not before:
        pytest.skip("needs the right to read the system's journal")
    said = f"soc test {os.urandom(8).hex()}"
    subprocess.run(["systemd-cat", "--identifier=soc-test", "echo", said], check=True)
    subprocess.run(["journalctl", "--sync"], check=False, stderr=subprocess.DEVNULL)
    found = [record for record in pull(before[-1].cursor) if said in record.message]
    assert len(found) == 1
