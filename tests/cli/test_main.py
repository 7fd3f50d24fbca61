"""soc.cli: the command line as a whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

from soc import __version__
from soc.cli import main


def soc(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from soc.cli import main; sys.exit(main())"
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)


def test_version_imports_nothing_heavy() -> None:
    """`soc --version` stays instant: no database, frame, protocol or terminal library is imported."""
    code = (
        "import sys; from soc.cli import main; main(['--version']);"
        "print(sorted({'duckdb','polars','pysnmp','paramiko','gufo','yaml','sigma','textual','psutil'}"
        " & {name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"soc {__version__}", "[]"]


def test_help_lists_every_command_with_its_summary() -> None:
    """The overview is made of the command modules that are there."""
    done = soc("--help")
    assert done.returncode == 0
    for name in ("alerts", "collect", "demo", "events", "inventory", "poll", "query", "rules", "status"):
        line = next(line for line in done.stdout.splitlines() if line.startswith(f"  {name} "))
        assert len(line.split()) > 2, name


def test_unknown_command_names_the_nearest() -> None:
    """A typing error is answered with what was probably meant, on stderr, exit 2."""
    done = soc("statsu")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean 'status'?" in done.stderr


def test_hostile_command_name_is_cleaned() -> None:
    """What a user typed is not sent back to the terminal as control characters."""
    done = soc("\x1b[31mred")
    assert "\x1b" not in done.stderr
    assert done.returncode == 2


@pytest.mark.parametrize(
    "command", ["alerts", "collect", "demo", "events", "inventory", "poll", "query", "rules", "status"]
)
def test_every_command_explains_itself_with_examples(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`soc COMMAND --help` has examples."""
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    assert f"soc {command}" in capsys.readouterr().out.partition("examples:")[2]
