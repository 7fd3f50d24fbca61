"""Problems collected while reading, so that all are shown at once."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from pathlib import Path

from soc.model import Problem
from soc.model.text import clean

MAXIMUM_PROBLEMS = 1000
_MAXIMUM_HINT_CANDIDATES = 1000  # comparing with every name of a large fleet would take minutes


class Findings:
    """The problems of one inventory; beyond MAXIMUM_PROBLEMS of a severity they are counted, not kept."""

    def __init__(self) -> None:
        self.error_count = 0
        self._warning_count = 0
        self.problems: list[Problem] = []  # as they were met

    def add(self, problem: Problem) -> None:
        if problem.severity == "error":
            self.error_count += 1
            number = self.error_count
        else:
            self._warning_count += 1
            number = self._warning_count
        if number <= MAXIMUM_PROBLEMS:
            self.problems.append(problem)

    def in_order(self) -> list[Problem]:
        """By file, in the order the files were met, then by line."""
        order: dict[str, int] = {}
        for problem in self.problems:
            order.setdefault(problem.file, len(order))
        ordered = sorted(self.problems, key=lambda problem: (order[problem.file], problem.line))
        if dropped := self.error_count + self._warning_count - len(ordered):
            severity = "error" if self.error_count else "warning"
            more = f"{dropped} more problems are not shown; correct these first"
            ordered.append(Problem(ordered[0].file, 0, more, severity, "more"))
        return ordered


class Report:
    """Where problems of one file go. `directory` is what relative paths in it are relative to."""

    def __init__(self, findings: Findings, file: str, directory: Path) -> None:
        self.findings = findings
        self.file = file
        self.directory = directory
        self.key = ""  # the key being read, for messages of nested values

    def error(self, line: int, message: str, code: str = "") -> None:
        self.findings.add(Problem(self.file, line, message, "error", code))

    def warning(self, line: int, message: str, code: str = "") -> None:
        self.findings.add(Problem(self.file, line, message, "warning", code))

    def absolute(self, text: str) -> str:
        """A path as absolute text: `~` is the user's home, others are relative to the file that says so."""
        if not text or "\0" in text:
            raise ValueError("expected a path")
        try:
            return str(self.directory / Path(text).expanduser())
        except RuntimeError:
            raise ValueError("expected a path; the home directory that ~ stands for is unknown") from None


def quoted(text: str, limit: int = 60) -> str:
    """Somebody's text inside a message: cleaned, bounded, in quotes."""
    return f"'{clean(text, limit)}{'…' if len(text) > limit else ''}'"


def hint(word: str, known: Collection[str]) -> str:
    """The end of a message about an unknown word: the nearest known one, else what is known."""
    if not known:
        return "; none is declared"
    if len(known) > _MAXIMUM_HINT_CANDIDATES:
        return ""
    nearest = difflib.get_close_matches(word[:100], known, n=1, cutoff=0.6)
    if nearest:
        return f"; did you mean {quoted(nearest[0])}?"
    if len(known) > 30:
        return ""
    return f"; known: {', '.join(clean(name, 60) for name in known)}"
