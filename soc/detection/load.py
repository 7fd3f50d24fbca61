"""Load Sigma files: parsed and validated by pySigma, compiled, linked; every problem with file:line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sigma.exceptions import (
    SigmaConditionError,
    SigmaCorrelationRuleError,
    SigmaDateError,
    SigmaError,
    SigmaIdentifierError,
    SigmaLevelError,
    SigmaLogsourceError,
    SigmaModifierError,
    SigmaStatusError,
    SigmaTagError,
    SigmaTitleError,
    SigmaValueError,
)
from sigma.modifiers import modifier_mapping
from sigma.rule import SigmaRule

from soc.detection.compiler import POLICY, UnsupportedError, compile_rule
from soc.detection.documents import Document, read_documents
from soc.detection.link import Draft, draft_correlation, link
from soc.detection.logsource import LogSource
from soc.detection.places import rule_files
from soc.detection.rules import DEFAULT_LEVEL, InlineTest, Origin, Rule, RuleSet
from soc.model import Problem
from soc.model.ids import digest

# Where in a document pySigma's classes of errors lie; the first that fits.
_PLACES: tuple[tuple[type[SigmaError], tuple[str, ...]], ...] = (
    (SigmaLogsourceError, ("logsource",)),
    (SigmaConditionError, ("detection", "condition")),
    (SigmaCorrelationRuleError, ("correlation",)),
    (SigmaIdentifierError, ("id",)),
    (SigmaLevelError, ("level",)),
    (SigmaStatusError, ("status",)),
    (SigmaTagError, ("tags",)),
    (SigmaTitleError, ("title",)),
    (SigmaDateError, ("date",)),
    (SigmaValueError, ("detection",)),
    (SigmaError, ("detection",)),
)


def load_rules(directories: Sequence[Path]) -> RuleSet:
    """Every Sigma document in these files and (recursively) directories.

    Prometheus rule and test files are passed over. Never raises for what a file says: problems are
    collected, and a document with an error contributes no rule.
    """
    problems: list[Problem] = []
    rules: dict[str, Rule] = {}
    drafts: list[Draft] = []
    count = 0
    problems += [
        Problem(str(path), 0, "no such file or directory") for path in directories if not path.exists()
    ]
    for path in rule_files(directories):
        documents, unusable = read_documents(path, problems)
        count += unusable
        for document in documents:
            content = document.content
            if is_prometheus(content):
                continue
            count += 1
            known = len(problems)
            _check_custom_keys(document, problems)
            if "correlation" in content:
                draft = draft_correlation(document, origin_of(document), inline_tests(document), problems)
                drafts += [draft] if draft else []
            elif "detection" in content:
                rule = _rule(document, problems)
                if rule and not any(problem.severity == "error" for problem in problems[known:]):
                    _add(rules, rule, problems)
            else:
                problems.append(_unknown(document))
    linked = link(rules, drafts, problems)
    return replace(linked, failed=count - len(linked.rules) - len(linked.correlations))


def is_prometheus(content: Mapping[str, Any]) -> bool:
    """Whether a document is of a Prometheus rule file or a promtool unit-test file."""
    return "groups" in content or is_promtool_test(content)


def is_promtool_test(content: Mapping[str, Any]) -> bool:
    """By what such files have and a Sigma document, which needs a title, cannot be."""
    return "rule_files" in content or ("tests" in content and "title" not in content)


def origin_of(document: Document) -> Origin:
    return Origin(document.file, document.line, document.text, digest(document.text))


def _rule(document: Document, problems: list[Problem]) -> Rule | None:
    known = len(problems)
    try:
        parsed = SigmaRule.from_dict(dict(document.content), collect_errors=True, policy=POLICY)
        problems += [_problem(document, error) for error in parsed.errors]
        if len(problems) > known:
            return None
        condition = compile_rule(parsed)
    except UnsupportedError as error:
        line = document.line_mentioning(error.field or "", below="detection")
        problems.append(Problem(document.file, line, str(error), code="unsupported"))
        return None
    except SigmaError as error:
        problems.append(_problem(document, error))
        return None
    except Exception as error:  # pySigma trips over some shapes of content instead of refusing them
        text = f"not a Sigma rule ({type(error).__name__}: {str(error)[:200]})"
        problems.append(Problem(document.file, document.line, text, code="syntax"))
        return None
    origin = origin_of(document)
    if parsed.level is None:
        text = f"no level; alerts take {DEFAULT_LEVEL!r}"
        problems.append(Problem(document.file, document.line, text, "warning", "no-level"))
    source = parsed.logsource
    return Rule(
        id=str(parsed.id or parsed.name or origin.version),
        name=parsed.name or "",
        title=parsed.title,
        level=parsed.level.name.lower() if parsed.level else DEFAULT_LEVEL,
        author=parsed.author or "",
        description=parsed.description or "",
        tags=tuple(str(tag) for tag in parsed.tags),
        logsource=LogSource(
            (source.product or "").lower(), (source.category or "").lower(), (source.service or "").lower()
        ),
        condition=condition,
        group_by=_names(document.content.get("group_by")),
        runbook=str(document.content.get("runbook") or ""),
        tests=inline_tests(document),
        origin=origin,
    )


def _add(rules: dict[str, Rule], rule: Rule, problems: list[Problem]) -> None:
    other = rules.setdefault(rule.id, rule)
    if other is not rule:
        text = f"id {rule.id} is already used in {other.origin.file}:{other.origin.line}"
        problems.append(Problem(rule.origin.file, rule.origin.line, text, code="duplicate"))


def _names(value: object) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else (value,) if isinstance(value, str) else ()


def inline_tests(document: Document) -> tuple[InlineTest, ...]:
    """The cases of a `tests:` key whose shape _check_custom_keys has found right."""
    line = document.line_of("tests")
    cases = document.content.get("tests")
    return tuple(
        InlineTest(str(case["name"]), tuple(case["events"]), case["match"], line)
        for case in (cases if isinstance(cases, list) else [])
        if _is_test(case)
    )


def _is_test(case: object) -> bool:
    return (
        isinstance(case, dict)
        and isinstance(case.get("name"), str)
        and isinstance(case.get("events"), list)
        and all(isinstance(event, dict) for event in case["events"])
        and isinstance(case.get("match"), int)
    )


def _check_custom_keys(document: Document, problems: list[Problem]) -> None:
    content = document.content

    def expect(key: str, right: bool, expected: str) -> None:
        if key in content and not right:
            text = f"{key}: {expected} expected"
            problems.append(Problem(document.file, document.line_of(key), text, code="key"))

    tests, group_by = content.get("tests"), content.get("group_by")
    expect(
        "tests",
        isinstance(tests, list) and all(_is_test(case) for case in tests),
        "a list of {name: text, events: [mappings], match: number}",
    )
    expect("runbook", isinstance(content.get("runbook"), str), "text")
    names = group_by if isinstance(group_by, list) else [group_by]
    expect("group_by", all(isinstance(name, str) and name for name in names), "field names")


def _problem(document: Document, error: SigmaError) -> Problem:
    line = next(document.line_of(*path) for kind, path in _PLACES if isinstance(error, kind))
    if isinstance(error, SigmaModifierError):
        line = next(
            (at for path, at in document.key_lines if path[0] == "detection" and _unknown_modifier(path[-1])),
            line,
        )
    return Problem(document.file, line, str(error)[:400], code=type(error).__name__)


def _unknown_modifier(key: str) -> bool:
    return any(modifier not in modifier_mapping for modifier in key.split("|")[1:])


def _unknown(document: Document) -> Problem:
    unsupported: dict[str, Any] = {
        "filter": "Sigma filters are not supported",
        "action": "rule collections (action: global, repeat, reset) are not supported",
    }
    for key, text in unsupported.items():
        if key in document.content:
            return Problem(document.file, document.line_of(key), text, code="unsupported")
    text = "neither a Sigma rule (detection), a correlation nor a Prometheus rule file (groups)"
    return Problem(document.file, document.line, text, code="syntax")
