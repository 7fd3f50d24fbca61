"""soc.collect.snmp.tables: walks of agents that are honest but limited, broken, or hostile."""

from __future__ import annotations

import pytest

from soc.collect import SnmpTable, text
from soc.collect.snmp.walk import MAXIMUM_ROWS
from soc.demo import ber

from .agents import GET, GET_BULK, Request, binding, honest, response, serving
from .conftest import poll
from .example import (
    COLUMN,
    FAST,
    FETCHES,
    OTHER,
    ROWS,
    SCALARS,
    SYSTEM,
    TABLE,
    VALUES,
    ask,
    check_complete,
    honestly,
)


def test_an_absent_table_costs_one_request() -> None:
    """However many columns are wanted of it; one whose first columns alone are missing is read as ever."""
    absent = SnmpTable("1.3.6.1.2.1.99.1.1.1", one=1, two=2, three=3, four=4)
    sparse = SnmpTable(TABLE.base, nothing=90, name=text(2), nor=91)
    asked: list[Request] = []

    def noting(request: Request) -> list[bytes]:
        asked.append(request)
        return honestly(request)

    with serving(noting) as port:
        answer = poll(port, (absent, sparse), FAST)
        about = [request.oids for request in asked if request.oids[0].startswith("1.3.6.1.2.1.99.1")]
        assert about == [["1.3.6.1.2.1.99.1.1.1"]]
        assert answer.values[absent] == []
        assert [row.name for row in answer.values[sparse]] == [f"port {row}" for row in range(1, ROWS + 1)]
        first = len(asked)
        poll(port, (absent, sparse), FAST, hints=answer.hints)
        assert len(asked) - first == first - 1  # what the table holds need not be asked again


def test_an_endless_walk_ends_at_the_row_cap() -> None:
    """OIDs that increase for ever fail their own fetch with "limit"; the others are whole."""

    def endless(request: Request) -> list[bytes]:
        (name,) = request.oids[:1]
        if request.pdu == GET or not name.startswith(f"{COLUMN}2"):
            return honestly(request)
        last = int(name.removeprefix(f"{COLUMN}2").lstrip(".") or 0)
        more = range(last + 1, last + 1 + max(request.repetitions, 1))
        return [response(request, [binding(f"{COLUMN}2.{row}", ber.OCTET_STRING, b"x") for row in more])]

    answer = ask(endless)
    assert answer.failures[TABLE].reason == "limit"
    assert str(MAXIMUM_ROWS) in answer.failures[TABLE].detail
    assert answer.counts["limit"] == 1
    assert len(answer.values[OTHER]) == 3
    assert answer.failure is None


@pytest.mark.parametrize(
    "rows", [[5, 4, 3], [1, 2, 2], [1, 2, 1]], ids=["decreasing", "standing", "circling"]
)
def test_oids_that_do_not_increase_fail_the_fetch(rows: list[int]) -> None:
    """A walk that does not advance is broken off with "limit"."""

    def turning(request: Request) -> list[bytes]:
        if request.pdu == GET or not request.oids[0].startswith(f"{COLUMN}2"):
            return honestly(request)
        return [response(request, [binding(f"{COLUMN}2.{row}", ber.OCTET_STRING, b"x") for row in rows])]

    answer = ask(turning)
    assert answer.failures[TABLE].reason == "limit"
    assert "increase" in answer.failures[TABLE].detail
    assert len(answer.values[OTHER]) == 3


def test_an_agent_without_getbulk_is_walked_by_getnext() -> None:
    """An error-status to GETBULK looks like the end; GETNEXT tells, and the hint remembers."""

    def simple(request: Request) -> list[bytes]:
        return [response(request, [], error=5)] if request.pdu == GET_BULK else honestly(request)

    answer = ask(simple)
    check_complete(answer)
    assert answer.hints["repetitions"] == 1


def test_answers_beyond_the_buffer_are_asked_for_in_parts() -> None:
    """Rows whose 32-fold answer does not fit in 4080 bytes come by fewer at a time."""
    values = dict(VALUES)
    values |= {f"{COLUMN}2.{row}": (ber.OCTET_STRING, b"%03d" % row * 100) for row in range(1, ROWS + 1)}
    agent = honest(values, maximum_bytes=60_000)
    with serving(lambda request: [agent.respond(request.datagram, 0.0) or b""]) as port:
        answer = poll(port, FETCHES, FAST)
    assert answer.failures == {}
    assert [len(row.name) for row in answer.values[TABLE]] == [300] * ROWS
    assert answer.hints["repetitions"] < 32


def test_a_string_of_60_000_bytes_is_absent_and_its_neighbours_are_not() -> None:
    """One value too long to be read costs itself, not the GET it stood in."""
    agent = honest(VALUES | {f"{SYSTEM}1.0": (ber.OCTET_STRING, b"x" * 60_000)}, maximum_bytes=65_000)
    with serving(lambda request: [agent.respond(request.datagram, 0.0) or b""]) as port:
        answer = poll(port, (SCALARS,), FAST)
    assert answer.failure is None
    row = answer.values[SCALARS]
    assert (row.description, row.name, row.location) == (None, "example-1", "here")
    assert answer.counts["protocol"] > 0


def test_silence_on_one_column_fails_its_table_only() -> None:
    """An agent that never answers one subtree still gives the others."""

    def partly_deaf(request: Request) -> list[bytes]:
        return [] if request.oids[0].startswith(f"{COLUMN}2") else honestly(request)

    answer = ask(partly_deaf, FAST | {"timeout": 0.15})
    assert answer.failures[TABLE].reason == "timeout"
    assert len(answer.values[OTHER]) == 3
    assert answer.values[SCALARS].name == "example-1"
    assert answer.failure is None
