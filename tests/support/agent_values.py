"""What a collector makes of the values that an agent holds, without a network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from soc.collect.declare import Collector, SnmpScalars, SnmpTable
from soc.collect.outcome import Outcome, outcomes
from soc.collect.port import Answer, Job, Value
from soc.collect.snmp.plan import scalar_row, table_value
from soc.collect.snmp.walk import ColumnCells
from soc.model import Device


def raw(value: Any) -> Any:
    """A fixture's value as the SNMP engine hands it over."""
    if isinstance(value, dict):
        return bytes.fromhex(value["hex"]) if "hex" in value else value.get("oid", value.get("address"))
    return value.encode() if isinstance(value, str) else value


def parse_agent(collector: Collector, agent: Mapping[str, Any]) -> Outcome:
    """What the collector makes of an agent that holds these values by OID."""
    values: dict[Any, Value] = {}
    object_id = str(agent.get("1.3.6.1.2.1.1.2.0", ""))
    for fetch in collector.fetches.values():
        assert isinstance(fetch, SnmpScalars | SnmpTable)
        held = agent if fetch.asks(object_id) else {}
        if isinstance(fetch, SnmpScalars):
            values[fetch] = scalar_row(fetch, held, {})
            continue
        columns = {}
        for name in fetch.columns:
            prefix = fetch.column_oid(name)
            cells = ColumnCells(prefix)
            found = [(oid, value) for oid, value in held.items() if oid.startswith(f"{prefix}.")]
            found.sort(key=lambda cell: [int(part) for part in cell[0].split(".")])
            cells.add([*found, None])
            columns[prefix] = cells
        values[fetch] = table_value(fetch, columns, {})
    job = Job(Device("device", "network"), (), tuple(values))
    (outcome,) = outcomes(Answer(job, 1.0, answered=True, values=values), [collector])
    return outcome


def check_fixture(collector: Collector, path: Path) -> None:
    """Fail unless the agent's values in the file parse to exactly its records."""
    document: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    assert document["source"]
    outcome = parse_agent(collector, {oid: raw(value) for oid, value in document["values"].items()})
    assert outcome.failure is None
    assert outcome.absent == document.get("absent", False)
    samples = [[sample.metric, dict(sample.labels), sample.value] for sample in outcome.samples]
    known = [[metric, labels, pytest.approx(value)] for metric, labels, value in document.get("samples", [])]
    assert sorted(samples, key=_series) == sorted(known, key=_series)
    assert [[fact.key, fact.instance, fact.value] for fact in outcome.facts] == document.get("facts", [])


def _series(sample: list[Any]) -> tuple[str, list[tuple[str, str]]]:
    metric, labels, _ = sample
    return metric, sorted(labels.items())
