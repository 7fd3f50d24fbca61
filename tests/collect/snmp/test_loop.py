"""soc.collect.snmp.loop, with programs that need no agent."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

from soc.collect.snmp.access import Access
from soc.collect.snmp.gufo import Get, Session, Signal
from soc.collect.snmp.loop import PLACES, Loop, Program, Request

ACCESS = Access("lab", "2c", "public")


def _silent() -> socket.socket:
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.1", 0))
    return silent


def test_programs_run_in_lanes_and_join() -> None:
    """A list of programs runs side by side; the parent goes on when the last has ended."""
    told: list[str] = []

    def lane(name: str, session: Session, seconds: float) -> Program:
        outcome = yield Request(session, Get(["1.3.6.1.2.1.1.3.0"]), seconds)
        told.append(f"{name} {outcome.value}")

    def parent(sessions: list[Session]) -> Program:
        yield [lane("late", sessions[0], 0.05), lane("early", sessions[1], 0.01)]
        yield []
        told.append("joined")

    with _silent() as silent:
        endpoint = f"127.0.0.1:{silent.getsockname()[1]}"
        sessions = [Session(endpoint, ACCESS) for _ in range(2)]
        Loop(time.monotonic() + 10).run(iter([parent(sessions)]))
    assert told == ["early timeout", "late timeout", "joined"]


def test_silent_programs_do_not_hold_places() -> None:
    """More programs than there are places all start, although none of the first has an answer."""
    started: list[int] = []

    def program(number: int, session: Session) -> Program:
        started.append(number)
        yield Request(session, Get(["1.3.6.1.2.1.1.3.0"]), 0.3)
        # every other program has begun before the first gives up
        assert len(started) == PLACES * 2

    with _silent() as silent:
        endpoint = f"127.0.0.1:{silent.getsockname()[1]}"
        programs = (program(number, Session(endpoint, ACCESS)) for number in range(PLACES * 2))
        Loop(time.monotonic() + 10).run(programs)
    assert len(started) == PLACES * 2


def test_after_the_deadline_nothing_is_sent_and_nothing_begun() -> None:
    """Requests under way and later ones get DEADLINE; programs not begun stay where they are."""
    outcomes: list[Signal] = []

    def program(session: Session) -> Program:
        for _ in range(2):
            outcomes.append((yield Request(session, Get(["1.3.6.1.2.1.1.3.0"]), 60)))

    def programs(endpoint: str) -> Iterator[Program | None]:
        yield program(Session(endpoint, ACCESS))
        while True:
            yield None

    with _silent() as silent:
        waiting = programs(f"127.0.0.1:{silent.getsockname()[1]}")
        Loop(time.monotonic() + 0.1).run(waiting)
    assert outcomes == [Signal.DEADLINE] * 2
    assert next(waiting) is None
