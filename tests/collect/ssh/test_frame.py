"""The frame around several commands, in shells that hosts have, and what comes back taken apart."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from soc.collect.ssh.frame import MAXIMUM_TEXT_CHARACTERS, Sections, framed, in_batches, unframed

BOUNDARY = "0123456789abcdef" * 2
COMMANDS = (
    "printf 'no newline'",
    "echo out; echo error >&2; exit 3 # a comment at the end",
    "cat; echo read",
    "x=kept; set -eu; false; echo not reached",
    'echo "[${x-unset}]"; printf "\\n"',
    "true",
    "exec sh -c 'exit 7'",
)
OUTPUTS = ["no newline", "out\n", "read\n", "", "[unset]\n\n", "", ""]
ERRORS = ["", "error\n", "", "", "", "", ""]
CODES = ["0", "3", "0", "1", "0", "0", "7"]


def _taken_apart(data: bytes, sizes: list[int]) -> Sections:
    sections, position = Sections(BOUNDARY, [0, *[1000] * len(COMMANDS)]), 0
    for size in sizes:
        sections.feed(data[position : position + size])
        position += size
    sections.feed(data[position:])
    return sections


@pytest.mark.parametrize("shell", [["dash"], ["bash"], ["busybox", "ash"], ["bash", "--posix"]])
def test_each_command_has_its_own_output_and_exit_code(shell: list[str]) -> None:
    """Whatever a command does to its shell harms no other, and noise before the frame is told apart."""
    if not shutil.which(shell[0]):
        pytest.skip(f"needs Debian package {shell[0]}")
    text = "echo MOTD; echo noise >&2\n" + framed(COMMANDS)
    done = subprocess.run(
        [*shell, "-c", text], input=f"{BOUNDARY}\n".encode(), capture_output=True, check=True
    )
    out, error = _taken_apart(done.stdout, []), _taken_apart(done.stderr, [])
    assert [bytes(section.kept).decode() for section in out.ended[1:]] == OUTPUTS
    assert [bytes(section.kept).decode() for section in error.ended[1:]] == ERRORS
    assert [section.word for section in out.ended] == ["-", *CODES]
    assert out.ended[0].size == len("MOTD\n")


def test_boundary_is_where_no_process_sees_it() -> None:
    """Neither arguments nor environment of what a command starts hold it."""
    look = "tr '\\0' ' ' < /proc/self/environ; ps -eo args; env"
    done = subprocess.run(
        ["sh", "-c", framed([look])], input=f"{BOUNDARY}\n".encode(), capture_output=True, check=True
    )
    section = _taken_apart(done.stdout, []).ended[1]
    assert section.size > 100
    assert done.stdout.count(BOUNDARY.encode()) == 2


def test_any_split_gives_the_same() -> None:
    """Boundaries come in pieces, as do outputs that look like one."""
    fake = f"\n{BOUNDARY[:-1]}x 0\n\n{BOUNDARY}".encode()
    data = b"".join(
        (b"noise", f"\n{BOUNDARY} -\n".encode(), fake[:-3], f"\n{BOUNDARY} 0\n".encode(), b"\n\n",
         f"\n{BOUNDARY} 12\n".encode())
    )  # fmt: skip
    source = random.Random(5)
    for _ in range(300):
        sizes = [source.randrange(1, 40) for _ in range(20)]
        sections = _taken_apart(data, sizes)
        assert [section.word for section in sections.ended] == ["-", "0", "12"]
        assert [bytes(section.kept) for section in sections.ended[1:]] == [fake[:-3], b"\n\n"]


def test_only_the_beginning_is_kept() -> None:
    """A gigabyte would pass through without being held; how much came is known."""
    sections = Sections(BOUNDARY, [0, 10])
    sections.feed(f"\n{BOUNDARY} -\n".encode())
    for _ in range(100):
        sections.feed(b"x" * 10_000)
    assert len(sections.current.kept) == 10
    assert sections.open_bytes == 1_000_000


def test_boundary_without_an_end_is_none() -> None:
    """A host that goes on behind its boundary fills nothing: all that is output, and counts as such."""
    sections = Sections(BOUNDARY, [0, 10])
    sections.feed(f"\n{BOUNDARY} -\n\n{BOUNDARY} ".encode())
    for _ in range(100):
        sections.feed(b"1" * 1000)
    assert len(sections._buffer) < 100
    assert sections.open_bytes == len(f"\n{BOUNDARY} ") + 100_000
    assert sections.current.size > 99_900
    sections.feed(f"\n{BOUNDARY} 0\n".encode())
    assert [section.word for section in sections.ended] == ["-", "0"]


def test_long_texts_go_in_several_batches() -> None:
    """Each stays below what an argument may hold; one that is longer alone goes alone."""
    commands = ["x" * 25_000] * 5 + ["y" * 70_000, "z"]
    sizes = in_batches(commands)
    assert sizes == [2, 2, 1, 1, 1]
    assert in_batches([]) == []
    begun = 0
    for size in sizes[:3]:
        assert len(framed(commands[begun : begun + size])) <= MAXIMUM_TEXT_CHARACTERS
        begun += size


def test_framed_text_is_read_back() -> None:
    """Who plays a host finds the commands in it; any other text is none."""
    assert unframed(framed(COMMANDS)) == list(COMMANDS)
    assert unframed("uname -s") == []


def test_nothing_is_run_for_nobody(tmp_path: Path) -> None:
    """When the reader is gone the commands behind are left out, even where the signal is ignored."""
    text = f"trap '' PIPE; {framed(['sleep 0.5', f'touch {tmp_path}/run'])}"
    process = subprocess.Popen(["sh", "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{BOUNDARY}\n".encode())
    process.stdin.close()
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(30) == 1
    assert not (tmp_path / "run").exists()
