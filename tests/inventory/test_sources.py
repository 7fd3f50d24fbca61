"""Files: bounded, regular, not writable by everybody."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from soc.inventory import check_inventory, sources
from soc.inventory.files import read_regular_file


def test_a_file_that_everybody_may_write_is_refused(write: Any) -> None:
    """Whoever writes an inventory decides which programs run for its secrets."""
    path = write("version: 1\n")
    path.chmod(0o666)

    inventory, problems = check_inventory(path)

    assert inventory is None
    assert "mode 0666 lets everybody write to it; chmod o-w it" in problems[0].message


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    """A directory and a pipe that nobody writes to are refused at once."""
    os.mkfifo(tmp_path / "pipe.csv", 0o600)
    (tmp_path / "inventory.yaml").write_text("version: 1\ninclude: ['*.csv']\n")

    for path in (tmp_path, tmp_path / "inventory.yaml"):
        _, problems = check_inventory(path)
        assert [problem.message[-37:] for problem in problems] == [
            "cannot be read: expected a regular file"[-37:]
        ]


def test_a_large_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Any) -> None:
    """Beyond its limit a file is not read."""
    (tmp_path / "f").write_bytes(b"x" * 101)
    with pytest.raises(ValueError, match="larger than 100 bytes"):
        read_regular_file(tmp_path / "f", 100, 0, "")
    assert read_regular_file(tmp_path / "f", 101, 0, "") == b"x" * 101

    monkeypatch.setattr(sources, "MAXIMUM_YAML_BYTES", 20)
    _, problems = check_inventory(write("version: 1\nsites: {}\nsuppliers: {}\n"))
    assert "larger than 20 bytes" in problems[0].message


def test_a_pattern_with_too_many_files_is_refused(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of included files is bounded."""
    monkeypatch.setattr(sources, "MAXIMUM_FILES", 2)

    _, problems = check_inventory(
        write(
            "version: 1\ninclude: ['*.csv']\n",
            a_csv="name,tower\n",
            b_csv="name,tower\n",
            c_csv="name,tower\n",
        )
    )

    assert [problem.message for problem in problems] == ["include: more than 2 files"]


def test_a_link_out_of_the_directory_is_refused(write: Any, tmp_path: Path) -> None:
    """An include may be a link, but not to what lies elsewhere; a link to itself is an error too."""
    outside = tmp_path.parent / f"{tmp_path.name}-outside.csv"
    outside.write_text("name,tower\n")
    path = write("version: 1\ninclude: [out.csv, in.csv, loop.csv]\n", real_csv="name,tower\na,print\n")
    (tmp_path / "out.csv").symlink_to(outside)
    (tmp_path / "in.csv").symlink_to("real.csv")
    (tmp_path / "loop.csv").symlink_to("loop.csv")

    _, problems = check_inventory(path)

    outside_problem, loop_problem = problems
    assert "'out.csv' lies outside" in outside_problem.message
    assert "loop.csv' cannot be read" in loop_problem.message


def test_a_byte_order_mark_is_no_part_of_the_first_column(write: Any, tmp_path: Path) -> None:
    """Spreadsheets write one; it is dropped."""
    path = write("version: 1\ninclude: [f.csv]\n")
    (tmp_path / "f.csv").write_bytes(b"\xef\xbb\xbfname,tower\r\na,print\r\n")

    inventory, problems = check_inventory(path)

    assert (problems, list(inventory.devices) if inventory else None) == ([], ["a"])
