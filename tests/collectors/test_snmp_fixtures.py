"""Every fixture of an SNMP collector: what an agent holds, and what must come of it.

tests/collectors/<collector>/*.yaml with `values`: OID -> integer, text, {hex: …}, {oid: …} or
{address: …}; `source` says where that is from. `samples` are [metric, labels, value], `facts` [key,
instance, value]; `absent` is true where the collector does not apply. Left out = none.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from soc.collect.declare import Collector, SnmpScalars, SnmpTable
from soc.collect.load import load_collectors
from tests.support.agent_values import check_fixture, parse_agent

HERE = Path(__file__).parent
REFERENCE = HERE.parent.parent / "docs" / "reference.md"
_COLLECTORS: dict[str, Collector] = {
    collector.name: collector for collector in load_collectors() if collector.transport == "snmp"
}
_FIXTURES = {
    path.relative_to(HERE).as_posix(): path
    for name in sorted(_COLLECTORS)
    for path in sorted((HERE / name).glob("*.yaml"))
}


@pytest.mark.parametrize("fixture", _FIXTURES)
def test_fixture(fixture: str) -> None:
    """The agent's values parse to exactly the expected records."""
    path = _FIXTURES[fixture]
    check_fixture(_COLLECTORS[path.parent.name], path)


@pytest.mark.parametrize("name", sorted(_COLLECTORS))
def test_every_snmp_collector_has_a_fixture(name: str) -> None:
    """Adding a collector means adding what an agent answers."""
    assert any(Path(fixture).parent.name == name for fixture in _FIXTURES)


def test_every_metric_is_listed() -> None:
    """docs/reference.md has a row for each metric that the fixtures bring out."""
    listed = set(re.findall(r"^\| `([a-z0-9_]+)` \|", REFERENCE.read_text(), re.MULTILINE))
    for path in _FIXTURES.values():
        for metric, _, _ in yaml.safe_load(path.read_text()).get("samples", []):
            assert metric in listed, f"{path.name}: {metric}"


_ANY_VALUE = st.one_of(
    st.integers(-(2**63), 2**64 - 1), st.binary(max_size=40), st.sampled_from(["1.3.6.1", "10.0.0.1", ""])
)
# Given out in turn: a prime number of them, so that each object comes to each.
_VALUES = st.lists(_ANY_VALUE, min_size=17, max_size=17)


_DECLARED = sorted(
    name for name, item in _COLLECTORS.items() if item.parse.__module__ == "soc.collect.quantities"
)


@pytest.mark.parametrize("name", sorted(set(_COLLECTORS) - set(_DECLARED)))
@settings(max_examples=40, deadline=None, derandomize=True)
@given(values=_VALUES)
def test_whatever_an_agent_says_parses(name: str, values: list[Any]) -> None:
    """Values of any type and size end as records or as absent, never as a parser's failure."""
    _parse_anything(name, values)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(name=st.sampled_from(_DECLARED), values=_VALUES)
def test_whatever_an_agent_says_of_declared_readings_parses(name: str, values: list[Any]) -> None:
    """The parser that all declared readings share copes with any value, too."""
    _parse_anything(name, values)


def _parse_anything(name: str, values: list[Any]) -> None:
    collector = _COLLECTORS[name]
    agent: dict[str, Any] = {}
    for fetch in collector.fetches.values():
        assert isinstance(fetch, SnmpScalars | SnmpTable)
        agent["1.3.6.1.2.1.1.2.0"] = next(iter(fetch.object_ids), "1.3.6.1")
        for column, declared in fetch.columns.items():
            if isinstance(fetch, SnmpScalars):
                agent[declared.id] = values[len(agent) % len(values)]
                continue
            for index in ("1", "2.7"):
                agent[f"{fetch.column_oid(column)}.{index}"] = values[len(agent) % len(values)]
    assert parse_agent(collector, agent).failure is None


def test_no_value_is_read_by_two_collectors() -> None:
    """Of declared readings, none is taken from one agent's object twice: nothing counts double."""
    readers: dict[str, list[Collector]] = {}
    for collector in map(_COLLECTORS.__getitem__, _DECLARED):
        for key, fetch in collector.fetches.items():
            assert isinstance(fetch, SnmpScalars | SnmpTable)
            for column in fetch.columns if key not in collector.aside else ():
                oid = fetch.columns[column].id if isinstance(fetch, SnmpScalars) else fetch.column_oid(column)
                others = [item for item in readers.setdefault(oid, []) if item is not collector]
                assert not any(map(collector.asks, (id for item in others for id in item.object_ids))), oid
                readers[oid].append(collector)
