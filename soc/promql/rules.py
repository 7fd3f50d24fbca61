"""Prometheus rule files: groups of alerting rules, every problem at once with file and line.

https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from soc.inventory.report import Findings, quoted
from soc.model import SEVERITIES, ConfigurationError
from soc.model.ids import digest
from soc.promql.compiler import Compiled, compile
from soc.promql.documents import Section, read_section
from soc.promql.templates import Template, parse_template

DEFAULT_INTERVAL_SECONDS = 60.0

_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_GROUP_KEYS = ("name", "interval", "rules", "limit", "query_offset", "labels")
_RULE_KEYS = ("alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations")


@dataclass(frozen=True, slots=True)
class Rule:
    """One alerting rule. `id` is group/alert, with #2, #3 … where that repeats."""

    id: str
    version: str  # hash of the rule's text
    alert: str
    expression: Compiled
    severity: str  # one of soc.model.SEVERITIES; '' only where severities were not required
    for_seconds: float
    keep_firing_for_seconds: float
    labels: Mapping[str, Template]  # severity among them
    annotations: Mapping[str, Template]
    runbook_url: str
    text: str  # as it stands in the file, for the archive
    file: str
    line: int
    interval_seconds: float  # of its group


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


def load_rule_files(paths: Sequence[Path], *, require_severity: bool = True) -> RuleGroups:
    """Load rule files; a directory stands for the *.yml and *.yaml files directly in it.

    `require_severity`: every rule has the label severity, one of ours. Raises ConfigurationError with
    every problem of every file.
    """
    findings = Findings()
    loader = _Loader(findings, require_severity)
    groups: list[RuleGroup] = []
    for path in paths:
        groups += [group for file in rule_files(path) for group in loader.file(file)]
    if findings.error_count:
        raise ConfigurationError(findings.in_order())
    return RuleGroups(tuple(groups))


def rule_files(path: Path) -> list[Path]:
    """The rule files that a path stands for."""
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix in (".yml", ".yaml") and file.is_file())


class _Loader:
    def __init__(self, findings: Findings, require_severity: bool) -> None:
        self._findings = findings
        self._require_severity = require_severity
        self._id_counts: dict[str, int] = {}

    def file(self, path: Path) -> list[RuleGroup]:
        text, root = read_section(path, self._findings, ("groups",))
        if root is None:
            return []
        lines = text.splitlines(keepends=True)
        groups, names = [], set()
        for section in root.sections("groups", _GROUP_KEYS):
            name = section.text("name", required=True)
            if name in names:
                section.error("name", f"group {quoted(name)} is in this file twice")
            names.add(name)
            for key in ("limit", "query_offset", "labels"):
                if section.has(key):
                    section.error(key, f"{key} of a group is not supported")
            interval = section.seconds("interval", DEFAULT_INTERVAL_SECONDS) or DEFAULT_INTERVAL_SECONDS
            sections = list(section.sections("rules", _RULE_KEYS))
            starts = [rule.line - 1 for rule in sections]
            ends = [*starts[1:], _end(lines, starts[-1]) if starts else 0]
            rules = [
                self._rule(name, rule, "".join(lines[start:end]), path, interval)
                for rule, start, end in zip(sections, starts, ends, strict=False)
            ]
            groups.append(RuleGroup(name, interval, tuple(rule for rule in rules if rule), str(path)))
        return groups

    def _rule(self, group: str, section: Section, text: str, path: Path, interval: float) -> Rule | None:
        if section.has("record"):
            section.error("record", "recording rules are not supported")
            return None
        alert = section.text("alert", required=True)
        expression = self._expression(section)
        labels = _templates(section, "labels")
        annotations = _templates(section, "annotations")
        severity = section.texts("labels").get("severity", "")
        if severity not in SEVERITIES:
            if self._require_severity:
                section.error("labels", f"label severity: expected one of {', '.join(SEVERITIES)}")
            severity = ""
        if "alertname" in labels:
            section.error("labels", "label alertname is set by the rule's name")
        for_seconds, keep_seconds = section.seconds("for", 0.0), section.seconds("keep_firing_for", 0.0)
        if not alert or expression is None:
            return None
        return Rule(
            id=self._id(f"{group}/{alert}"),
            version=digest(text),
            alert=alert,
            expression=expression,
            severity=severity,
            for_seconds=for_seconds,
            keep_firing_for_seconds=keep_seconds,
            labels=labels,
            annotations=annotations,
            runbook_url=section.texts("annotations").get("runbook_url", ""),
            text=text,
            file=str(path),
            line=section.line,
            interval_seconds=interval,
        )

    def _expression(self, section: Section) -> Compiled | None:
        text = section.text("expr", required=True)
        if not text:
            return None
        try:
            expression = compile(text)
        except ConfigurationError as error:
            section.error("expr", f"expr: {error}")
            return None
        if expression.uses_query_bounds:
            # One evaluation of a rule begins and ends at the same time.
            section.error("expr", "expr: @ start() and @ end() are not supported in rules")
            return None
        return expression

    def _id(self, name: str) -> str:
        count = self._id_counts[name] = self._id_counts.get(name, 0) + 1
        return name if count == 1 else f"{name}#{count}"


def _end(lines: list[str], start: int) -> int:
    """Where a group's last rule, which begins at `start`, ends: what follows is indented less."""
    indent = len(lines[start]) - len(lines[start].lstrip(" -"))
    for number in range(start + 1, len(lines)):
        line = lines[number]
        if line.strip() and len(line) - len(line.lstrip(" ")) < indent:
            return number
    return len(lines)


def _templates(section: Section, key: str) -> dict[str, Template]:
    templates = {}
    for name, text in section.texts(key).items():
        if not _LABEL_NAME.fullmatch(name):
            section.error(key, f"{key}: not a name: {quoted(name)}")
            continue
        try:
            templates[name] = parse_template(text)
        except ValueError as error:
            section.error(key, f"{key}: {name}: {error}")
    return templates
