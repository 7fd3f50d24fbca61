"""The Prometheus rule files in force: the shipped ones, a site's own and those of further directories."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from soc.model import ConfigurationError
from soc.model.shipped import check_not_writable_by_others, shipped
from soc.promql.rules import RuleGroups, load_rule_files

SITE_DIRECTORY = Path("/etc/soc/rules.d")
# Rule directories hold Sigma files and unit tests too; only a rule file has groups.
_GROUPS = re.compile(r"^groups\s*:", re.MULTILINE)
_MAXIMUM_BYTES = 4_000_000


def load_all_rule_files(extra: Sequence[Path] = ()) -> RuleGroups:
    """Every alerting rule in force. Raises ConfigurationError with every problem at once."""
    directories = [*extra, *([SITE_DIRECTORY] if SITE_DIRECTORY.is_dir() else [])]
    problems = [problem for path in directories if (problem := check_not_writable_by_others(path))]
    if problems:
        raise ConfigurationError(problems)
    files = [file for path in (shipped("rules"), *directories) for file in find_rule_files(path)]
    return load_rule_files(list(dict.fromkeys(files)))


def find_rule_files(path: Path) -> list[Path]:
    """The Prometheus rule files below a directory, or the file itself if it is one."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sorted(file for file in files if file.suffix in (".yml", ".yaml") and _has_groups(file))


def _has_groups(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return bool(_GROUPS.search(stream.read(_MAXIMUM_BYTES).decode("utf-8", "replace")))
    except OSError:
        return False
