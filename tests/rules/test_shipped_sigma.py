"""The Sigma rules and correlations that ship"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest

from soc.detection import Correlation, Rule, evaluate
from soc.detection.load import load_rules
from soc.detection.testing import run_tests
from soc.intake.refine import Refiner
from soc.model import Device, LogRecord, Match
from soc.model.shipped import shipped

RULES = load_rules([shipped("rules") / "detection", shipped("rules") / "correlation"])
ITEMS = [pytest.param(item, id=item.name) for item in RULES.items]


def test_all_load() -> None:
    """Not one problem, warnings included."""
    assert RULES.problems == ()
    assert len(RULES.rules) >= 3
    assert len(RULES.correlations) >= 2


@pytest.mark.parametrize("item", ITEMS)
def test_inline_cases(item: Rule | Correlation) -> None:
    """Every rule's own cases pass; there is one that matches and one that does not."""
    results = run_tests(RULES, item)
    assert [(result.case.name, result.got) for result in results] == [
        (case.name, case.match) for case in item.tests
    ]
    assert {case.match > 0 for case in item.tests} == {True, False}


@pytest.mark.parametrize("item", ITEMS)
def test_what_a_reader_needs(item: Rule | Correlation) -> None:
    """Every rule has a UUID, a description, a runbook, tags, and a file of its own named after it."""
    assert uuid.UUID(item.id).version == 4
    assert item.description
    assert item.runbook
    assert item.tags
    assert item.origin.file.endswith(f"/{item.name}.yml")


START = datetime(2025, 1, 2, 12, 0, tzinfo=UTC).timestamp()


def _refined(lines: list[tuple[float, str]]) -> list[Match]:
    device = Device("web-01", "hosting")
    records = [
        (
            device,
            LogRecord(
                "auth",
                str(number),
                f"{datetime.fromtimestamp(START + offset, UTC).isoformat()} web-01 sshd[{number}]: {text}",
            ),
            START + 3600,
        )
        for number, (offset, text) in enumerate(lines)
    ]
    return Refiner({}, RULES).refine(records)[1]


def _raised(matches: list[Match]) -> list[str]:
    """Names of what raises an alert over these matches, each as often as it does."""
    names = [RULES.by_id[match.rule_id].name for match in matches if RULES.by_id[match.rule_id].alerts]
    for correlation in RULES.correlations:
        groups: dict[tuple[str, ...], list[Match]] = {}
        for match in matches:
            if match.rule_id in correlation.rule_ids and (
                labels := correlation.group(match.rule_id, match.fields)
            ):
                groups.setdefault(tuple(labels.values()), []).append(match)
        names += [correlation.name for rows in groups.values() for _ in evaluate(correlation, rows)]
    return sorted(names)


def _failures(count: int, every: float, address: str = "203.0.113.7") -> list[tuple[float, str]]:
    users = ("root", "invalid user admin", "invalid user oracle", "deploy")
    return [
        (number * every, f"Failed password for {users[number % 4]} from {address} port {40000 + number} ssh2")
        for number in range(count)
    ]


def test_a_host_is_brute_forced_and_then_logged_into() -> None:
    """From log lines to findings: each of the two correlations once, and nothing besides."""
    login = (125.0, "Accepted password for deploy from 203.0.113.7 port 50000 ssh2")
    ordinary = (10.0, "Accepted publickey for ann from 198.51.100.9 port 50001 ssh2: ED25519 SHA256:x")
    lines = sorted([*_failures(40, 3.0), login, ordinary])
    assert _raised(_refined(lines)) == ["ssh_brute_force", "ssh_login_after_brute_force"]


def test_everyday_mistakes_raise_nothing() -> None:
    """A few failures, from one address or from many, and then a login."""
    mistakes = [
        *_failures(3, 5.0),
        *(line for host in range(19) for line in _failures(1, 1.0, f"198.51.100.{host}")),
        (60.0, "Accepted password for deploy from 203.0.113.7 port 50000 ssh2"),
        (61.0, "Connection closed by authenticating user root 203.0.113.7 port 22 [preauth]"),
    ]
    assert _raised(_refined(sorted(mistakes))) == []
