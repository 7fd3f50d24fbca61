"""Broken inventories as data: broken/NAME.txt holds the expected problems, then the files as `-- NAME --`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from soc.inventory import check_inventory, load_inventory
from soc.model import ConfigurationError

CASES = sorted((Path(__file__).parent / "broken").glob("*.txt"))
_FILE = re.compile(r"^-- (\S+) --\n", re.MULTILINE)
_BYTE = re.compile(rb"\\x([0-9a-f]{2})")


def unpack(case: Path, directory: Path) -> list[str]:
    """Write the case's files (`\\xff` stands for that byte); returns the expected problems."""
    expected, *parts = _FILE.split(case.read_text(encoding="utf-8"))
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        content = _BYTE.sub(lambda match: bytes([int(match[1], 16)]), text.encode())
        (directory / name).write_bytes(content)
    return expected.splitlines()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_every_problem_is_reported_with_file_and_line(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checking reports exactly the expected problems, all at once, and loading refuses with every error."""
    expected = unpack(case, tmp_path)
    monkeypatch.chdir(tmp_path)

    inventory, problems = check_inventory(Path("inventory.yaml"))

    assert [str(problem) for problem in problems] == expected
    assert inventory is None
    with pytest.raises(ConfigurationError) as caught:
        load_inventory(Path("inventory.yaml"))
    assert str(caught.value).splitlines() == [line for line in expected if ": error: " in line]


def test_no_message_shows_a_secret() -> None:
    """The secret that the broken inventories misplace in every way stands in no expected problem."""
    texts = [_FILE.split(case.read_text(encoding="utf-8"), maxsplit=1) for case in CASES]

    assert sum("hunter2" in files for _, _, files in texts) >= 5
    assert not [problems for problems, _, _ in texts if "hunter2" in problems]
