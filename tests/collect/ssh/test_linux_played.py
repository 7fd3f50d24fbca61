"""A Linux host that has everything (RAID, LUKS, SMART …), played over SSH from the collectors' fixtures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from soc.collect.declare import Collector, SshCommand
from soc.collect.load import load_collectors
from soc.collect.outcome import outcomes
from soc.collect.port import Answer
from tests.support.scripted_ssh import Reply, ScriptedHost, ScriptedServer

_FIXTURES = Path(__file__).parents[2] / "collectors"
_NOISE = """\
bash: warning: setlocale: LC_ALL: cannot change locale (de_DE.UTF-8)
Welcome to Ubuntu 24.04.1 LTS (GNU/Linux 6.8.0-45-generic x86_64)

 * Documentation:  https://help.ubuntu.com
{ Usage of /: 12% } { tcp LISTEN 0 1 } uid=0
 System load: 0.1    Processes: 120
*** System restart required ***
Last login: Sun Nov 22 09:12:33 2026 from 10.0.0.5
"""


def _commands() -> dict[str, tuple[Collector, SshCommand]]:
    """Linux collectors that read a state, not a log, with their command."""
    return {
        collector.name: (collector, command)
        for collector in load_collectors()
        for command in collector.fetches.values()
        if isinstance(command, SshCommand)
        and command.platforms == {"linux"}
        and not command.stream
        and (_FIXTURES / collector.name).is_dir()
    }


def _fixture(name: str) -> dict[str, Any]:
    """That of the collector's fixtures which has the most to say."""
    documents = [yaml.safe_load(path.read_text()) for path in sorted((_FIXTURES / name).glob("*.yaml"))]
    return max(documents, key=lambda item: len(item.get("facts", [])) + len(item.get("samples", [])))


@pytest.fixture(scope="module")
def hosts(play_hosts: Callable[..., ScriptedServer]) -> ScriptedServer:
    """The same host twice: with a quiet login shell, and with one that talks before every command."""
    replies = {command.command: Reply(_fixture(name)["stdout"]) for name, (_, command) in _commands().items()}
    return play_hosts(quiet=ScriptedHost(replies), noisy=ScriptedHost(replies, noise=_NOISE))


@pytest.mark.parametrize("name", ["quiet", "noisy"])
def test_everything_a_host_may_have(hosts: ScriptedServer, ask: Callable[..., Answer], name: str) -> None:
    """Each collector comes to what its fixture says, whatever the login shell prints before."""
    commands = _commands()
    assert {"linux_raid", "linux_smart", "linux_encryption", "linux_antimalware"} <= commands.keys()
    # One command a channel on the noisy one: noise stands before each of them.
    device = hosts.device(name, restricted=name == "noisy")
    answer = ask(hosts.job(name, *(command for _, command in commands.values()), device=device), seconds=60)
    assert answer.failure is None
    for outcome in outcomes(answer, [collector for collector, _ in commands.values()]):
        expected = _fixture(outcome.collector.name)
        assert outcome.failure is None, outcome.failure
        assert [
            [sample.metric, dict(sample.labels), pytest.approx(sample.value)] for sample in outcome.samples
        ] == expected.get("samples", []), outcome.collector.name
        facts = [[fact.key, fact.instance, fact.value] for fact in outcome.facts]
        assert facts == expected.get("facts", []), outcome.collector.name
