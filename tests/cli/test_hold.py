"""soc hold: works without the store, keeps who and when."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from soc.cli import main
from soc.spool.lock import acquire


def run(data: Path, *arguments: str) -> int:
    return main(["hold", *arguments, "--data", str(data)])


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_add_list_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was placed is listed, ended too, with who did it."""
    span = ("--from", "2026-03-01T00:00:00Z", "--to", "2026-03-02T00:00:00Z")
    assert run(tmp_path, "add", "--reason", "case 1", "--device", "web-1", *span, "--json") == 0
    [added] = lines(capsys)
    assert (added["id"], added["reason"], added["device"]) == ("H-1", "case 1", "web-1")
    assert (added["from"], added["to"]) == ("2026-03-01T00:00:00.000Z", "2026-03-02T00:00:00.000Z")
    assert added["added"]["uid"] == os.getuid()  # type: ignore[index]
    assert added["ended"] is None
    assert run(tmp_path, "end", "H-1", "--reason", "settled") == 0
    assert "settled" in capsys.readouterr().out
    assert run(tmp_path, "add", "--reason", "case 2") == 0
    capsys.readouterr()
    assert run(tmp_path, "list", "--json") == 0
    first, second = lines(capsys)
    assert first["ended"]["reason"] == "settled"  # type: ignore[index]
    assert (second["id"], second["from"], second["ended"]) == ("H-2", None, None)


def test_while_another_has_the_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A hold does not wait for whoever works on the store."""
    with acquire(tmp_path / "store.lock", 0, "soc serve"):
        assert run(tmp_path, "add", "--reason", "now") == 0
    assert "H-1" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ("end", "H-7", "--reason", "none such"),
        ("add", "--reason", " "),
        ("add", "--reason", "x", "--from", "nonsense"),
        ("add", "--reason", "x", "--from", "1h", "--to", "2h"),
    ],
)
def test_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    """Usage that says nothing possible ends with 2 and notes nothing."""
    assert run(tmp_path, *arguments) == 2
    assert "soc: " in capsys.readouterr().err
    assert run(tmp_path, "list") == 0
    assert capsys.readouterr().out == ""


def test_hostile_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters do not reach the terminal."""
    assert run(tmp_path, "add", "--reason", "a\x1b]0;owned\x07b") == 0
    assert "\x1b" not in capsys.readouterr().out
