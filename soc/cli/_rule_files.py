"""What `soc rules` does with files of both kinds: Sigma documents and Prometheus rule and test files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soc.model import Problem

Result = dict[str, object]  # a line that `soc rules test --json` prints


def sigma_tests(paths: Sequence[Path], extra: Sequence[Path]) -> Iterator[Result]:
    """Inline cases of the Sigma files in `paths`; references may lead to shipped and further rules."""
    from soc.detection import load_rules
    from soc.detection.testing import run_tests
    from soc.model.shipped import shipped

    rules = load_rules([*paths, shipped("rules"), *extra])
    asked = [path.resolve() for path in paths]

    def is_asked(file: str) -> bool:
        path = Path(file).resolve()
        return any(path == one or one in path.parents for one in asked)

    for problem in rules.errors:
        if is_asked(problem.file):
            yield _result(problem.file, "", "", "sigma", error=f"line {problem.line}: {problem.message}")
    for item in rules.items:
        if is_asked(item.origin.file):
            for result in run_tests(rules, item):
                yield _result(
                    item.origin.file,
                    item.title,
                    result.case.name,
                    "sigma",
                    ok=result.ok,
                    got=result.got,
                    expected=result.case.match,
                    error=result.error,
                )


def availability_rules(extra: Sequence[Path]) -> list[Result]:
    """Rows of `soc rules list` for Prometheus alerting rules. Raises ConfigurationError."""
    from soc.model.shipped import shipped
    from soc.promql import load_rule_files

    groups = load_rule_files([shipped("rules") / "availability", *_rule_files(extra)])
    return [
        {
            "id": rule.id, "kind": "availability", "level": rule.severity, "alerts": True,
            "title": rule.annotations.get("summary", rule.alert), "version": rule.version,
            "file": rule.file, "line": rule.line,
        }
        for rule in groups.rules
    ]  # fmt: skip


def lint_availability(paths: Sequence[Path]) -> list[Problem]:
    """What is wrong in the Prometheus rule files among `paths`."""
    from soc.model import ConfigurationError, Problem
    from soc.promql import load_rule_files

    files = _rule_files(paths)
    if not files:
        return []
    try:
        load_rule_files(files)
    except ConfigurationError as error:
        return list(error.problems) or [Problem(str(files[0]), 0, str(error))]
    return []


def availability_tests(paths: Sequence[Path], extra: Sequence[Path]) -> Iterator[Result]:  # noqa: ARG001
    """promtool unit-test files among `paths`; each names its own rule files."""
    files = _with_key(paths, "rule_files")
    if not files:
        return
    from soc.pipeline.ruletests import run_test_files

    yield from run_test_files(files)


def _rule_files(paths: Sequence[Path]) -> list[Path]:
    return _with_key(paths, "groups")


def _with_key(paths: Sequence[Path], key: str) -> list[Path]:
    """The YAML files whose first document has this key at its top."""
    from soc.detection import rule_files
    from soc.detection.documents import read_documents

    return [
        file
        for file in rule_files(paths)
        if any(key in document.content for document in read_documents(file, [])[0])
    ]


def _result(
    file: str,
    test: str,
    case: str,
    kind: str,
    *,
    ok: bool = False,
    got: object = None,
    expected: object = None,
    error: str = "",
) -> Result:
    return {
        "file": file, "test": test, "case": case, "kind": kind,
        "ok": ok, "got": got, "expected": expected, "error": error,
    }  # fmt: skip
