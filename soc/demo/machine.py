"""What simulated hosts have in common: commands by their ids, and the login shell before them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from soc.collect.declare import Collector, CommandOutput, SshCommand
from soc.collect.ssh.platform import DETECTIONS

NOT_FOUND = CommandOutput("", "sh: 1: not found\n", 127)
Answers = Mapping[str, Callable[[float], str]]  # command id -> what it prints at a time (UTC seconds)


class Machine(Protocol):
    """A host's state, as its commands show it."""

    platform: str  # as SshCommand.platforms spells it

    def output(self, command_id: str, line: str, time: float) -> CommandOutput:
        """What a command prints; `line` is its standard input. An unknown command is not found there."""


@dataclass(frozen=True, slots=True)
class Shell:
    """The host behind the SSH server: command lines instead of ids."""

    machine: Machine
    ids: Mapping[str, str]

    def run(self, command: str, line: str, time: float) -> CommandOutput:
        return self.machine.output(self.ids.get(command, ""), line, time)


def command_ids(collectors: Iterable[Collector]) -> dict[str, str]:
    """The id of each command line that collectors may send, the platform's detection included."""
    commands = [fetch for collector in collectors for fetch in collector.fetches.values()]
    return {item.command: item.id for item in (*DETECTIONS, *commands) if isinstance(item, SshCommand)}
