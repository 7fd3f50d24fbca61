"""Commands of several parts, and what is read of each."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from soc.collect.declare import CommandOutput, NotApplicableError
from soc.collect.sections import document, section, with_sections

COMMAND = with_sections(first="echo one; echo two", missing="no-such-program", last="echo '{\"a\": 1}'")


@pytest.mark.parametrize(
    "shell", [["sh"], ["bash"], ["busybox", "ash"], ["zsh", "-f"]], ids=lambda words: words[0]
)
def test_every_shell_runs_all_parts(shell: list[str]) -> None:
    """A part that fails leaves the others alone, says nothing, and does not change the exit code."""
    if not shutil.which(shell[0]):
        pytest.skip(f"needs Debian package {shell[0]}")
    done = subprocess.run([*shell, "-c", COMMAND], capture_output=True, text=True, check=True)
    output = CommandOutput(f"Welcome\n{done.stdout}", done.stderr, done.returncode)
    assert done.stderr == ""
    assert section(output, "first") == ["one", "two"]
    assert document(output, "last").whole("a") == 1
    with pytest.raises(NotApplicableError):
        section(output, "missing")


def test_what_was_cut_off_is_told() -> None:
    """A part that is not there at all, and half a document, are no answers."""
    output = CommandOutput('== first\n{"a": [1', "", 0)
    with pytest.raises(ValueError, match="'second' is missing"):
        section(output, "second")
    with pytest.raises(ValueError, match="cut off or broken"):
        document(output, "first")
