"""An agent to converse with, and what a poll of it asks for."""

from __future__ import annotations

from collections.abc import Callable

from soc.collect import SnmpScalars, SnmpTable, integer, text, ticks
from soc.collect.port import Answer
from soc.demo import ber

from .agents import Request, honest, serving
from .conftest import poll

SYSTEM = "1.3.6.1.2.1.1."
COLUMN = "1.3.6.1.2.1.2.2.1."
SCALARS = SnmpScalars(
    description=text(f"{SYSTEM}1.0"), uptime=ticks(f"{SYSTEM}3.0"), contact=text(f"{SYSTEM}4.0"),
    name=text(f"{SYSTEM}5.0"), location=text(f"{SYSTEM}6.0"), missing=text(f"{SYSTEM}77.0"),
)  # fmt: skip
TABLE = SnmpTable(COLUMN.rstrip("."), number=integer(1), name=text(2))
OTHER = SnmpTable("1.3.6.1.2.1.31.1.1.1", name=text(1))
FETCHES = (SCALARS, TABLE, OTHER)
ROWS = 50
VALUES: dict[str, tuple[int, object]] = {
    f"{SYSTEM}1.0": (ber.OCTET_STRING, b"an example"),
    f"{SYSTEM}3.0": (ber.TIME_TICKS, 12345),
    f"{SYSTEM}4.0": (ber.OCTET_STRING, b"someone"),
    f"{SYSTEM}5.0": (ber.OCTET_STRING, b"example-1"),
    f"{SYSTEM}6.0": (ber.OCTET_STRING, b"here"),
    **{f"{COLUMN}1.{row}": (ber.INTEGER, row) for row in range(1, ROWS + 1)},
    **{f"{COLUMN}2.{row}": (ber.OCTET_STRING, b"port %d" % row) for row in range(1, ROWS + 1)},
    **{f"1.3.6.1.2.1.31.1.1.1.1.{row}": (ber.OCTET_STRING, b"p%d" % row) for row in (1, 2, 10)},
}
AGENT = honest(VALUES)
FAST = {"version": "2c", "community": "public", "timeout": 0.2, "tries": 2}


def honestly(request: Request) -> list[bytes]:
    answer = AGENT.respond(request.datagram, 0.0)
    return [] if answer is None else [answer]


def ask(answers: Callable[[Request], list[bytes]], *settings: dict[str, object]) -> Answer:
    with serving(answers) as port:
        return poll(port, FETCHES, *(settings or (FAST,)))


def check_complete(answer: Answer) -> None:
    """Everything that AGENT has was read."""
    assert answer.failure is None
    assert answer.failures == {}
    row = answer.values[SCALARS]
    assert (row.description, row.uptime, row.name, row.missing) == ("an example", 12345, "example-1", None)
    assert [(item.index, item.number, item.name) for item in answer.values[TABLE]] == [
        (str(number), number, f"port {number}") for number in range(1, ROWS + 1)
    ]
    assert [(item.index, item.name) for item in answer.values[OTHER]] == [
        ("1", "p1"),
        ("2", "p2"),
        ("10", "p10"),
    ]
