"""A line of what a host printed ends at a line feed and nowhere else: its users write much of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from soc.collect import CommandOutput, Fact
from soc.collect.load import load_collectors

_SHIPPED = Path(__file__).parents[2] / "collectors"
_BREAKS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\r"
_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"


def test_collectors_split_at_line_feeds_alone() -> None:
    """No collector uses str.splitlines(), which ends lines at ten other characters."""
    files = sorted(_SHIPPED.rglob("*.py"))
    assert files
    assert [file.name for file in files if "splitlines" in file.read_text(encoding="utf-8")] == []


def test_lines() -> None:
    """Line feeds end lines, with a carriage return before them or not; the last may lack its end."""
    assert CommandOutput("a\r\nb\n\nc\x0cd", "", 0).lines == ["a", "b", "", "c\x0cd"]
    assert CommandOutput("a\n", "", 0).lines == ["a"]
    assert CommandOutput("", "", 0).lines == []


@pytest.mark.parametrize("mark", _BREAKS)
@pytest.mark.parametrize(
    ("name", "line", "forged"),
    [
        (
            "linux_authorized_keys",
            f"own /home/eve/.ssh/authorized_keys:x{{}}own /root/.ssh/authorized_keys:{_KEY}",
            "/root/",
        ),
        (
            "macos_authorized_keys",
            f"/Users/eve/.ssh/authorized_keys:x{{}}/var/root/.ssh/authorized_keys:{_KEY}",
            "/var/",
        ),
        (
            "linux_jobs",
            "/var/spool/cron/crontabs/eve:# x{}/var/spool/cron/crontabs/root:0 4 * * * /bin/evil",
            "/var/spool/cron/crontabs/root",
        ),
    ],
)
def test_no_user_speaks_for_another(name: str, line: str, forged: str, mark: str) -> None:
    """What breaks lines elsewhere makes no fact about an account that the line is not of."""
    (collector,) = (item for item in load_collectors() if item.name == name)
    facts = list(collector.parse(CommandOutput(line.format(mark) + "\n", "", 0)))
    assert not [fact for fact in facts if isinstance(fact, Fact) and fact.instance.startswith(forged)]
