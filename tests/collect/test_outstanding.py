"""soc.collect.outstanding"""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from soc.collect import outstanding as module
from soc.collect.outstanding import Outstanding, as_sent
from soc.collect.port import Execution
from soc.spool import durable
from tests.support.disk import fill

LOAD = as_sent(Execution("linux-load", 1_700_000_000.25, "soc", "192.0.2.10", 0, 27))
UPTIME = replace(LOAD, command="linux-uptime")


def found(directory: Path, writer: str = "collect", others: tuple[str, ...] = ()) -> Outstanding:
    """What the next process finds, which has taken over without a problem."""
    following = Outstanding(directory, writer)
    assert following.take_over(others) == []
    return following


def test_what_was_sent_outlives_the_process(tmp_path: Path) -> None:
    """Noted and never settled: whoever comes next finds it, and who comes after that as well."""
    Outstanding(tmp_path, "collect").note("web-01", [LOAD, UPTIME])
    assert found(tmp_path).left == [("web-01", LOAD), ("web-01", UPTIME)]
    following = found(tmp_path)
    following.settle(following.left)
    assert following.left == []
    assert found(tmp_path).left == []


def test_what_is_sealed_is_forgotten(tmp_path: Path) -> None:
    """Whatever came of a command, it is the one that was noted; what else was sent stays."""
    own = Outstanding(tmp_path, "collect")
    own.note("web-01", [LOAD])
    own.note("web-02", [LOAD])
    own.settle([("web-01", replace(LOAD, exit_code=0, bytes=27, reason=""))])
    own.settle([("web-02", replace(LOAD, reason="deadline"))])
    (file,) = tmp_path.iterdir()
    assert file.read_bytes() == b""
    own.note("web-03", [UPTIME])
    assert found(tmp_path).left == [("web-03", UPTIME)]


def test_file_stays_small_while_commands_are_always_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is settled leaves the file at times even though it is never empty."""
    monkeypatch.setattr(module, "_COMPACT_BYTES", 1000)
    own = Outstanding(tmp_path, "collect")
    own.note("web-00", [LOAD])
    for number in range(100):
        own.note(f"web-{number + 1:02}", [LOAD])
        own.settle([(f"web-{number:02}", LOAD)])
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size < 2000
    own.note("last", [UPTIME])
    assert ("last", UPTIME) in found(tmp_path).left
    assert ("web-100", LOAD) in found(tmp_path).left


def test_writers_at_work_keep_theirs(tmp_path: Path) -> None:
    """A worker takes over from those that are gone, not from those beside it."""
    for writer in ("collect-1", "collect-2", "collect-3"):
        Outstanding(tmp_path, writer).note(writer, [LOAD])
    first = found(tmp_path, "collect-1", others=("collect-2",))
    assert {device for device, _ in first.left} == {"collect-1", "collect-3"}
    assert {path.stem for path in tmp_path.iterdir()} == {"collect-1", "collect-2"}
    assert found(tmp_path, "collect-2", others=("collect-1",)).left == [("collect-2", LOAD)]


@pytest.mark.parametrize(
    "damage",
    [
        b'["web-09","linux-load",17000', b"\xff\xfe\n", b"[]\n", b"{}\n", b'["a",1,2,"b","c"]\n',
        b'["web-09","linux-load",9700000000.25,"soc","192.0.2.10"]\n', b'["a","b",NaN,"c","d"]\n',
    ],
)  # fmt: skip
def test_damaged_lines_cost_nothing_but_themselves(tmp_path: Path, damage: bytes) -> None:
    """A line that was cut, or is none of ours, hides no other."""
    Outstanding(tmp_path, "collect").note("web-01", [LOAD])
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes() + damage)
    assert found(tmp_path).left == [("web-01", LOAD)]


def test_full_disk_refuses_and_harms_nothing(small_disk: Path) -> None:
    """What cannot be noted raises; the notes before it and after it are whole."""
    own = Outstanding(small_disk / "outstanding", "collect")
    own.note("web-01", [LOAD])
    fill(small_disk / "filler")
    with pytest.raises(OSError, match="No space"):
        own.note("db-01" * 2000, [UPTIME])
    (small_disk / "filler").unlink()
    own.note("web-02", [LOAD])
    devices = [device for device, _ in found(small_disk / "outstanding").left]
    assert (devices[0], devices[-1]) == ("web-01", "web-02")


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A directory in the file's place keeps nobody from collecting."""
    (tmp_path / "collect.jsonl").mkdir()
    (problem,) = Outstanding(tmp_path, "collect").take_over()
    assert os.strerror(21) in problem


def test_what_cannot_be_read_hides_nothing_else(tmp_path: Path) -> None:
    """One file that cannot be read is told; the others' commands are found, and kept until they are told."""
    Outstanding(tmp_path, "collect-1").note("web-01", [LOAD])
    (tmp_path / "collect-9.jsonl").mkdir()
    following = Outstanding(tmp_path, "collect-1")
    assert len(following.take_over()) == 1
    assert following.left == [("web-01", LOAD)]
    following.note("web-02", [UPTIME])
    following.settle([("web-02", UPTIME)])
    assert Outstanding(tmp_path, "collect-1").take_over() != []
    (tmp_path / "collect-9.jsonl").rmdir()
    assert ("web-01", LOAD) in found(tmp_path, "collect-1").left


def test_full_disk_at_the_start_loses_nothing(small_disk: Path) -> None:
    """What was left stays in the file when it can neither be written anew nor be added to."""
    directory = small_disk / "outstanding"
    Outstanding(directory, "collect").note("web-01", [LOAD])
    fill(small_disk / "filler")
    following = Outstanding(directory, "collect")
    assert len(following.take_over()) == 1
    with pytest.raises(OSError, match="No space"):
        following.note("db-01" * 2000, [UPTIME])
    (small_disk / "filler").unlink()
    assert found(directory).left == [("web-01", LOAD)]


@pytest.mark.parametrize("step", ["open", "fsync"])
def test_file_that_was_not_replaced_takes_further_notes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Where writing it anew fails half way, notes go to the file that is there, and to no other."""
    own = Outstanding(tmp_path, "collect")
    own.note("web-01", [LOAD])
    own.note("web-02", [LOAD])

    opened = os.open

    def failing(path: Path, *arguments: int) -> int:
        if path in (tmp_path, tmp_path / "collect.jsonl"):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return opened(path, *arguments)

    with monkeypatch.context() as broken:
        broken.setattr(module, "_COMPACT_BYTES", 10)
        broken.setattr(os, "open", failing) if step == "open" else broken.setattr(durable, "fsync", failing)
        own.settle([("web-01", LOAD)])
    with (tmp_path / "another").open("wb") as another:
        own.note("web-03", [UPTIME])
        assert os.fstat(another.fileno()).st_size == 0
    assert {("web-02", LOAD), ("web-03", UPTIME)} <= set(found(tmp_path).left)


def test_a_job_knows_what_its_answer_does_not_tell(tmp_path: Path) -> None:
    """What was noted for the job, less what the answer says came of it."""
    sending = Outstanding(tmp_path, "collect").job("web-01")
    sending.note([LOAD, UPTIME])
    assert sending.untold([replace(LOAD, exit_code=0, reason="")]) == [UPTIME]


def test_what_was_not_run_is_forgotten(tmp_path: Path) -> None:
    """Neither the answer nor who comes next tells of what the host did not get to."""
    sending = Outstanding(tmp_path, "collect").job("web-01")
    sending.note([LOAD, UPTIME])
    sending.withdraw([UPTIME])
    assert sending.untold([]) == [LOAD]
    sending.withdraw([LOAD])
    assert found(tmp_path).left == []
