"""soc.cli.console: the command."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.command import SOC, soc


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data directory of a hub with hostile alerts, in a process of its own."""
    directory = tmp_path_factory.mktemp("hub")
    command = [sys.executable, "-m", "tests.support.fake_hub", str(directory / "hub.sock"), "--hostile"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield directory
        process.terminate()


def on_terminal(
    arguments: list[str], environment: dict[str, str], stderr: int | None = None
) -> tuple[int, str]:
    """Exit code of a command on a terminal, and what it wrote there."""
    master, slave = pty.openpty()
    done = subprocess.run(
        [*SOC, *arguments], stdin=slave, stdout=slave, stderr=slave if stderr is None else stderr,
        env={**os.environ, **environment},
    )  # fmt: skip
    os.set_blocking(master, False)
    try:
        said = os.read(master, 65_536).decode()
    except BlockingIOError:
        said = ""
    os.close(slave)
    os.close(master)
    return done.returncode, said


def test_without_a_hub_it_says_where_it_looked(tmp_path: Path) -> None:
    """Exit 1, with the places on stderr; a socket that nobody listens on is named too."""
    done = soc("console", "--plain", "--data", str(tmp_path))
    assert done.returncode == 1
    assert f"no hub: looked at {tmp_path}/hub.sock" in done.stderr
    done = soc("console", "--plain", "--socket", str(tmp_path / "other.sock"), "--data", str(tmp_path))
    assert f"looked at {tmp_path}/other.sock;" in done.stderr


def test_needs_a_terminal(hub: Path) -> None:
    """In a pipe: exit 2, and what works there instead; --json is not for it."""
    done = soc("console", "--data", str(hub))
    assert (done.returncode, done.stdout) == (2, "")
    assert "--plain" in done.stderr
    assert soc("console", "--json", "--data", str(hub)).returncode == 2


def test_soc_alone_is_the_console_on_a_terminal(tmp_path: Path) -> None:
    """On a terminal `soc` starts the console (and misses its hub); elsewhere it explains itself, exit 2."""
    assert soc().returncode == 2
    code, said = on_terminal([], {"SOC_SOCKET": str(tmp_path / "none.sock")})
    assert code == 1
    assert "no hub" in said


def test_terminal_that_cannot_place_text(hub: Path) -> None:
    """TERM=dumb is refused with what works there, before a single escape sequence."""
    code, said = on_terminal(["console", "--data", str(hub)], {"TERM": "dumb"})
    assert code == 2
    assert "--plain" in said


@pytest.mark.parametrize(("command", "instead"), [("console", "--plain"), ("demo", "--headless")])
def test_standard_error_in_a_file(hub: Path, tmp_path: Path, command: str, instead: str) -> None:
    """Textual paints there, and the screen would stay blank: refused, with what works."""
    with (tmp_path / "errors").open("w+") as errors:
        code, said = on_terminal([command, "--data", str(hub)], {"TERM": "xterm"}, errors.fileno())
        assert (code, said) == (2, "")
        errors.seek(0)
        told = errors.read()
    assert "standard input, output" in told
    assert instead in told


def test_standalone_hub_ends_with_the_console(tmp_path: Path) -> None:
    """It answers over the inventory named, and has given the store back once the console is left."""
    inventory = tmp_path / "inventory.yaml"
    inventory.write_text("version: 1\ndevices:\n  - {name: here, tower: hosting, kind: local}\n")
    options = ["--data", str(tmp_path / "data"), "--inventory", str(inventory)]
    done = soc("console", "--standalone", "--plain", "--screen", "devices", *options, check=True)
    assert "here, local, hosting: " in done.stdout
    assert '"running": false' in soc("status", "--json", *options, check=True).stdout


def test_standalone_says_why_no_hub_started(tmp_path: Path) -> None:
    """The hub's words and its exit code; and a socket that somebody else serves is a contradiction."""
    options = ["--data", str(tmp_path / "data"), "--inventory", str(tmp_path / "none.yaml")]
    done = soc("console", "--standalone", "--plain", *options)
    assert done.returncode == 2
    assert "the hub did not start" in done.stderr
    assert "none.yaml" in done.stderr
    assert soc("console", "--standalone", "--plain", "--socket", "x.sock", *options).returncode == 2


@pytest.mark.parametrize("screen", ["overview", "alerts", "devices"])
def test_plain_prints_sentences(hub: Path, screen: str) -> None:
    """One fact a line, no drawing, no control characters."""
    done = soc("console", "--plain", "--screen", screen, "--data", str(hub), check=True)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Live, ")
    assert "24 alerts open." in lines
    wanted = {
        "overview": "Tower network: worst critical, 4 alerts open",
        "alerts": "critical, A-4812, sw-core-01: Core uplink",
        "devices": "prox-0007, proxy, service: down, snmp: timeout",
    }
    assert wanted[screen] in done.stdout
    assert screen != "devices" or re.search(r"\nprox-0007, .* last seen \S+ ago, ", done.stdout)
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(done.stdout)


def test_plain_filters(hub: Path) -> None:
    """The filter is the hub's; one that it refuses is an error in its words."""
    done = soc(
        "console", "--plain", "--screen", "alerts", "--filter", "tower:print", "--data", str(hub), check=True
    )
    assert "2 of 2 alerts, filter tower:print" in done.stdout
    done = soc("console", "--plain", "--screen", "alerts", "--filter", "nonsense:1", "--data", str(hub))
    assert done.returncode == 1
    assert "no field 'nonsense'" in done.stderr


def test_screenshot(hub: Path, tmp_path: Path) -> None:
    """An SVG of the size asked for, with nothing loaded from elsewhere and no live markup."""
    picture = tmp_path / "alerts.svg"
    soc(
        "console", "--screenshot", str(picture), "--screen", "alerts", "--size", "120x40", "--data", str(hub),
        check=True,
    )  # fmt: skip
    text = picture.read_text()
    root = ElementTree.fromstring(text)
    said = "".join(root.itertext())
    assert "!!CRIT" in said
    assert "Core uplink" in said
    assert "A-4795" in said
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "").replace("runbooks.example.org", "")
    assert "@font-face" not in text
    assert "cdn" not in text


@pytest.mark.parametrize("size", ["120", "120x", "x40", "0x0", "39x24", "9999x9999", "axb"])
def test_size_is_checked(size: str, hub: Path) -> None:
    """A size that no terminal has is a usage error that shows the form."""
    done = soc("console", "--screenshot", "/dev/null", "--size", size, "--data", str(hub))
    assert done.returncode == 2
    assert "120x40" in done.stderr


def test_picture_that_cannot_be_written(hub: Path, tmp_path: Path) -> None:
    """The path and the reason."""
    done = soc("console", "--screenshot", str(tmp_path / "no" / "x.svg"), "--data", str(hub))
    assert done.returncode == 2
    assert "x.svg: No such file or directory" in done.stderr
