"""soc.cli: the command line as a whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from soc import __version__
from soc.cli import main
from tests.support.command import SOC, soc


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


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """Options for an inventory of the local host."""
    path = tmp_path / "inventory.yaml"
    path.write_text("version: 1\ndevices: [{name: me, tower: hosting, kind: local}]\n")
    return ["--data", str(tmp_path / "data"), "--inventory", str(path)]


@pytest.mark.parametrize(
    "command", [["--help"], ["poll", "--help"], ["inventory", "show"], ["poll", "--json"]]
)
def test_reader_that_goes_away_is_no_error(command: list[str], arguments: list[str]) -> None:
    """Into a closed pipe nothing is said and nothing fails, not even as the interpreter ends."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*SOC, *command, *(arguments if "--help" not in command else ())],
        stdout=writing, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_output_that_cannot_be_written_is_told(arguments: list[str]) -> None:
    """A full disk behind the output is one line on stderr, exit 1."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*SOC, "inventory", "show", *arguments], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (done.returncode, done.stderr) == (1, "soc: No space left on device\n")


@pytest.mark.parametrize("closed", ["0", "1", "2"])
def test_missing_streams_are_survived(closed: str, arguments: list[str]) -> None:
    """Started without stdin, stdout or stderr it works, and says nothing in the wrong place."""
    line = f'exec "$@" {closed}>&-'
    done = subprocess.run(
        ["/bin/sh", "-c", line, "sh", *SOC, "collect", "--json", *arguments], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert bool(done.stdout) == (closed != "1")
    assert all(json.loads(text)["devices"] == 1 for text in done.stdout.splitlines())


def test_any_locale_will_do(arguments: list[str], tmp_path: Path) -> None:
    """Text that the locale lacks is escaped, JSON stays JSON."""
    inventory = tmp_path / "inventory.yaml"
    inventory.write_text("version: 1\ndevices: [{name: büro, tower: hosting, kind: local}]\n", "utf-8")
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    shown = soc("inventory", "show", *arguments, env=environment, check=True)
    assert "b\\xfcro" in shown.stdout
    polled = soc("poll", *arguments, "--json", env=environment, check=True)
    assert json.loads(polled.stdout)["device"] == "büro"


def test_user_without_a_home_is_told_what_to_do() -> None:
    """Where nothing says where data belong, the option does."""
    if os.geteuid() != 0:
        pytest.skip("needs root to become a user without an account")
    code = (
        "import os, sys; from soc.cli._places import default_directory; os.environ.clear(); os.setuid(54321);"
        "default_directory()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "--data DIR" in done.stderr.splitlines()[-1]
