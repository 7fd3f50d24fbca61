"""soc.detection.cache"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

import pytest

from soc.detection import Correlation, RuleSet, match_events
from soc.detection.cache import fingerprint, read_rules, write_rules
from soc.detection.load import load_rules
from soc.detection.places import load_all_rules
from soc.model import Event, Problem
from soc.model.shipped import shipped

EVERY_PREDICATE = """\
title: Everything that a condition can be
id: 00000000-0000-4000-8000-000000000001
level: high
logsource: {product: test}
detection:
  text: {message|contains: "word", user|cased: "Root", process|startswith: "ssh"}
  pattern: {message|re: "^a+b", service: "x*y"}
  number: {activity_id|gte: 3, class_uid: 3.5}
  network: {source_ip|cidr: ["10.0.0.0/8", "fd00::/8"]}
  present: {target_ip: null, raw|exists: true}
  same: {user|fieldref: process}
  condition: text and not pattern or (number and network) or present or same
tests: [{name: dated, events: [{message: 2026-01-01}], match: 0}]
"""


def without_tests(rules: RuleSet) -> RuleSet:
    return replace(
        rules,
        rules=tuple(replace(rule, tests=()) for rule in rules.rules),
        correlations=tuple(map(_without_tests, rules.correlations)),
    )


def _without_tests(correlation: Correlation) -> Correlation:
    nested = {id: _without_tests(inner) for id, inner in correlation.nested.items()}
    return replace(correlation, tests=(), nested=nested)


@pytest.fixture
def every(tmp_path: Path) -> Path:
    path = tmp_path / "rules/every.yml"
    path.parent.mkdir()
    path.write_text(EVERY_PREDICATE, encoding="utf-8")
    return path


def test_rules_come_back_as_they_were(tmp_path: Path, every: Path) -> None:
    """Shipped rules and correlations, every kind of predicate, warnings: all but the inline tests."""
    rules = load_rules([shipped("rules"), every])
    rules = replace(rules, problems=(Problem("a.yml", 3, "no level", "warning", "no-level"),))
    write_rules(tmp_path / "rules.json", "mark", rules)
    found = read_rules(tmp_path / "rules.json", "mark")
    assert found == without_tests(rules)
    assert rules.correlations


def test_rules_from_the_cache_match_what_the_others_match(tmp_path: Path, every: Path) -> None:
    """Patterns are compiled, networks are networks again."""
    events = [
        Event("1", 1.0, 1.0, product="test", message="aab", service="xy", user="a", process="b"),
        Event("2", 1.0, 1.0, product="test", activity_id=4, class_uid=0, source_ip="10.1.2.3"),
        Event("3", 1.0, 1.0, product="test", user="same", process="same", source_ip="fd00::1"),
        Event("4", 1.0, 1.0, product="test", message="a word", user="Root", process="sshd", target_ip="1"),
    ]
    rules = load_rules([every])
    write_rules(tmp_path / "rules.json", "mark", rules)
    found = read_rules(tmp_path / "rules.json", "mark")
    assert found is not None
    assert match_events(found, events) == match_events(rules, events) != []


def test_a_cache_is_of_its_files_content(tmp_path: Path, every: Path) -> None:
    """A changed, an added and a removed file are seen; the cache is used as long as nothing is."""
    cache = tmp_path / "cache"
    first = load_all_rules([every.parent], cache)
    [kept] = cache.iterdir()
    written = kept.stat().st_mtime_ns
    assert load_all_rules([every.parent], cache) == without_tests(first)
    assert kept.stat().st_mtime_ns == written
    every.write_text(EVERY_PREDICATE.replace("level: high", "level: low"), encoding="utf-8")
    changed = load_all_rules([every.parent], cache).by_id["00000000-0000-4000-8000-000000000001"]
    assert changed.level == "low"
    (every.parent / "more.yml").write_text(EVERY_PREDICATE.replace("8000-0", "8000-1"), encoding="utf-8")
    assert "00000000-0000-4000-8000-100000000001" in load_all_rules([every.parent], cache).by_id
    every.unlink()
    assert "00000000-0000-4000-8000-000000000001" not in load_all_rules([every.parent], cache).by_id
    assert list(cache.iterdir()) == [kept]


def test_rules_with_errors_are_not_kept(tmp_path: Path, every: Path) -> None:
    """They are told each time; so is a directory that is not there."""
    every.write_text(EVERY_PREDICATE.replace("condition: text", "condition: nothing"), encoding="utf-8")
    for extra in (every.parent, tmp_path / "absent"):
        for _ in range(2):
            assert load_all_rules([extra], tmp_path / "cache").errors
    assert not (tmp_path / "cache").exists()


def test_directory_that_is_gone_is_told(tmp_path: Path) -> None:
    """Rules were kept while it was empty, and its absence changes no file."""
    empty = tmp_path / "empty"
    empty.mkdir()
    assert not load_all_rules([empty], tmp_path / "cache").errors
    empty.rmdir()
    assert load_all_rules([empty], tmp_path / "cache").errors


def test_a_cache_is_of_the_code_that_compiled_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another pySigma in place of the one before, however old its files are."""
    spec = find_spec("sigma")
    assert spec is not None
    assert spec.submodule_search_locations
    copied = shutil.copytree(next(iter(spec.submodule_search_locations)), tmp_path / "sigma")
    other = ModuleSpec("sigma", None, is_package=True)
    other.submodule_search_locations = [str(copied)]
    monkeypatch.setattr("soc.detection.cache.find_spec", lambda _: other)
    before = fingerprint([])
    changed = copied / "conditions.py"
    status = changed.stat()
    changed.write_text(f"{changed.read_text()}\n# another version\n")
    os.utime(changed, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert fingerprint([]) != before


@pytest.mark.parametrize(
    "content",
    [
        b"", b"mark", b"mark\n", b"mark\n[]", b"other\n{}", b"mark\n" + b"[" * 100_000, b'mark\n{"Path": {}}',
        b'mark\n{"RuleSet": 1}', b'mark\n{"Pattern": {"field": "a", "pattern": "("}}',
        b'mark\n{"RuleSet": {"more": 1}}', b'mark\n{"Network": {"field": "a", "network": "b"}}',
    ],
)  # fmt: skip
def test_what_is_no_cache_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Whatever stands there in its place."""
    monkeypatch.setattr("soc.detection.cache.read_cache_file", lambda _: content)
    assert read_rules(tmp_path / "rules.json", "mark") is None
