"""Prometheus rule files: groups of alerting rules, every problem at once with file and line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from soc.promql.compiler import Compiled

DEFAULT_INTERVAL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Rule:
    """One alerting rule. `id` is group/alert, with #2, #3 … where a name repeats."""

    id: str
    version: str  # hash of the rule's text
    alert: str
    expression: Compiled
    severity: str  # one of soc.model.SEVERITIES
    for_seconds: float
    keep_firing_for_seconds: float
    labels: Mapping[str, str]  # templates; without severity
    annotations: Mapping[str, str]  # templates
    text: str  # the rule as YAML, for the archive
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules evaluated one after the other at multiples of `interval_seconds`."""

    name: str
    interval_seconds: float
    rules: tuple[Rule, ...]
    file: str

    @property
    def id(self) -> str:
        """Unique among loaded groups: file;name, as Prometheus has it."""
        return f"{self.file};{self.name}"


@dataclass(frozen=True, slots=True)
class RuleGroups:
    """Every loaded group, in order of file and place."""

    groups: tuple[RuleGroup, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(rule for group in self.groups for rule in group.rules)


def load_rule_files(paths: Sequence[Path]) -> RuleGroups:
    """Load rule files; a directory stands for the *.yml and *.yaml files directly in it.

    Raises ConfigurationError with every problem of every file.
    """
    raise NotImplementedError
