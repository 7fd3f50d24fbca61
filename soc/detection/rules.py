"""What loading makes of Sigma files: rules, correlations and the set they stand in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from soc.detection.condition import Condition
from soc.detection.logsource import LogSource
from soc.model import Problem

# Sigma leaves `level` optional; an alert needs a severity.
DEFAULT_LEVEL = "medium"
# What a plain rule's alerts are grouped by without a `group_by:` key, where the event has it.
DEFAULT_GROUP_BY = ("device", "user", "source_ip")


@dataclass(frozen=True, slots=True)
class InlineTest:
    """One case of a `tests:` key: flat events, and how many of them (or how many findings) must match."""

    name: str
    events: tuple[Mapping[str, object], ...]
    match: int
    line: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a rule stands. `version` is the hash of `text`, its YAML document as written."""

    file: str
    line: int
    text: str
    version: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled detection rule.

    `alerts` is false where the level is informational, or a correlation without `generate: true`
    refers to the rule: its matches then feed correlations only. `correlation_fields` are the event
    fields that correlations over it need; a Match carries their values.
    """

    id: str
    name: str
    title: str
    level: str
    author: str
    description: str
    tags: tuple[str, ...]
    logsource: LogSource
    condition: Condition
    group_by: tuple[str, ...]  # empty = those present of DEFAULT_GROUP_BY
    runbook: str
    tests: tuple[InlineTest, ...]
    origin: Origin
    alerts: bool = True
    correlation_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Correlation:
    """A Sigma correlation with its references resolved (soc/detection/correlation.py evaluates it).

    `members` are ids of rules or of further correlations, in the order they are named.
    `aliases` maps a group-by name to the field of each member that stands for it.
    """

    id: str
    name: str
    title: str
    level: str
    author: str
    description: str
    tags: tuple[str, ...]
    kind: str  # event_count, value_count, temporal or temporal_ordered
    members: tuple[str, ...]
    group_by: tuple[str, ...]
    aliases: Mapping[str, Mapping[str, str]]
    timespan_seconds: float
    operator: str  # gte, gt, lte, lt, eq or neq
    count: float
    count_field: str  # whose distinct values value_count counts; empty = events are counted
    runbook: str
    tests: tuple[InlineTest, ...]
    origin: Origin
    alerts: bool = True
    nested: Mapping[str, Correlation] = field(default_factory=dict)  # members that are correlations

    @property
    def rule_ids(self) -> frozenset[str]:
        """The detection rules whose matches this correlation needs, nested ones included."""
        ids: set[str] = set()
        for member in self.members:
            inner = self.nested.get(member)
            ids |= inner.rule_ids if inner else {member}
        return frozenset(ids)

    @property
    def reach_seconds(self) -> float:
        """How far before a touched match evidence may lie: the timespan and the longest nested one."""
        return self.timespan_seconds + max(
            (inner.reach_seconds for inner in self.nested.values()), default=0.0
        )

    def field_of(self, group_by: str, rule_id: str) -> str:
        """The field of rule `rule_id`'s events that stands for the group-by name."""
        return self.aliases.get(group_by, {}).get(rule_id, group_by)

    def group(self, rule_id: str, fields: Mapping[str, str]) -> dict[str, str] | None:
        """Group labels of a match with these fields; None where one is missing: it then takes no part."""
        labels = {name: fields.get(self.field_of(name, rule_id), "") for name in self.group_by}
        return labels if all(labels.values()) else None


@dataclass(frozen=True)
class RuleSet:
    """Everything loaded, usable as far as it goes: a file with an error contributes nothing."""

    rules: tuple[Rule, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    problems: tuple[Problem, ...] = ()
    failed: int = 0  # documents, or files that do not read, that contributed nothing

    @property
    def items(self) -> tuple[Rule | Correlation, ...]:
        return (*self.rules, *self.correlations)

    @cached_property
    def by_id(self) -> Mapping[str, Rule | Correlation]:
        return {item.id: item for item in self.items}

    @cached_property
    def correlations_over(self) -> Mapping[str, Sequence[Correlation]]:
        """Detection rule id -> the correlations whose windows its matches touch."""
        over: dict[str, list[Correlation]] = {}
        for correlation in self.correlations:
            for rule_id in correlation.rule_ids:
                over.setdefault(rule_id, []).append(correlation)
        return over

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")
