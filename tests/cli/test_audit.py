"""soc audit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from soc.cli import main
from soc.spool.journal import Journal
from soc.spool.lock import acquire


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory whose journal has 20 frames in several files."""
    journal = Journal(tmp_path / "journal", limit_bytes=600)
    for number in range(20):
        journal.append([{"number": number, "text": "x" * 50}])
    journal.close()
    return tmp_path


def run(data: Path, *arguments: str) -> int:
    return main(["audit", *arguments, "--data", str(data)])


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_whole_chain(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The head is the same for people and programs; whoever has the store does not matter."""
    assert len(list((data / "journal").glob("*.journal"))) > 2
    with acquire(data / "store.lock", 0.0, "soc serve"):
        assert run(data, "head", "--json") == 0
        head = document(capsys)
        assert head["sequence"] == 20
        assert run(data, "head") == 0
        assert capsys.readouterr().out.startswith(f"20:{head['hash']}")
        assert run(data, "verify", "--json") == 0
        assert document(capsys) == {"ok": True, "findings": [], **head}
        assert run(data, "verify") == 0
        assert "20 frames" in capsys.readouterr().out


def test_earlier_head_is_found(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A head that was written down is in the chain for as long as nothing before it was altered."""
    assert run(data, "head", "--json") == 0
    head = document(capsys)
    journal = Journal(data / "journal")
    journal.append([{"number": 21}])
    journal.close()
    assert run(data, "verify", "--head", f"20:{head['hash']}") == 0
    assert run(data, "verify", "--head", f"20:{head['hash'][:16].upper()}") == 0
    capsys.readouterr()
    assert run(data, "verify", "--head", f"20:{'0' * 64}", "--json") == 1
    assert head["hash"] in document(capsys)["findings"][0]


def test_rewritten_journal_lacks_the_head(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A chain that was made anew is whole, and yet not the one whose head was written down."""
    assert run(data, "head", "--json") == 0
    head = document(capsys)
    for path in (data / "journal").glob("*.journal"):
        path.unlink()
    journal = Journal(data / "journal")
    for number in range(20):
        journal.append([{"number": number, "text": "forged"}])
    journal.close()
    assert run(data, "verify") == 0
    capsys.readouterr()
    assert run(data, "verify", "--head", f"20:{head['hash']}", "--json") == 1
    assert not document(capsys)["ok"]
    assert run(data, "verify", "--head", f"21:{head['hash']}", "--json") == 1
    assert "there is none" in document(capsys)["findings"][0]


@pytest.mark.parametrize("damage", ["flipped", "removed", "swapped"])
def test_break_is_named(data: Path, capsys: pytest.CaptureFixture[str], damage: str) -> None:
    """Exit code 1 and the file; a head is still looked for where that can be done."""
    first, second, *_ = sorted((data / "journal").glob("*.journal"))
    if damage == "flipped":
        content = bytearray(second.read_bytes())
        content[len(content) // 2] ^= 1
        second.write_bytes(content)
    elif damage == "removed":
        second.unlink()
    else:
        content = bytearray(first.read_bytes())
        first.write_bytes(second.read_bytes())
        second.write_bytes(content)
    assert run(data, "verify", "--json") == 1
    found = document(capsys)
    assert not found["ok"]
    assert ".journal" in found["findings"][0]
    assert run(data, "verify") == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert ".journal" in said.err
    assert run(data, "verify", "--head", "5:0123456789abcdef") == 1


def test_no_journal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to verify is not verified."""
    for action in ("verify", "head"):
        assert run(tmp_path, action) == 1
        assert "no journal" in capsys.readouterr().err


@pytest.mark.parametrize(
    "head", ["x", "5:", "5:abc", "five:0123456789abcdef", ":0123456789abcdef", "\u0665:x"]
)
def test_wrong_head_is_usage(data: Path, head: str) -> None:
    """What is no head is no finding either: exit code 2."""
    assert run(data, "verify", "--head", head) == 2
