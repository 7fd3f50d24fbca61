"""Windows collectors and documents in which anything stands."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from soc.collect.declare import Collector, CommandOutput, SshCommand
from soc.collect.load import load_collectors
from soc.collect.outcome import Outcome, outcomes
from soc.collect.port import Answer, Job
from soc.model import Device

_COLLECTORS: dict[str, Collector] = {
    item.name: item
    for item in load_collectors()
    if any(getattr(fetch, "script", "").startswith("$ProgressPreference") for fetch in item.fetches.values())
    and all(not getattr(fetch, "stream", "") for fetch in item.fetches.values())
}
_STRANGE: tuple[Any, ...] = (
    None, True, -1, 1e308, "", "x" * 9000, "\x1b[2J\ud800", [], [[]], {}, [None, 7, "text", {"Name": []}],
    {"value": {"value": []}, "Count": 9},
)  # fmt: skip


def _sections(fetch: SshCommand) -> list[str]:
    return re.findall(r"^S (\w+) ", fetch.script, re.MULTILINE)


def _parse(item: Collector, sections: dict[str, Any]) -> Outcome:
    (fetch,) = item.fetches.values()
    output = CommandOutput(json.dumps({**sections, "errors": {}}), "", 0)
    job = Job(Device("win", "hosting"), (), (fetch,))
    (outcome,) = outcomes(Answer(job, 1.0, answered=True, values={fetch: output}), [item])
    return outcome


@pytest.mark.parametrize("name", sorted(_COLLECTORS))
def test_anything_may_stand_in_a_section(name: str) -> None:
    """No value makes a parser fail; what is no value of its member's type is absent."""
    item = _COLLECTORS[name]
    (fetch,) = item.fetches.values()
    assert isinstance(fetch, SshCommand)
    members = set(re.findall(r"\w+", fetch.script))
    for strange in _STRANGE:
        objects = [dict.fromkeys(members, strange), strange]
        for section in (strange, objects):
            outcome = _parse(item, dict.fromkeys(_sections(fetch), section))
            assert outcome.failure is None, (strange, outcome.failure)


def test_every_command_stays_below_what_cmd_takes() -> None:
    """There are commands at all, each of sections, and the longest leaves cmd.exe room."""
    commands = {fetch.id: fetch for item in _COLLECTORS.values() for fetch in item.fetches.values()}
    assert len(commands) >= 10
    for command in commands.values():
        assert isinstance(command, SshCommand)
        assert _sections(command)
        assert len(f'"c:\\windows\\system32\\cmd.exe" /c "{command.command}"') < 8191
