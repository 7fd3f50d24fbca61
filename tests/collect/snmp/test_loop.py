"""soc.collect.snmp.loop, with programs that need no agent."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

from soc.collect.snmp.access import Access
from soc.collect.snmp.gufo import Get, Session, Signal
from soc.collect.snmp.loop import PLACES, Loop, Program, Request

from .agents import honest, serving

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


def test_session_belongs_to_the_loop_that_used_it_last() -> None:
    """Of two loops at work side by side each hears the answers to its own requests over one session."""
    uptime = "1.3.6.1.2.1.1.3.0"
    agent = honest({uptime: (0x43, 1)})
    heard: list[str] = []

    def program(name: str, session: Session) -> Program:
        outcome = yield Request(session, Get([uptime]), 10)
        heard.append(name if isinstance(outcome, dict) else f"{name} {outcome}")

    def patient(session: Session) -> Program:
        while len(heard) < 3:
            yield Request(session, Get([uptime]), 0.01)

    def programs(session: Session, quiet: Session) -> Iterator[Program | None]:
        yield patient(quiet)
        yield program("first", session)
        while len(heard) < 2:
            yield None
        yield program("again", session)

    with _silent() as silent, serving(lambda request: [agent.respond(request.datagram, 0.0) or b""]) as port:
        session = Session(f"127.0.0.1:{port}", ACCESS)
        quiet = Session(f"127.0.0.1:{silent.getsockname()[1]}", ACCESS)
        deadline = time.monotonic() + 60
        one = Loop(deadline).steps(programs(session, quiet), 0.01)
        while not heard:
            next(one)
        other = Loop(deadline).steps(iter([program("other", session)]), 0.0)
        next(other)
        while len(heard) < 2:
            next(one)
            next(other)
        for _ in one:
            pass
    assert heard == ["first", "other", "again"]
