"""kill -9 of what pulls a journal as it is written and rotated: every entry is there once, and matched."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from soc.collect.journal import PULL_BYTES
from tests.support.journal import JOURNAL_REMOTE, Journal
from tests.support.numbers import CANARY_EVERY, CANARY_RULE, write_canary_rule
from tests.support.own_collectors import OWN_COLLECTORS
from tests.support.sshd import Host

CHUNK = 500
STREAM = "test-journal"
_COLLECTOR = '''
"""The shipped command and parser, of a journal elsewhere."""
from soc.collect.journal import journal_log

test_journal = journal_log("test_journal", "A test's.", stream="{stream}", options="--directory={directory}")
'''
_ENTRY_BYTES = 350  # at least, as journalctl prints it


def _chunks(journal: Journal, first: int, last: int) -> Iterator[bytes]:
    """Entries by number, in chunks; every hundredth is a login."""
    for begin in range(first, last, CHUNK):
        entries = []
        for number in range(begin, min(begin + CHUNK, last)):
            program, text = "app", f"number {number}"
            if number % CANARY_EVERY == 0:
                program, text = "sshd", f"Accepted publickey for canary{number} from 192.0.2.1 port 22 ssh2"
            fields: list[tuple[str, str | bytes]] = [
                ("MESSAGE", text), ("SYSLOG_IDENTIFIER", program), ("_TRANSPORT", "syslog"),
            ]  # fmt: skip
            entries.append(journal.entry(journal.start + number * 1000, fields))
        yield b"".join(entries)


def _write(journal: Journal, total: int, seconds: float, rotations: int) -> None:
    """Entries 1 to total, spread over about `seconds`; each rotation begins another file."""
    share = -(-total // (rotations + 1))
    pause = seconds * CHUNK / total
    for number, first in enumerate(range(1, total + 1, share)):
        if number:
            journal.rotate(number)
        writer = subprocess.Popen(
            [JOURNAL_REMOTE, "--output", journal.file, "-"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert writer.stdin is not None
        for chunk in _chunks(journal, first, min(first + share, total + 1)):
            writer.stdin.write(chunk)
            writer.stdin.flush()
            time.sleep(pause)
        writer.stdin.close()
        assert writer.wait(60) == 0


def _stored(data: Path, question: str, *values: object) -> list[tuple[object, ...]]:
    with duckdb.connect(str(data / "soc.duckdb"), read_only=True) as store:
        return store.execute(question, list(values)).fetchall()


def pull_under_kills(directory: Path, host: Host, kills: int, total: int, rotations: int) -> None:
    """Pull while it is written, kill the puller `kills` times, and count what is in the store."""
    files = directory / "journal"
    files.mkdir()
    journal = Journal(files, start=round(time.time() * 1e6) - total * 1000 - 60_000_000)
    data, inventory = directory / "data", directory / "inventory.yaml"
    inventory.write_text(host.inventory())
    collectors, rules = directory / "collectors", write_canary_rule(directory)
    collectors.mkdir(0o700)
    (collectors / "test_journal.py").write_text(_COLLECTOR.format(stream=STREAM, directory=files))
    pull = [
        *OWN_COLLECTORS, "collect", "--all", "--data", str(data), "--inventory", str(inventory),
        "--collectors", str(collectors), "--rules", str(rules),
    ]  # fmt: skip
    seed = int(os.environ.get("SOC_TEST_SEED", "0")) or random.randrange(1, 1 << 30)
    print(f"SOC_TEST_SEED={seed}", file=sys.stderr)
    chance = random.Random(seed)
    for chunk in _chunks(journal, 0, 1):
        journal.write_raw(chunk)
    started = time.monotonic()
    subprocess.run(pull, check=True)
    longest = time.monotonic() - started
    writing = threading.Thread(target=_write, args=(journal, total, kills * longest * 0.7, rotations))
    writing.start()
    for _ in range(kills):
        process = subprocess.Popen(pull, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.4, 1.1) * longest)
        process.kill()
        process.wait()
    writing.join()
    count = f"SELECT count(*) FROM event WHERE fields['stream'] = '{STREAM}'"
    for _ in range(total * _ENTRY_BYTES // PULL_BYTES * 2 + 20):
        subprocess.run(pull, check=False, stdout=subprocess.DEVNULL)  # 1 where a loaded machine cut it short
        if _stored(data, count) == [(total + 1,)]:
            break
    events = _stored(
        data,
        "SELECT count(*), count(DISTINCT id), count(DISTINCT message) FROM event WHERE fields['stream'] = ?",
        STREAM,
    )
    matches = _stored(
        data, "SELECT count(*), count(DISTINCT event_id) FROM match WHERE rule_id = ?", CANARY_RULE
    )
    gaps = _stored(data, "SELECT count(*) FROM event WHERE fields['reason'] = 'gap'")
    canaries = total // CANARY_EVERY + 1
    assert events == [(total + 1, total + 1, total + 1)]
    assert matches == [(canaries, canaries)]
    assert gaps == [(0,)]


def test_journal_is_pulled_once_over_five_kills(tmp_path: Path, start_sshd: Callable[[str], Host]) -> None:
    """20,000 entries, written and rotated while they are pulled: none lost, none double, each matched."""
    pull_under_kills(tmp_path, start_sshd(""), kills=5, total=20_000, rotations=2)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_journal_is_pulled_once_over_twenty_kills(tmp_path: Path, start_sshd: Callable[[str], Host]) -> None:
    """The same with 1,000,000 entries over twenty kills."""
    pull_under_kills(tmp_path, start_sshd(""), kills=20, total=1_000_000, rotations=10)
