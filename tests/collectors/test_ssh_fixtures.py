"""Every fixture of an SSH collector: what its command printed, and what must come of it.

tests/collectors/<collector>/*.yaml with `stdout`, or `json` for a document on one line; `source` says where
that is from. `samples` are [metric, labels, value], `facts` [key, instance, value], `logs` [stream, cursor,
message]; `partial` names the sets of facts that were read in part; `absent` is true where the collector does
not apply, `failure` is [reason, part of the detail]. Left out = none.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from soc.collect.declare import Collector, CommandOutput
from soc.collect.load import load_collectors
from soc.collect.outcome import outcomes
from soc.collect.port import Answer, Job
from soc.model import Device

HERE = Path(__file__).parent
_COLLECTORS: dict[str, Collector] = {
    collector.name: collector for collector in load_collectors() if collector.transport == "ssh"
}
_FIXTURES = {
    path.relative_to(HERE).as_posix(): path
    for name in sorted(_COLLECTORS)
    for path in sorted((HERE / name).glob("*.yaml"))
}


@pytest.mark.parametrize("fixture", _FIXTURES)
def test_fixture(fixture: str) -> None:
    """The recorded output parses to exactly the expected records."""
    document: dict[str, Any] = yaml.safe_load(_FIXTURES[fixture].read_text())
    assert document["source"]
    collector = _COLLECTORS[Path(fixture).parent.name]
    (fetch,) = collector.fetches.values()
    stdout = document["stdout"] if "stdout" in document else json.dumps(document["json"]) + "\r\n"
    output = CommandOutput(stdout, "", document.get("exit_code", 0))
    job = Job(Device("host", "hosting"), (), (fetch,))
    (outcome,) = outcomes(Answer(job, 1.0, answered=True, values={fetch: output}), [collector])
    reason, detail = document.get("failure", ("", ""))
    assert (outcome.failure.reason if outcome.failure else "") == reason, outcome.failure
    assert outcome.failure is None or detail in outcome.failure.detail
    assert outcome.absent == document.get("absent", False)
    assert [
        [sample.metric, dict(sample.labels), pytest.approx(sample.value)] for sample in outcome.samples
    ] == document.get("samples", [])
    assert [[fact.key, fact.instance, fact.value] for fact in outcome.facts] == document.get("facts", [])
    assert sorted(outcome.partial) == document.get("partial", [])
    assert [[log.stream, log.cursor, log.message] for log in outcome.logs] == document.get("logs", [])


@pytest.mark.parametrize("name", sorted(_COLLECTORS))
def test_every_ssh_collector_has_a_fixture(name: str) -> None:
    """Adding a collector means adding what its command prints."""
    assert any(Path(fixture).parent.name == name for fixture in _FIXTURES)


@pytest.mark.parametrize("name", sorted(_COLLECTORS))
def test_every_command_is_documented(name: str) -> None:
    """docs/collectors.md names each command that may run on a host, short ones to the letter."""
    text = (HERE.parent.parent / "docs" / "collectors.md").read_text().replace("\\|", "|")
    (fetch,) = _COLLECTORS[name].fetches.values()
    assert f"| `{fetch.id}` |" in text
    assert f"`{fetch.command}`" in text or len(fetch.command) > 200


@pytest.mark.parametrize("name", sorted(_COLLECTORS))
def test_rubbish_is_the_collectors_own_failure(name: str) -> None:
    """Whatever a host prints, a parser ends with records or with a failure of its own."""
    collector = _COLLECTORS[name]
    (fetch,) = collector.fetches.values()
    job = Job(Device("host", "hosting"), (), (fetch,))
    for stdout in (
        "",
        "\n\n",
        "\x1b[2J\ufffd\n",
        "cpu x\ncpu y\n",
        "a: b\nc=d\n",
        "9" * 5000 + " / / / / / /\n",
    ):
        output = CommandOutput(stdout, "", 0)
        (outcome,) = outcomes(Answer(job, 1.0, answered=True, values={fetch: output}), [collector])
        assert outcome.failure is None or outcome.failure.reason == "parser"


@pytest.mark.parametrize("name", sorted(_COLLECTORS))
def test_long_lines_are_done_with(name: str) -> None:
    """No line that a host may make up keeps a parser busy: what it matches it matches in one go."""
    collector = _COLLECTORS[name]
    (fetch,) = collector.fetches.values()
    job = Job(Device("host", "hosting"), (), (fetch,))
    own = [path for fixture, path in _FIXTURES.items() if Path(fixture).parent.name == name]
    lines = [line for path in own for line in yaml.safe_load(path.read_text()).get("stdout", "").splitlines()]
    for filler in (" ", "a", " 1", '"', "//a:"):
        stdout = "".join(f"{line}{filler * 4_000}x\n" for line in dict.fromkeys(lines[:40]))
        answer = Answer(job, 1.0, answered=True, values={fetch: CommandOutput(stdout, "", 0)})
        (outcome,) = outcomes(answer, [collector])
        assert outcome.failure is None or outcome.failure.reason == "parser"
