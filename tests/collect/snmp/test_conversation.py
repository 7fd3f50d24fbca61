"""Conversations with agents that are honest but limited, broken, or hostile."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc.collect import SnmpScalars, SnmpTable, counter64, gauge, oid, text
from soc.demo import ber
from soc.demo.agent import Agent
from soc.model import REASONS

from .agents import GET, GET_BULK, GET_NEXT, Request, binding, honest, response, serving
from .conftest import poll
from .example import (
    COLUMN,
    FAST,
    FETCHES,
    OTHER,
    SCALARS,
    SYSTEM,
    TABLE,
    VALUES,
    ask,
    check_complete,
    honestly,
)

PANIC = "a varbind without content, at which gufo's decoder panics"


@pytest.mark.parametrize("version", ["1", "2c"])
def test_everything_is_read(version: str) -> None:
    """Scalars and tables, also by v1, whose GET fails as a whole for one missing OID."""
    answer = ask(honestly, FAST | {"version": version})
    check_complete(answer)
    assert answer.answered
    assert answer.credential == "c0"


def test_the_next_poll_needs_fewer_requests() -> None:
    """Hints carry rows and the working endpoint, so that each column takes one request."""
    asked: list[Request] = []

    def listen(request: Request) -> list[bytes]:
        asked.append(request)
        return honestly(request)

    with serving(listen) as port:
        first = poll(port, FETCHES, FAST)
        asked.clear()
        second = poll(port, FETCHES, FAST, hints=first.hints)
    check_complete(second)
    assert [request.pdu for request in asked].count(GET) == 1
    # A table's length is known, so each column comes in one answer; the end of the MIB takes two more.
    assert len(asked) == 1 + 2 + 1 + 2


def test_wrong_types_are_absent_and_counted() -> None:
    """A value of another type than declared is None, never 0, and counted under "type"."""
    table = SnmpTable(COLUMN.rstrip("."), a=gauge(5), b=counter64(6), c=oid(7), d=text(8))
    cells = {
        "5": (ber.INTEGER, -5),  # a negative gauge
        "6": (ber.OCTET_STRING, b"many"),
        "7": (ber.INTEGER, 7),
        "8": (ber.INTEGER, 8),
    }
    agent = honest({f"{COLUMN}{column}.1": cell for column, cell in cells.items()})
    with serving(lambda request: [agent.respond(request.datagram, 0.0) or b""]) as port:
        answer = poll(port, (table,), FAST)
    (row,) = answer.values[table]
    assert list(row.cells()) == [None] * 4
    assert answer.counts["type"] == 4


@pytest.mark.parametrize(
    "garbage",
    [b"\xff\xffgarbage", b"\x30\x82\xff\xff", b"0", PANIC.encode()],
    ids=["noise", "length", "short", "panic"],
)
def test_a_garbage_datagram_fails_no_request(garbage: bytes) -> None:
    """What cannot be decoded is counted, and the true answer behind it is taken."""

    def noisy(request: Request) -> list[bytes]:
        first = garbage
        if garbage == PANIC.encode():
            first = response(request, []).replace(b"\x30\x00", b"\x30\x02\x30\x00")
            first = first[:1] + bytes([first[1] + 2]) + first[2:]
        return [first, *honestly(request)]

    answer = ask(noisy)
    check_complete(answer)
    assert answer.counts["protocol"] > 0


def test_nothing_but_garbage_is_a_protocol_failure() -> None:
    """The device is there, but what it says is no SNMP."""
    answer = ask(lambda request: [b"HTTP/1.1 400 Bad Request\r\n\r\n"])
    assert answer.failure is not None
    assert answer.failure.reason == "protocol"
    assert answer.answered
    assert set(answer.failures) == set(FETCHES)


def test_a_flood_of_garbage_ends_the_request() -> None:
    """Hundreds of undecodable datagrams are not sat through: the device fails, bounded and counted."""
    answer = ask(lambda request: [b"noise"] * 300, FAST | {"timeout": 5.0, "tries": 2})
    assert answer.failure is not None
    assert answer.failure.reason == "protocol"
    assert 0 < answer.counts["protocol"] <= 2 * 66


def test_duplicate_answers_are_ignored() -> None:
    """Each answer comes three times; none is taken for the next request's."""
    check_complete(ask(lambda request: honestly(request) * 3))


def test_answers_with_another_id_or_community_are_ignored() -> None:
    """Only the answer to what was asked counts."""

    def forged(request: Request) -> list[bytes]:
        lie = [(name, ber.encode(ber.OCTET_STRING, b"lie")) for name in request.oids]
        other_id = Request(**{**vars(request), "request_id": ber.encode_integer(4711)})
        return [response(other_id, lie), response(request, lie, community=b"other"), *honestly(request)]

    check_complete(ask(forged))


def test_answers_from_another_source_are_ignored() -> None:
    """A datagram from another port than the one asked is not ours."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as spoofer,
    ):
        silent.bind(("127.0.0.1", 0))
        silent.settimeout(0.01)
        spoofer.bind(("127.0.0.1", 0))
        answer = poll(silent.getsockname()[1], FETCHES, FAST)
        datagram, peer = silent.recvfrom(65535)
        spoofer.sendto(honestly(Request.parse(datagram))[0], peer)
    assert answer.failure is not None
    assert answer.failure.reason == "timeout"
    assert not answer.answered


def test_a_lost_request_is_sent_again() -> None:
    """Every first datagram is lost; back-off brings everything in."""
    seen: set[tuple[int, tuple[str, ...]]] = set()

    def lossy(request: Request) -> list[bytes]:
        key = (request.pdu, tuple(request.oids))
        if key in seen:
            return honestly(request)
        seen.add(key)
        return []

    check_complete(ask(lossy, FAST | {"timeout": 0.05, "tries": 3}))


@pytest.mark.parametrize("version", ["1", "2c"])
def test_an_agent_with_small_messages_is_asked_for_less(version: str) -> None:
    """tooBig halves a GET; GETBULK is cut by the agent itself."""
    agent = honest(VALUES, maximum_bytes=90)
    with serving(lambda request: [agent.respond(request.datagram, 0.0) or b""]) as port:
        answer = poll(port, FETCHES, FAST | {"version": version})
    check_complete(answer)


def test_a_device_that_dies_half_way_keeps_what_it_gave() -> None:
    """The scalars stand, the tables fail as the device does."""

    def dying(request: Request) -> list[bytes]:
        dying.dead = getattr(dying, "dead", False) or request.pdu in (GET_BULK, GET_NEXT)
        return [] if dying.dead else honestly(request)

    answer = ask(dying, FAST | {"timeout": 0.05})
    assert answer.failure is not None
    assert answer.failure.reason == "timeout"
    assert answer.answered
    assert answer.values[SCALARS].name == "example-1"
    assert {answer.failures[TABLE].reason, answer.failures[OTHER].reason} == {"timeout"}


def test_objects_of_other_vendors_are_not_asked_for() -> None:
    """A fetch under `where` is sent only to agents whose sysObjectID lies there; else it is absent."""
    own = SnmpScalars(model=text("1.3.6.1.4.1.99999.1.0")).where("1.3.6.1.4.1.99999")
    foreign = SnmpTable("1.3.6.1.4.1.88888.1", name=text(1)).where("1.3.6.1.4.1.88888")
    agent = honest(
        VALUES
        | {
            f"{SYSTEM}2.0": (ber.OBJECT_IDENTIFIER, ber.parse_oid("1.3.6.1.4.1.99999.5")),
            "1.3.6.1.4.1.99999.1.0": (ber.OCTET_STRING, b"X-1"),
            "1.3.6.1.4.1.88888.1.1.1": (ber.OCTET_STRING, b"not ours"),
        }
    )
    asked: set[str] = set()

    def listen(request: Request) -> list[bytes]:
        asked.update(request.oids)
        return [agent.respond(request.datagram, 0.0) or b""]

    with serving(listen) as port:
        answer = poll(port, (SCALARS, own, foreign), FAST)
    assert answer.values[own].model == "X-1"
    assert answer.values[foreign] == []
    assert not any(name.startswith("1.3.6.1.4.1.88888") for name in asked)


def _of_vendor(number: int, model: bytes) -> Agent:
    return honest(
        VALUES
        | {
            f"{SYSTEM}2.0": (ber.OBJECT_IDENTIFIER, ber.parse_oid(f"1.3.6.1.4.1.{number}.5")),
            f"1.3.6.1.4.1.{number}.1.0": (ber.OCTET_STRING, model),
            f"1.3.6.1.4.1.{number}.2.1.1": (ber.OCTET_STRING, model),
            f"1.3.6.1.4.1.{number}.3.0": (ber.INTEGER, 1),
        }
    )


@pytest.mark.parametrize("with_tables", [False, True])
def test_the_kind_of_a_known_agent_is_confirmed_in_the_first_request(with_tables: bool) -> None:
    """What its kind is asked comes with it, in one GET where scalars are all there is."""
    fetches: list[object] = [SCALARS]
    for number in (99999, 88888):
        under = f"1.3.6.1.4.1.{number}"
        fetches.append(SnmpScalars(model=text(f"{under}.1.0")).where(under))
        fetches.append(SnmpTable(f"{under}.2", model=text(1)).where(under))
    own, table, foreign, foreign_table = fetches[1:]
    due = (SCALARS, own, foreign, *((table, foreign_table) if with_tables else (foreign_table,)))
    agents = [_of_vendor(99999, b"first")]
    asked: list[Request] = []

    def listen(request: Request) -> list[bytes]:
        asked.append(request)
        return [agents[-1].respond(request.datagram, 0.0) or b""]

    with serving(listen) as port:
        first = poll(port, due, FAST)
        asked.clear()
        second = poll(port, due, FAST, hints=first.hints)
        assert [request.pdu for request in asked] == [GET, *[GET_BULK] * with_tables]
        agents.append(_of_vendor(88888, b"second"))
        third = poll(port, due, FAST, hints=first.hints)
    for answer in (first, second):
        assert answer.values[own].model == "first"
        assert list(answer.values[foreign].cells()) == [None]
        assert answer.values[foreign_table] == []
        assert answer.values[SCALARS].name == "example-1"
        assert answer.failures == {}
    if with_tables:
        assert [row.model for row in second.values[table]] == ["first"]
        assert third.values[table] == []
    assert (third.values[own].model, third.values[foreign].model) == (None, "second")
    assert [row.model for row in third.values[foreign_table]] == ["second"]
    assert (third.anew, third.hints["object_id"]) == (True, "1.3.6.1.4.1.88888.5")


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (ber.OBJECT_IDENTIFIER, ber.parse_oid("1.3.6.1.4.1.99999.5")),
        (ber.OCTET_STRING, b".1.3.6.1.4.1.99999.5"),
    ],
)
def test_sys_object_id_is_told_whatever_else_fails(tag: int, value: object) -> None:
    """A table out of order, or an agent that falls silent, does not hide what kind of agent it is."""
    own = SnmpScalars(model=text("1.3.6.1.4.1.99999.1.0")).where("1.3.6.1.4.1.99999")
    kind = SnmpScalars(object_id=oid(f"{SYSTEM}2.0"))
    agent = honest(VALUES | {f"{SYSTEM}2.0": (tag, value), "1.3.6.1.4.1.99999.1.0": (ber.OCTET_STRING, b"X")})
    rows = [binding(f"{COLUMN}1.{row}", ber.INTEGER, row) for row in (2, 1)]

    def disorderly(request: Request) -> list[bytes]:
        if request.oids[0].startswith(COLUMN):
            return [response(request, rows)]
        return [agent.respond(request.datagram, 0.0) or b""]

    def dying(request: Request) -> list[bytes]:
        return [] if request.pdu in (GET_BULK, GET_NEXT) else disorderly(request)

    with serving(disorderly) as port:
        answer = poll(port, (kind, TABLE, own), FAST)
    assert answer.failures[TABLE].reason == "limit"
    assert (answer.values[kind].object_id, answer.values[own].model) == ("1.3.6.1.4.1.99999.5", "X")
    assert answer.hints["object_id"] == "1.3.6.1.4.1.99999.5"
    with serving(dying) as port:
        answer = poll(port, (kind, TABLE, OTHER, own), FAST | {"timeout": 0.05})
    assert answer.failures
    assert answer.hints["object_id"] == "1.3.6.1.4.1.99999.5"


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), min_size=1, max_size=4), st.integers(1, 3)
)
def test_one_bad_octet_in_every_answer_harms_nobody(changes: list[tuple[int, int]], every: int) -> None:
    """Whatever an agent makes of its answers: one answer of ours, each fetch in it a value or a failure."""
    number = 0

    def spoil(request: Request) -> list[bytes]:
        nonlocal number
        number += 1
        spoiled = []
        for datagram in honestly(request):
            changed = bytearray(datagram)
            if changed and number % every == 0:
                for at, octet in changes:
                    changed[at % len(changed)] = octet
            spoiled.append(bytes(changed))
        return spoiled

    answer = ask(spoil, FAST | {"timeout": 0.03, "tries": 1})
    for fetch in FETCHES:
        assert (fetch in answer.values) != (fetch in answer.failures)
    for failure in (answer.failure, *answer.failures.values()):
        assert failure is None or (failure.reason in REASONS and "unforeseen" not in failure.detail)
    assert set(answer.counts) <= set(REASONS)
