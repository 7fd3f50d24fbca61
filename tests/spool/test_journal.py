"""The journal: durable, chained, torn tails cut, damage named."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from soc.model import StoreError
from soc.spool.journal import (
    Head,
    Journal,
    JournalDamagedError,
    journal_files,
    read_file,
    verify_journal,
)


def documents(directory: Path) -> list[dict[str, object]]:
    return [frame.document for path in journal_files(directory) for frame in read_file(path)]


def filled(directory: Path, count: int, *, limit_bytes: int = 10**6, text: str = "x" * 20) -> Journal:
    """A journal of `count` frames, each appended by itself."""
    journal = Journal(directory, limit_bytes=limit_bytes)
    for number in range(count):
        journal.append([{"number": number, "text": text}])
    return journal


def findings(directory: Path) -> list[str]:
    return [found for found in verify_journal(directory) if isinstance(found, str)]


def test_round_trip(tmp_path: Path) -> None:
    """What was appended is read in order, also after reopening; the sequence goes on."""
    journal = Journal(tmp_path)
    journal.append([{"a": 1}, {"b": "ü\ud800 \x00"}])
    journal.close()
    again = Journal(tmp_path)
    assert again.last_document == {"b": "ü\ud800 \x00"}
    again.append([{"c": None}])
    assert again.head.sequence == 3
    assert documents(tmp_path) == [{"a": 1}, {"b": "ü\ud800 \x00"}, {"c": None}]
    assert [path.stat().st_mode & 0o777 for path in journal_files(tmp_path)] == [0o600]


def test_chain_is_as_documented(tmp_path: Path) -> None:
    """The head's hash is SHA-256 over the one before and the document, from SHA-256 of the hub's id on."""
    journal = filled(tmp_path, 2, text="")
    expected = hashlib.sha256(journal.head.hub.encode()).digest()
    for number in range(2):
        expected = hashlib.sha256(expected + f'{{"number":{number},"text":""}}'.encode()).digest()
    assert journal.head == Head(journal.head.hub, 2, expected.hex())


def test_each_journal_has_its_own_hub(tmp_path: Path) -> None:
    """Two journals do not share an id."""
    assert Journal(tmp_path / "a").head.hub != Journal(tmp_path / "b").head.hub


def test_rotation(tmp_path: Path) -> None:
    """Files are begun at the limit; the chain runs through them, and reopening finds the end."""
    journal = filled(tmp_path, 50, limit_bytes=1000)
    assert len(journal_files(tmp_path)) > 3
    assert list(verify_journal(tmp_path))[-1] == journal.head
    journal.close()
    assert Journal(tmp_path).head == journal.head
    assert [document["number"] for document in documents(tmp_path)] == list(range(50))
    newest = next(iter(journal.newest_files_first()))
    assert newest[-1].sequence == 50


def test_missing_begin(tmp_path: Path) -> None:
    """That the oldest files were removed is found, though what is left continues itself."""
    filled(tmp_path, 50, limit_bytes=1000).close()
    for path in journal_files(tmp_path)[:2]:
        path.unlink()
    [found] = findings(tmp_path)
    assert "00000003.journal: begins at frame" in found


@pytest.mark.parametrize("cut", [1, 7, 8, 39, 40, 60])
def test_torn_tail_is_cut_and_reported(tmp_path: Path, cut: int) -> None:
    """An unfinished last frame goes, however little or much of it was written."""
    filled(tmp_path, 3).close()
    path = tmp_path / "00000001.journal"
    whole = path.read_bytes()
    filled(tmp_path, 1).close()
    path.write_bytes(path.read_bytes()[: len(whole) + cut])
    assert findings(tmp_path) == []
    journal = Journal(tmp_path)
    assert (journal.cut_bytes, journal.head.sequence) == (cut, 3)
    assert path.read_bytes() == whole
    journal.append([{"after": 1}])
    assert findings(tmp_path) == []
    assert len(documents(tmp_path)) == 4


def test_room_without_content_is_cut(tmp_path: Path) -> None:
    """Zeroes behind the last frame, or within it, are what a power cut leaves of an unfinished write."""
    journal = filled(tmp_path, 3)
    journal.close()
    path = tmp_path / "00000001.journal"
    whole = path.read_bytes()
    path.write_bytes(whole + b"\0" * 5000)
    assert Journal(tmp_path).head == journal.head
    path.write_bytes(whole[:-10] + b"\0" * 10)
    assert Journal(tmp_path).head.sequence == 2


def test_torn_new_file(tmp_path: Path) -> None:
    """A file whose header was not written goes; the one before is the last again."""
    journal = filled(tmp_path, 3)
    journal.close()
    second = tmp_path / "00000002.journal"
    for content in (b"", b"SOC", b"\0" * 4096, (tmp_path / "00000001.journal").read_bytes()[:30]):
        second.write_bytes(content)
        assert findings(tmp_path) == []
        assert Journal(tmp_path).head == journal.head
        assert not second.exists()


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    """No single flipped bit of header or frames passes; the file is named, nothing is cut off."""
    journal = filled(tmp_path, 6)
    journal.close()
    path = tmp_path / "00000001.journal"
    whole = path.read_bytes()
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << (position % 8)
        path.write_bytes(damaged)
        found = findings(tmp_path)
        assert len(found) == 1, position
        assert "00000001.journal" in found[0]
        with pytest.raises(JournalDamagedError, match=r"00000001\.journal"):
            Journal(tmp_path)
        assert path.read_bytes() == bytes(damaged)


def test_damaged_frame_is_numbered(tmp_path: Path) -> None:
    """The finding says which frame."""
    filled(tmp_path, 6).close()
    path = tmp_path / "00000001.journal"
    content = bytearray(path.read_bytes())
    content[content.index(b'"number":3')] ^= 1
    path.write_bytes(content)
    assert "00000001.journal, frame 4: damaged at byte" in findings(tmp_path)[0]


@pytest.mark.parametrize("change", ["removed", "swapped", "foreign", "renamed"])
def test_changed_files_break_the_chain(tmp_path: Path, change: str) -> None:
    """A file that is removed, exchanged or from another hub does not go unnoticed."""
    directory = tmp_path / "journal"
    filled(directory, 60, limit_bytes=1000)
    first, second, third, *_ = journal_files(directory)
    if change == "removed":
        second.unlink()
    elif change == "swapped":
        kept = second.read_bytes()
        second.write_bytes(third.read_bytes())
        third.write_bytes(kept)
    elif change == "foreign":
        filled(tmp_path / "other", 60, limit_bytes=1000)
        second.write_bytes((tmp_path / "other" / second.name).read_bytes())
    else:
        first.rename(directory / "00000000.journal")
    assert findings(directory)


def test_forged_frame_breaks_the_chain(tmp_path: Path) -> None:
    """A frame rewritten with a right checksum breaks the chain at the next one."""
    from soc.spool.journal import _encode

    journal = filled(tmp_path, 3, text="")
    genesis = hashlib.sha256(journal.head.hub.encode()).digest()
    path = tmp_path / "00000001.journal"
    honest = _encode(genesis, b'{"number":0,"text":""}')
    forged = _encode(genesis, b'{"number":9,"text":""}')
    path.write_bytes(path.read_bytes().replace(honest, forged))
    assert findings(tmp_path) == [
        "00000001.journal, frame 2: does not continue the frame before it: the chain is broken"
    ]


def test_full_disk_appends_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails half-way leaves the journal as it was; the next one succeeds."""
    journal = filled(tmp_path, 2)
    write = os.write
    left = [100]

    def full(descriptor: int, data: bytes) -> int:
        if not left[0]:
            raise OSError(28, "No space left on device")
        taken = write(descriptor, data[: left[0]])
        left[0] -= taken
        return taken

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StoreError, match="No space"):
        journal.append([{"text": "y" * 500}])
    monkeypatch.undo()
    journal.append([{"text": "z"}])
    assert [document["text"] for document in documents(tmp_path)] == ["x" * 20, "x" * 20, "z"]
    assert findings(tmp_path) == []


WRITER = """
import sys
from pathlib import Path
from soc.spool.journal import Journal
journal = Journal(Path(sys.argv[1]), limit_bytes=20_000)
print(journal.head.sequence, flush=True)
while True:
    first = journal.head.sequence
    journal.append([{"number": first + n, "text": "x" * (n * 37 % 400)} for n in range(20)])
    print(journal.head.sequence, flush=True)
"""


@pytest.mark.parametrize("kills", [5, pytest.param(60, marks=pytest.mark.soak)])
def test_kill(tmp_path: Path, kills: int) -> None:
    """kill -9 at random: whatever was acknowledged is there, in order, the chain whole."""
    moments = random.Random(3)
    for _ in range(kills):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        acknowledged = [int(child.stdout.readline()) for _ in range(moments.randint(1, 30))]
        child.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in child.stdout.read().splitlines() if line]
        child.wait()
        journal = Journal(tmp_path)
        assert journal.head.sequence >= acknowledged[-1]
        journal.close()
        assert findings(tmp_path) == []
        numbers = [document["number"] for document in documents(tmp_path)]
        assert numbers == list(range(len(numbers)))
