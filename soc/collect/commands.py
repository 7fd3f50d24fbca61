"""All commands that a set of collectors may ever run on hosts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from soc.collect.declare import Collector, SshCommand
from soc.collect.ssh.platform import DETECTIONS
from soc.model import ConfigurationError

_DETECTION_IDS = frozenset(command.id for command in DETECTIONS)


@dataclass(frozen=True, slots=True)
class ListedCommand:
    """A command, which collectors use its output, and at which intervals (classes or durations)."""

    command: SshCommand
    used_by: tuple[str, ...]
    intervals: tuple[str, ...]

    def on(self, platform: str) -> bool:
        """Whether it may run there; a command for no platform in particular runs on all."""
        return not self.command.platforms or platform in self.command.platforms

    def document(self) -> dict[str, object]:
        """For JSON."""
        command = self.command
        return {
            "id": command.id,
            "platforms": sorted(command.platforms),
            "used_by": list(self.used_by),
            "intervals": list(self.intervals),
            "sudo": list(command.sudo),
            "stream": command.stream,
            "maximum_bytes": command.maximum_bytes,
            "command": command.command,
            "script": command.script,
        }


def commands_of(collectors: Iterable[Collector]) -> list[ListedCommand]:
    """Every command, by id; those that tell the platform come first.

    Raises ConfigurationError where one id names two commands: nobody could tell which was run.
    """
    users: dict[str, dict[str, None]] = {}
    intervals: dict[str, dict[str, None]] = {}
    commands: dict[str, SshCommand] = {}
    for collector in collectors:
        for fetch in collector.fetches.values():
            if not isinstance(fetch, SshCommand):
                continue
            known = commands.setdefault(fetch.id, fetch)
            if known.command != fetch.command or fetch.id in _DETECTION_IDS:
                raise ConfigurationError(
                    f"{collector.path}: command id {fetch.id!r} names another command already"
                )
            users.setdefault(fetch.id, {})[collector.name] = None
            intervals.setdefault(fetch.id, {})[collector.every] = None
    listed = [ListedCommand(commands[id], tuple(users[id]), tuple(intervals[id])) for id in sorted(commands)]
    return [
        *(ListedCommand(command, ("the transport",), ("first contact",)) for command in DETECTIONS),
        *listed,
    ]
