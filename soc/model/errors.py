"""The one error tree. `exit_code` is what the command line ends with (docs/reference.md, exit codes)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class SocError(Exception):
    """Something a user can act on; its text says what was expected and what to do."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding about an input file. `line` counts from 1; 0 = the file as a whole."""

    file: str
    line: int
    message: str
    severity: str = "error"  # or "warning"
    code: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.severity}: {self.message}"


class ConfigurationError(SocError):
    """Inventory, settings, rules or usage are wrong: every problem at once."""

    exit_code = 2

    def __init__(self, problems: str | Iterable[Problem]) -> None:
        if isinstance(problems, str):
            self.problems: tuple[Problem, ...] = ()
            super().__init__(problems)
            return
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class CredentialError(SocError):
    """A secret reference did not resolve. The text names the reference, never a secret."""


class SpoolError(SocError):
    """The spool refused a segment: full, unwritable or unreadable."""


class StoreError(SocError):
    """The store is damaged, newer than this program, or unwritable."""

    exit_code = 3


class SideFileError(StoreError):
    """A file beside the store does not read; the store itself is whole."""


class LockHeldError(SocError):
    """Another process holds the lock; nothing is lost, try again.

    `pid` and `command` are its holder's as it wrote them, 0 and "" where unknown.
    """

    exit_code = 75

    def __init__(self, message: str, pid: int = 0, command: str = "") -> None:
        super().__init__(message)
        self.pid = pid
        self.command = command
