"""The Sigma files in force: the shipped ones, a site's own and those of further directories."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from soc.detection.cache import cache_path, fingerprint, read_rules, write_rules
from soc.detection.rules import RuleSet
from soc.model.shipped import check_not_writable_by_others, shipped

SITE_DIRECTORY = Path("/etc/soc/rules.d")
_SUFFIXES = frozenset({".yml", ".yaml"})


def load_all_rules(extra: Sequence[Path] = (), cache: Path | None = None) -> RuleSet:
    """The shipped rules, a site's own (/etc/soc/rules.d) and those of further directories.

    A directory that others may write to is a problem and is not read. What has no errors is kept in the
    cache directory, if there is one; what comes from there has no inline tests.
    """
    directories = list(extra)
    if SITE_DIRECTORY.is_dir():
        directories.append(SITE_DIRECTORY)
    refused = {
        path: problem
        for path in directories
        if path.exists() and (problem := check_not_writable_by_others(path))
    }
    paths = [shipped("rules"), *(path for path in directories if path not in refused)]
    rules = _load(paths) if cache is None else _load_cached(paths, cache_path(cache, paths))
    return replace(rules, problems=(*refused.values(), *rules.problems))


def rule_files(paths: Sequence[Path]) -> list[Path]:
    """The files named, and the YAML files in the directories named (recursively), each once."""
    found: dict[Path, Path] = {}
    for path in paths:
        inside = sorted(file for file in path.rglob("*") if file.suffix in _SUFFIXES and file.is_file())
        for file in inside if path.is_dir() else [path] if path.is_file() else []:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _load(paths: Sequence[Path]) -> RuleSet:
    from soc.detection.load import load_rules  # with pySigma

    return load_rules(paths)


def _load_cached(paths: Sequence[Path], cache: Path) -> RuleSet:
    try:
        mark = fingerprint(rule_files(paths))
    except OSError:
        mark = ""
    if not mark or not all(path.exists() for path in paths):  # what cannot be read is told as a problem
        return _load(paths)
    if known := read_rules(cache, mark):
        return known
    rules = _load(paths)
    with suppress(OSError):
        # Files that were changed meanwhile were perhaps read before, perhaps after.
        if not rules.errors and fingerprint(rule_files(paths)) == mark:
            write_rules(cache, mark, rules)
    return rules
