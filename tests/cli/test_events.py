"""soc events."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from soc.cli import main
from tests.support.estate import Estate, event


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with ten events of the last ten minutes, and one of yesterday."""
    estate = Estate(tmp_path / "data", ())
    now = time.time()
    found = [event(number, now - 60 * number, user=f"user-{number}") for number in range(1, 11)]
    estate.seal(estate.events([*found, event(99, now - 86400, message="old\x1b]0;x\x07\x9b\u202e")]), now)
    estate.run(now)
    return estate.directory


def run(data: Path, *arguments: str) -> int:
    return main(["events", "--data", str(data), *arguments])


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        ((), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
        (("--limit", "2"), [2, 1]),
        (("--since", "150s"), [2, 1]),
        (("user:user-3",), [3]),
        (("user:user-* -user:user-1*", "--limit", "3"), [4, 3, 2]),
        (("--", "-user:user-1*"), [9, 8, 7, 6, 5, 4, 3, 2]),
        (("nothing",), []),
    ],
)
def test_json(
    data: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], numbers: list[int]
) -> None:
    """A line per event, the newest last; filters, range of time and limit hold."""
    assert run(data, "--json", *arguments) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["id"] for line in found] == [f"event-{number}" for number in numbers]
    assert all(line["product"] == "linux" and line["time"].endswith("Z") for line in found)


def test_for_people(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text for a terminal holds no control character of the data."""
    assert run(data, "--since", "2d", "old") == 0
    out = capsys.readouterr().out
    assert "old·]0;x···" in out


def test_json_holds_no_control_character(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON lines may be looked at on a terminal: C1 and bidirectional controls are escaped, and read back."""
    assert run(data, "--json", "--since", "2d", "old") == 0
    out = capsys.readouterr().out
    assert out.isascii()
    assert "\x1b" not in out
    assert json.loads(out)["message"] == "old\x1b]0;x\x07\x9b\u202e"


@pytest.mark.parametrize(
    "arguments", [('user:"open',), ("severity:loud",), ("--since", "yesterday"), ("--limit", "0")]
)
def test_usage(data: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    """What is not understood ends with 2 and a message."""
    assert run(data, *arguments) == 2
    assert capsys.readouterr().err.startswith("soc: ")
