"""Correlations: parsed, then linked to the rules and correlations they refer to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sigma.correlations import (
    SigmaCorrelationCondition,
    SigmaCorrelationRule,
    SigmaCorrelationType,
)
from sigma.exceptions import SigmaError

from soc.detection.compiler import UnsupportedError
from soc.detection.documents import Document
from soc.detection.rules import DEFAULT_LEVEL, Correlation, InlineTest, Origin, Rule, RuleSet
from soc.model import Problem

_KINDS = frozenset(
    {
        SigmaCorrelationType.EVENT_COUNT,
        SigmaCorrelationType.VALUE_COUNT,
        SigmaCorrelationType.TEMPORAL,
        SigmaCorrelationType.TEMPORAL_ORDERED,
    }
)
_MAXIMUM_NESTING = 8


@dataclass(frozen=True, slots=True)
class Draft:
    """A parsed correlation whose `members` are still references (id or name) as written."""

    correlation: Correlation
    generate: bool
    line: int  # of its `correlation:` key

    def problem(self, text: str, code: str = "reference") -> Problem:
        return Problem(self.correlation.origin.file, self.line, text, code=code)


def draft_correlation(
    document: Document, origin: Origin, tests: tuple[InlineTest, ...], problems: list[Problem]
) -> Draft | None:
    """Parse one correlation document; None, with its problems, where it is wrong or unsupported."""
    line = document.line_of("correlation")

    def problem(text: str, code: str, severity: str = "error") -> None:
        problems.append(Problem(document.file, line, text, severity, code))

    try:
        parsed = SigmaCorrelationRule.from_dict(dict(document.content), collect_errors=True)
        for error in parsed.errors:
            problem(str(error)[:400], type(error).__name__)
        if parsed.errors:
            return None
        condition = _supported_condition(parsed)
    except UnsupportedError as error:
        problem(str(error), "unsupported")
        return None
    except SigmaError as error:
        problem(str(error)[:400], type(error).__name__)
        return None
    except Exception as error:  # pySigma trips over some shapes of content instead of refusing them
        problem(f"not a Sigma correlation ({type(error).__name__}: {str(error)[:200]})", "syntax")
        return None
    operator = condition.op.name.lower()
    if operator in ("lt", "lte", "neq"):
        text = f"'{operator}' is judged as each event arrives: it holds at the first event of a window"
        problem(text, "early-condition", "warning")
    correlation = Correlation(
        id=str(parsed.id or parsed.name or origin.version),
        name=parsed.name or "",
        title=parsed.title,
        level=parsed.level.name.lower() if parsed.level else DEFAULT_LEVEL,
        author=parsed.author or "",
        description=parsed.description or "",
        tags=tuple(str(tag) for tag in parsed.tags),
        kind=parsed.type.name.lower(),
        members=tuple(reference.reference for reference in parsed.rules or ()),
        group_by=tuple(parsed.group_by or ()),
        aliases={
            alias.alias: {reference.reference: name for reference, name in alias.mapping.items()}
            for alias in parsed.aliases
        },
        timespan_seconds=float(parsed.timespan.seconds),
        operator=operator,
        count=float(condition.count),
        count_field=str(condition.fieldref or ""),
        runbook=str(document.content.get("runbook") or ""),
        tests=tests,
        origin=origin,
    )
    return Draft(correlation, parsed.generate, line)


def _supported_condition(parsed: SigmaCorrelationRule) -> SigmaCorrelationCondition:
    """The correlation's condition. Raises UnsupportedError for what evaluation cannot judge."""
    kind, condition = parsed.type, parsed.condition
    if kind not in _KINDS:
        raise UnsupportedError(f"correlation type '{kind.name.lower()}' is not supported")
    if not isinstance(condition, SigmaCorrelationCondition):
        raise UnsupportedError("extended correlation conditions (text) are not supported")
    if not parsed.rules:
        raise UnsupportedError("a correlation without a list of rules is not supported")
    operator = condition.op.name.lower()
    if kind is SigmaCorrelationType.TEMPORAL_ORDERED and (operator, condition.count) != (
        "gte",
        len(parsed.rules),
    ):
        raise UnsupportedError(
            "a condition on temporal_ordered is not supported: it is all its rules, in order"
        )
    if kind is SigmaCorrelationType.TEMPORAL and operator not in ("gte", "gt", "eq"):
        raise UnsupportedError(f"condition '{operator}' on temporal is not supported")
    if isinstance(condition.fieldref, list):
        raise UnsupportedError("value_count over several fields is not supported")
    return condition


class _Linker:
    """Resolves references; a correlation whose references fail is dropped with a problem."""

    def __init__(self, rules: Mapping[str, Rule], drafts: list[Draft], problems: list[Problem]) -> None:
        self._rules = rules
        self._drafts = {draft.correlation.id: draft for draft in drafts}
        self._ids = {item.name: item.id for item in rules.values() if item.name}
        self._ids |= {d.correlation.name: d.correlation.id for d in drafts if d.correlation.name}
        self._problems = problems
        self._linked: dict[str, Correlation | None] = {}

    def link(self, identifier: str, above: tuple[str, ...] = ()) -> Correlation | None:
        if identifier in above or len(above) > _MAXIMUM_NESTING:
            self._problems.append(
                self._drafts[identifier].problem("correlations refer to one another in a circle")
            )
            return None
        if identifier not in self._linked:
            self._linked[identifier] = self._resolve(self._drafts[identifier], (*above, identifier))
        return self._linked[identifier]

    def _resolve(self, draft: Draft, above: tuple[str, ...]) -> Correlation | None:
        correlation = draft.correlation
        members: list[str] = []
        nested: dict[str, Correlation] = {}
        for reference in correlation.members:
            member = reference if self._known(reference) else self._ids.get(reference, "")
            if not self._known(member):
                self._problems.append(
                    draft.problem(f"refers to {reference!r}, which is not loaded (id or name)")
                )
                return None
            members.append(member)
            if member in self._drafts:
                inner = self.link(member, above)
                if inner is None:
                    self._problems.append(draft.problem(f"refers to {reference!r}, which has errors"))
                    return None
                if missing := set(correlation.group_by) - set(inner.group_by):
                    text = f"{reference!r} must be grouped by {', '.join(sorted(missing))} too"
                    self._problems.append(draft.problem(text, "unsupported"))
                    return None
                nested[member] = inner
        if nested and any(item.aliases for item in (correlation, *nested.values())):
            self._problems.append(draft.problem("aliases over correlations are not supported", "unsupported"))
            return None
        aliases = {
            name: {self._ids.get(reference, reference): field for reference, field in fields.items()}
            for name, fields in correlation.aliases.items()
        }
        return replace(correlation, members=tuple(members), nested=nested, aliases=aliases)

    def _known(self, identifier: str) -> bool:
        return identifier in self._rules or identifier in self._drafts


def link(rules: Mapping[str, Rule], drafts: list[Draft], problems: list[Problem]) -> RuleSet:
    """Resolve references, find which rules alert and which fields their matches must carry."""
    unique: list[Draft] = []
    used = {rule.id: rule.origin for rule in rules.values()}
    for draft in drafts:
        correlation = draft.correlation
        other = used.setdefault(correlation.id, correlation.origin)
        if other is not correlation.origin:
            problems.append(
                draft.problem(
                    f"id {correlation.id} is already used in {other.file}:{other.line}", "duplicate"
                )
            )
        else:
            unique.append(draft)
    linker = _Linker(rules, unique, problems)
    correlations = [found for draft in unique if (found := linker.link(draft.correlation.id))]
    generating = {draft.correlation.id for draft in unique if draft.generate}
    silent = {member for item in correlations if item.id not in generating for member in item.members}
    fields: dict[str, set[str]] = {}
    for item in correlations:
        for rule_id in item.rule_ids:
            wanted = fields.setdefault(rule_id, set())
            wanted.update(item.field_of(name, rule_id) for name in item.group_by)
            wanted.update({item.count_field} if item.count_field else ())
    return RuleSet(
        rules=tuple(
            replace(
                rule, alerts=_alerts(rule, silent), correlation_fields=tuple(sorted(fields.get(rule.id, ())))
            )
            for rule in rules.values()
        ),
        correlations=tuple(replace(item, alerts=_alerts(item, silent)) for item in correlations),
        problems=tuple(problems),
    )


def _alerts(item: Rule | Correlation, silent: set[str]) -> bool:
    """Sigma's informational rules enrich events; they are not to raise alerts."""
    return item.level != "informational" and item.id not in silent
