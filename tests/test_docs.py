"""The documentation's commands work, its links lead somewhere, and it is complete."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import soc

ROOT = Path(__file__).parent.parent
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
]
_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# What needs a network of real devices, root or minutes is run elsewhere (tests/e2e, .ci/run).
_ELSEWHERE = re.compile(r"^soc demo|^soc poll --inventory|/etc/|/srv/|/var/")


def commands(page: str) -> Iterator[str]:
    """The `soc` commands of a page's console blocks, continuation lines joined, comments off."""
    for block in _BLOCK.findall((ROOT / page).read_text()):
        for line in block.replace("\\\n", " ").splitlines():
            words = line.strip().removeprefix("$ ").removeprefix(".venv/bin/")
            if words.startswith("soc ") and not _ELSEWHERE.search(words):
                yield words


CASES = [(page, command) for page in PAGES for command in dict.fromkeys(commands(page))]


@pytest.fixture(scope="module")
def place(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory as after the demo, with the checkout's rules, collectors and inventory in it."""
    directory = tmp_path_factory.mktemp("place")
    shutil.copytree(demo_data, directory / "data")
    shutil.copy(ROOT / "inventory.yaml", directory)
    (directory / "events.jsonl").write_text('{"EventID": 4625, "TargetUserName": "mia"}\n')
    for name in ("rules", "collectors", "tests"):
        (directory / name).symlink_to(ROOT / name)
    return directory


@pytest.mark.parametrize(("page", "command"), CASES)
def test_command_of_a_page_works(
    page: str, command: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each `soc` command in a console block runs on the demo's data and ends with 0, or 1 for findings."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("SOC_DATA", str(place / "data"))
    arguments = shlex.split(command, comments=True)[1:]
    for end in ("|", ">", "&&", "2>"):
        if end in arguments:
            arguments = arguments[: arguments.index(end)]
    done = soc(*arguments)
    # A monitoring plugin says by its exit code how things are: OK, warning, critical.
    expected = (0, 1, 2) if "--nagios" in arguments else (0, 1)
    assert done.returncode in expected, f"{page}: {command}: {done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """Relative links name files that are there."""
    for target in _LINK.findall((ROOT / page).read_text()):
        if not target.startswith(("http", "#", "mailto:")):
            path = (ROOT / page).parent / target.partition("#")[0]
            assert path.exists(), f"{page} links to {target}"


def test_every_page_is_there() -> None:
    """A page for each subject."""
    names = {path.stem for path in (ROOT / "docs").glob("*.md")}
    expected = {
        "inventory", "collectors", "rules", "operations", "security", "architecture", "reference", "figures",
        "console",
    }  # fmt: skip
    assert expected <= names
