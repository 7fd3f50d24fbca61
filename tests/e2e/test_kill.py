"""kill -9 of `soc collect` at random moments: everything is there once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.support.numbers import CANARY_EVERY, CANARY_RULE, write_numbers
from tests.support.own_collectors import OWN_COLLECTORS
from tests.support.sshd import Host

PULL = 300


def kill_at_random(directory: Path, host: Host, kills: int, total: int) -> None:
    """Run `soc collect` again and again, kill it `kills` times, and count what is in the store."""
    (directory / "inventory.yaml").write_text(host.inventory())
    arguments = [
        "--data", str(directory / "data"), "--inventory", str(directory / "inventory.yaml"),
        *write_numbers(directory, pull=PULL, total=total, now=time.time()),
    ]  # fmt: skip
    seed = int(os.environ.get("SOC_TEST_SEED", "0")) or random.randrange(1, 1 << 30)
    print(f"SOC_TEST_SEED={seed}", file=sys.stderr)
    chance = random.Random(seed)
    started = time.monotonic()
    subprocess.run([*OWN_COLLECTORS, "collect", *arguments], check=True)
    longest = time.monotonic() - started
    for _ in range(kills):
        again = [*OWN_COLLECTORS, "collect", "--all", *arguments]
        process = subprocess.Popen(again, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.3, 1.1) * longest)
        process.kill()
        process.wait()
    for _ in range(total // PULL + 1):
        subprocess.run([*OWN_COLLECTORS, "collect", "--all", *arguments], check=True)
    with duckdb.connect(str(directory / "data/soc.duckdb"), read_only=True) as store:
        numbers = store.execute(
            "SELECT value FROM sample JOIN series USING (series_id) WHERE metric = 'test_number' "
            "AND value IS NOT NULL ORDER BY value"
        ).fetchall()
        events = store.execute(
            "SELECT count(*), count(DISTINCT id) FROM event WHERE fields['stream'] = 'numbers'"
        ).fetchall()
        canaries = store.execute(
            'SELECT count(*), count(DISTINCT "user") FROM event WHERE "user" LIKE ? AND product = ?',
            ["canary%", "linux"],
        ).fetchall()
        matches = store.execute(
            "SELECT count(*), count(DISTINCT event_id) FROM match WHERE rule_id = ?", [CANARY_RULE]
        ).fetchall()
        alerts = store.execute(
            "SELECT count(*), count(DISTINCT fingerprint), sum(count) FROM alert_current WHERE rule_id = ?",
            [CANARY_RULE],
        ).fetchall()
    expected = total // CANARY_EVERY
    assert [value for (value,) in numbers] == [float(n) for n in range(1, total + 1)]
    assert events == [(total, total)]
    assert canaries == [(expected, expected)]
    assert matches == [(expected, expected)]
    assert alerts == [(expected, expected, expected)]


def test_everything_is_there_once_after_five_kills(tmp_path: Path, start_sshd: Callable[[str], Host]) -> None:
    """Samples, events, matches and alerts survive five kills: none lost, none double."""
    kill_at_random(tmp_path, start_sshd(""), kills=5, total=900)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_everything_is_there_once_after_thirty_kills(
    tmp_path: Path, start_sshd: Callable[[str], Host]
) -> None:
    """The same over thirty kills."""
    kill_at_random(tmp_path, start_sshd(""), kills=30, total=9000)
