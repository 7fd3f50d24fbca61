"""Transports at the port that answer from the estate's state at a given time, without a network.

The history is written through them: the cycle, the collectors and the segments are the live ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from soc.collect.declare import SnmpScalars, SnmpTable, SshCommand
from soc.collect.port import Answer, Failure, Job
from soc.collect.snmp.plan import SYSTEM_OBJECT_ID, scalar_row, table_value
from soc.collect.snmp.walk import ColumnCells
from soc.demo import ber
from soc.demo.estate import Estate
from soc.demo.tree import Value as SnmpValue
from soc.demo.tree import VariableTree

_SNMP_SECONDS, _SSH_SECONDS, _TIMEOUT_SECONDS = 0.004, 0.05, 6.0
Clock = Callable[[], float]
# Devices have most of their OIDs in common.
_parsed = cache(ber.parse_oid)


@cache
def _written(oid: ber.Oid) -> str:
    return ".".join(map(str, oid))


def _raw(tag: int, value: SnmpValue) -> Any:
    """The value as the SNMP transport's decoder gives it."""
    if isinstance(value, tuple) or (tag == ber.IP_ADDRESS and isinstance(value, bytes)):
        return ".".join(map(str, value))
    if tag in ber.UNSIGNED_BITS and isinstance(value, int):
        return value & ((1 << ber.UNSIGNED_BITS[tag]) - 1)
    return value


class SimulatedSnmp:
    """Answers SNMP jobs from the devices' variables."""

    def __init__(self, estate: Estate, now: Clock) -> None:
        self._estate = estate
        self._now = now
        self._trees: dict[str, VariableTree] = {}

    def run(self, jobs: Iterable[Job], on_answer: Callable[[Answer], None], deadline: float) -> None:  # noqa: ARG002
        for job in jobs:
            on_answer(self._answer(job))

    def _answer(self, job: Job) -> Answer:
        time, name = self._now(), job.device.name
        if self._estate.scenario.silent(name, time):
            return _no_answer(job, time)
        if name not in self._trees:
            self._trees[name] = self._estate.tree(name)
        tree = self._trees[name]
        credential = job.credentials[0]
        answer = Answer(job, time, True, _SNMP_SECONDS, credential.name)
        is_v1 = str(credential.settings.get("version")) == "1"
        object_id = str(_scalars(tree, [SYSTEM_OBJECT_ID], time, is_v1).get(SYSTEM_OBJECT_ID, ""))
        if object_id != job.hints.get("object_id"):
            answer.hints["object_id"] = object_id
        for fetch in job.fetches:
            if isinstance(fetch, SnmpScalars):
                oids = [column.id for column in fetch.columns.values()] if fetch.asks(object_id) else []
                answer.values[fetch] = scalar_row(fetch, _scalars(tree, oids, time, is_v1), answer.counts)
            elif isinstance(fetch, SnmpTable):
                oids = [fetch.column_oid(name) for name in fetch.columns] if fetch.asks(object_id) else []
                columns = {oid: _column(tree, oid, time, is_v1) for oid in oids}
                answer.values[fetch] = table_value(fetch, columns, answer.counts)
        return answer


def _scalars(tree: VariableTree, oids: list[str], time: float, is_v1: bool) -> dict[str, Any]:
    found = {}
    for oid in oids:
        position = tree.position(_parsed(oid))
        if position is not None and not (is_v1 and tree.tag(position) == ber.COUNTER64):
            _, tag, value = tree.read(position, time)
            found[oid] = _raw(tag, value)
    return found


def _column(tree: VariableTree, oid: str, time: float, is_v1: bool) -> ColumnCells:
    cells = ColumnCells(oid)
    found: list[tuple[str, Any] | None] = []
    for position in tree.under(_parsed(oid)):
        if not (is_v1 and tree.tag(position) == ber.COUNTER64):
            name, tag, value = tree.read(position, time)
            found.append((_written(name), _raw(tag, value)))
    cells.add([*found, None])
    return cells


class SimulatedSsh:
    """Answers SSH jobs from the hosts' state."""

    def __init__(self, estate: Estate, now: Clock) -> None:
        self._estate = estate
        self._now = now

    def run(self, jobs: Iterable[Job], on_answer: Callable[[Answer], None], deadline: float) -> None:  # noqa: ARG002
        for job in jobs:
            on_answer(self._answer(job))

    def _answer(self, job: Job) -> Answer:
        time, name = self._now(), job.device.name
        if self._estate.scenario.silent(name, time):
            return _no_answer(job, time)
        answer = Answer(job, time, True, _SSH_SECONDS, job.credentials[0].name)
        machine = self._estate.machine(name)
        for fetch in job.fetches:
            if isinstance(fetch, SshCommand) and machine.platform in fetch.platforms:
                line = job.cursors.get(fetch.stream, "") if fetch.stream else ""
                answer.values[fetch] = machine.output(fetch.id, line, time)
        return answer


def _no_answer(job: Job, time: float) -> Answer:
    failure = Failure("timeout", "no answer")
    return Answer(job, time, False, _TIMEOUT_SECONDS, failure=failure)
