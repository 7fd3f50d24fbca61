"""A host whose every sample and log line has a number: what is pulled twice, or left out, shows."""

from __future__ import annotations

from pathlib import Path

CANARY_RULE = "6b4c6c5e-0b0e-4d4c-9a53-2f6d5ac7b6a1"
CANARY_EVERY = 100
SPACING_SECONDS = 0.1  # 60 canaries in 10 minutes of rule time

# The host hands out numbers after the cursor.
_COLLECTOR = '''
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

_RULE = f"""
title: Canary logged in
id: {CANARY_RULE}
status: test
description: Every hundredth numbered line.
logsource: {{product: linux, service: sshd}}
detection:
  selection: {{user|startswith: canary}}
  condition: selection
level: high
"""


def write_numbers(directory: Path, *, pull: int, total: int, now: float) -> list[str]:
    """Collector and rule, below `directory`; returns the options that name them.

    Each pull gives the next `pull` numbers, up to `total`; the last is a minute old at `now`.
    """
    collectors = directory / "collectors"
    collectors.mkdir(0o700)
    (collectors / "numbers.py").write_text(
        _COLLECTOR.format(
            pull=pull, total=total, base=now - total * SPACING_SECONDS - 60, spacing=SPACING_SECONDS,
            canary_every=CANARY_EVERY,
        )
    )  # fmt: skip
    return ["--collectors", str(collectors), "--rules", str(write_canary_rule(directory))]


def write_canary_rule(directory: Path) -> Path:
    """A directory below `directory` with the rule that matches logins of users called canary…"""
    rules = directory / "rules"
    rules.mkdir(0o700)
    (rules / "canary.yml").write_text(_RULE)
    return rules
