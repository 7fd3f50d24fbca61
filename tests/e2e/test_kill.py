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

from tests.support.command import SOC, soc
from tests.support.sshd import Host

PULL = 300
CANARY_EVERY = 100
SPACING_SECONDS = 0.1  # 60 canaries in 10 minutes of rule time

# The host hands out numbers after the cursor: what is pulled twice, or left out, shows.
COLLECTOR = '''
"""Numbered samples and log lines."""
from soc.collect import LogRecord, Sample, SshCommand, collector

COMMAND = """
read -r n
awk -v n="${{n:-0}}" 'BEGIN {{ for (i = n + 1; i <= n + {pull} && i <= {total}; i++) print i }}'
"""

@collector(fetch=SshCommand("numbers", COMMAND, stream="numbers"), every="1s")
def numbers(output):
    """Numbers."""
    for text in output.stdout.split():
        at = {base} + int(text) * {spacing}
        line = "app[1]: number " + text
        if int(text) % {canary_every} == 0:
            line = f"sshd[1]: Accepted publickey for canary{{text}} from 192.0.2.1 port 22 ssh2"
        yield Sample("test_number", int(text), time=at)
        yield LogRecord("numbers", text, "Nov 22 06:00:00 host " + line, time=at)
'''

RULE = """
title: Canary logged in
id: 6b4c6c5e-0b0e-4d4c-9a53-2f6d5ac7b6a1
status: test
description: Every hundredth numbered line.
logsource: {product: linux, service: sshd}
detection:
  selection: {user|startswith: canary}
  condition: selection
level: high
"""


def kill_at_random(directory: Path, host: Host, kills: int, total: int) -> None:
    """Run `soc collect` again and again, kill it `kills` times, and count what is in the store."""
    base = time.time() - total * SPACING_SECONDS - 60
    (directory / "collectors").mkdir(0o700)
    (directory / "collectors/numbers.py").write_text(
        COLLECTOR.format(
            pull=PULL, total=total, base=base, spacing=SPACING_SECONDS, canary_every=CANARY_EVERY
        )
    )
    (directory / "rules").mkdir(0o700)
    (directory / "rules/canary.yml").write_text(RULE)
    (directory / "inventory.yaml").write_text(host.inventory())
    arguments = [
        "--data", str(directory / "data"), "--inventory", str(directory / "inventory.yaml"),
        "--collectors", str(directory / "collectors"), "--rules", str(directory / "rules"),
    ]  # fmt: skip
    seed = int(os.environ.get("SOC_TEST_SEED", "0")) or random.randrange(1, 1 << 30)
    print(f"SOC_TEST_SEED={seed}", file=sys.stderr)
    chance = random.Random(seed)
    started = time.monotonic()
    soc("collect", *arguments, check=True)
    longest = time.monotonic() - started
    for _ in range(kills):
        process = subprocess.Popen([*SOC, "collect", "--all", *arguments], stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.3, 1.1) * longest)
        process.kill()
        process.wait()
    for _ in range(total // PULL + 1):
        soc("collect", "--all", *arguments, check=True)
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
            "SELECT count(*), count(DISTINCT event_id) FROM match WHERE rule_id = "
            "'6b4c6c5e-0b0e-4d4c-9a53-2f6d5ac7b6a1'"
        ).fetchall()
        alerts = store.execute(
            "SELECT count(*), count(DISTINCT fingerprint), sum(count) FROM alert_current WHERE rule_id = "
            "'6b4c6c5e-0b0e-4d4c-9a53-2f6d5ac7b6a1'"
        ).fetchall()
    expected = total // CANARY_EVERY
    assert [value for (value,) in numbers] == [float(n) for n in range(1, total + 1)]
    assert events == [(total, total)]
    assert canaries == [(expected, expected)]
    assert matches == [(expected, expected)]
    assert alerts == [(expected, expected, expected)]


def test_everything_is_there_once_after_five_kills(tmp_path: Path, start_sshd: Callable[[str], Host]) -> None:
    """Samples, events, matches and alerts survive five kills: none lost, none double."""
    kill_at_random(tmp_path, start_sshd(""), kills=5, total=1800)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_everything_is_there_once_after_thirty_kills(
    tmp_path: Path, start_sshd: Callable[[str], Host]
) -> None:
    """The same over thirty kills."""
    kill_at_random(tmp_path, start_sshd(""), kills=30, total=9000)
