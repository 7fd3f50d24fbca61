"""Load collector files by path: the shipped ones, a site's own, and those named on the command line."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path

from soc.collect.declare import Collector, SshCommand
from soc.model import ConfigurationError, Problem
from soc.model.shipped import check_not_writable_by_others, shipped

SITE_DIRECTORY = Path("/etc/soc/collectors.d")


def load_collectors(extra: Sequence[Path] = ()) -> list[Collector]:
    """All collectors, ordered by name.

    Raises ConfigurationError with every problem at once: a file that does not load, a name declared
    twice, a directory that others may write to (its files are code).
    """
    directories = [shipped("collectors"), *extra]
    if SITE_DIRECTORY.is_dir():
        directories.append(SITE_DIRECTORY)
    problems: list[Problem] = []
    collectors: dict[str, Collector] = {}
    for directory in directories:
        if not directory.is_dir():
            problems.append(
                Problem(str(directory), 0, "not a directory (a directory of collector files expected)")
            )
            continue
        if directory != directories[0] and (problem := check_not_writable_by_others(directory)):
            problems.append(problem)
            continue
        # Hidden ones are an editor's, or a version control's.
        for path in sorted(path for path in directory.rglob("*.py") if not path.name.startswith(".")):
            for found in _load_file(path, problems):
                other = collectors.setdefault(found.name, found)
                if other is not found:
                    problems.append(
                        Problem(str(path), 0, f"collector {found.name!r} is already declared in {other.path}")
                    )
    problems += _shared_streams(collectors.values())
    if problems:
        raise ConfigurationError(problems)
    return [collectors[name] for name in sorted(collectors)]


def _shared_streams(collectors: Iterable[Collector]) -> Iterable[Problem]:
    """Two commands under one stream would move each other's cursor, and lines would be lost."""
    owners: dict[str, tuple[SshCommand, str]] = {}
    for collector in collectors:
        for fetch in collector.fetches.values():
            if isinstance(fetch, SshCommand) and fetch.stream:
                owner, path = owners.setdefault(fetch.stream, (fetch, collector.path))
                if owner is not fetch:
                    yield Problem(collector.path, 0, f"stream {fetch.stream!r} is already that of {path}")


def _load_file(path: Path, problems: list[Problem]) -> Iterable[Collector]:
    name = f"soc_collector_{path.stem}_{abs(hash(str(path)))}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        problems.append(Problem(str(path), 0, "not a Python file"))
        return []
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        lines = [
            frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
        ]
        line = getattr(error, "lineno", None) or (lines[-1] if lines else 0)
        problems.append(Problem(str(path), line or 0, f"{type(error).__name__}: {error}"))
        return []
    declared = [value for value in vars(module).values() if isinstance(value, Collector)]
    for item in declared:
        object.__setattr__(item, "path", str(path))
    if not declared:
        problems.append(Problem(str(path), 0, "declares no collector (a function under @collector expected)"))
    return declared
