"""One epoll loop for every device: programs are generators that yield requests and get outcomes.

Waiting costs a timer, never a thread or a place. A device takes one of the places that pace the start
of others only until it has kept us waiting once, so the silent ones do not delay those that answer.
"""

from __future__ import annotations

import contextlib
import heapq
import math
import select
import socket
import time
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

from soc.collect.snmp.gufo import Operation, Session, Signal

PLACES = 128
MAXIMUM_PROGRAMS = 4000
PATIENCE_SECONDS = 0.05  # or four times what answers usually take, up to
MAXIMUM_PATIENCE_SECONDS = 0.5
# After an undecodable datagram the true answer may still be on its way; a smaller request is sent
# only when it has not come within this time.
GRACE_SECONDS = 0.25
_LOOK_AGAIN_SECONDS = 0.02
_MAXIMUM_GARBAGE = 64  # undecodable datagrams before a request is given up: a flood is no slow answer
_EVENTS_A_TURN = 256
_MAXIMUM_TURNS = 64  # so that a flood from many at once cannot stop time
_DATAGRAMS_A_TURN = 16  # a flood at one session must not starve the others


class Request:
    """One request: its session, what to ask, and how long to wait for the answer."""

    __slots__ = ("expires", "garbage", "operation", "sent", "session", "wait_seconds")

    def __init__(self, session: Session, operation: Operation, wait_seconds: float) -> None:
        self.session: Session | None = session  # None once it has ended: its timer keeps no socket open
        self.operation = operation
        self.wait_seconds = wait_seconds
        self.sent = 0.0
        self.expires = 0.0
        self.garbage = 0


# Yields a Request and gets its value or a Signal; yields a list of programs and gets None when all ended.
Program = Generator["Request | list[Program]", Any, None]


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A program that probably waits in vain: it takes no place."""

    program: Program


class _Lane:
    __slots__ = ("children", "heard", "parent", "place", "program", "request", "root")

    def __init__(self, program: Program, parent: _Lane | None) -> None:
        self.program = program
        self.parent = parent
        self.root: _Lane = parent.root if parent else self
        self.heard = 0.0  # when a root last had an answer
        self.children = 0
        self.request: Request | None = None
        self.place = False


class Loop:
    """Runs programs until all have ended or the deadline has come."""

    def __init__(self, deadline: float) -> None:
        """`deadline` is time.monotonic() seconds; after it every request gets Signal.DEADLINE at once."""
        self._deadline = deadline
        self._epoll = select.epoll()
        self._lanes: dict[int, _Lane] = {}  # by file descriptor, whoever used the session last
        self._timers: list[tuple[float, int, Request, _Lane]] = []
        self._places: deque[tuple[float, _Lane]] = deque()
        self._patience = PATIENCE_SECONDS
        self._usual_seconds = 0.0
        self._taken = 0
        self._running = 0
        self._serial = 0
        self._turns = 0  # in a row that left something unread

    def run(self, programs: Iterator[Program | Doubtful | None]) -> None:
        """Start programs as places allow (None = none ready yet); after the deadline no more are taken."""
        for _ in self.steps(programs, math.inf):
            pass

    def steps(self, programs: Iterator[Program | Doubtful | None], wait_seconds: float) -> Iterator[None]:
        """As `run`, in steps that each wait for packets `wait_seconds` at most."""
        with self._epoll:
            more = True
            while more or self._running:
                ready = True
                while more and ready and self._taken < PLACES and self._running < MAXIMUM_PROGRAMS:
                    if time.monotonic() >= self._deadline:
                        more = False
                        break
                    try:
                        program = next(programs)
                    except StopIteration:
                        more = False
                        break
                    if program is None:
                        ready = False
                    elif isinstance(program, Doubtful):
                        self._start(program.program, False)
                    else:
                        self._start(program, True)
                # Whatever has come is read before any timer counts, however late we are to look.
                if (self._running or not ready) and self._poll(more, ready, wait_seconds):
                    self._expire()
                yield

    def _start(self, program: Program, takes_place: bool) -> None:
        lane = _Lane(program, None)
        self._running += 1
        lane.heard = time.monotonic()
        if takes_place:
            lane.place = True
            self._taken += 1
            self._places.append((lane.heard + self._patience, lane))
        self._resume(lane, None)

    def _poll(self, more: bool, ready: bool, wait_seconds: float) -> bool:
        """Read what has come; False when there is more."""
        now = time.monotonic()
        until = min(self._deadline, now + wait_seconds)
        if self._timers:
            until = min(until, self._timers[0][0])
        if self._places and more:
            until = min(until, self._places[0][0])
        if not ready:
            until = min(until, now + _LOOK_AGAIN_SECONDS)
        events = self._epoll.poll(max(until - now, 0.0), _EVENTS_A_TURN)
        for descriptor, _ in events:
            lane = self._lanes[descriptor]
            request = lane.request
            if request is None or (session := request.session) is None or session.fd != descriptor:
                self._drain(descriptor)
            else:
                self._read(lane, request, session)
        self._turns = self._turns + 1 if len(events) == _EVENTS_A_TURN else 0
        return self._turns % _MAXIMUM_TURNS == 0

    def _read(self, lane: _Lane, request: Request, session: Session) -> None:
        for _ in range(_DATAGRAMS_A_TURN):
            outcome = session.receive(request.operation)
            if outcome is None:
                return
            request.garbage += outcome is Signal.GARBAGE
            if outcome is not Signal.GARBAGE or request.garbage > _MAXIMUM_GARBAGE:
                lane.request = request.session = None
                self._heard(lane.root, request)
                self._resume(lane, outcome)
                return
            if request.garbage == 1 and not request.operation.single:
                request.expires = min(request.expires, time.monotonic() + GRACE_SECONDS)
                self._arm(request, lane)

    def _heard(self, root: _Lane, request: Request) -> None:
        root.heard = time.monotonic()
        self._usual_seconds += (root.heard - request.sent - self._usual_seconds) / 16
        self._patience = min(max(4 * self._usual_seconds, PATIENCE_SECONDS), MAXIMUM_PATIENCE_SECONDS)

    def _drain(self, descriptor: int) -> None:
        """Throw away what comes late at a session that asks nothing just now."""
        with socket.socket(fileno=socket.dup(descriptor)) as late, contextlib.suppress(OSError):
            while late.recv(1):
                pass

    def _arm(self, request: Request, lane: _Lane) -> None:
        self._serial += 1
        heapq.heappush(self._timers, (request.expires, self._serial, request, lane))

    def _expire(self) -> None:
        now = time.monotonic()
        while self._places and self._places[0][0] <= now:
            _, lane = self._places.popleft()
            if lane.place and lane.heard + self._patience > now:
                self._places.append((now + self._patience, lane))
            else:
                self._free_place(lane)
        cut = now >= self._deadline
        while self._timers and (cut or self._timers[0][0] <= now):
            _, _, request, lane = heapq.heappop(self._timers)
            if lane.request is not request:
                continue  # answered meanwhile
            lane.request = request.session = None
            ended = Signal.GARBAGE if request.garbage else Signal.TIMEOUT
            self._resume(lane, Signal.DEADLINE if cut else ended)

    def _free_place(self, lane: _Lane) -> None:
        if lane.place:
            lane.place = False
            self._taken -= 1

    def _resume(self, lane: _Lane, outcome: Any) -> None:
        while True:
            try:
                wanted = lane.program.send(outcome)
            except StopIteration:
                parent = lane.parent
                if parent is None:
                    self._free_place(lane)
                    self._running -= 1
                    return
                parent.children -= 1
                if parent.children:
                    return
                lane, outcome = parent, None
                continue
            if isinstance(wanted, list):
                if not wanted:
                    outcome = None
                    continue
                lane.children = len(wanted)
                for program in wanted:
                    self._resume(_Lane(program, lane), None)
                return
            problem = self._send(wanted, lane)
            if problem is None:
                return
            outcome = problem

    def _send(self, request: Request, lane: _Lane) -> Signal | None:
        now = time.monotonic()
        if now >= self._deadline:
            return Signal.DEADLINE
        session = request.session
        assert session is not None
        if (problem := session.send(request.operation)) is not None:
            return problem
        self._lanes[session.fd] = lane
        if session.polled is not self._epoll:
            if session.polled is not None and not session.polled.closed:
                # Another loop's, which would read our answer away.
                session.polled.unregister(session.fd)
            self._epoll.register(session.fd, select.EPOLLIN)
            session.polled = self._epoll
        lane.request = request
        request.sent = now
        request.expires = now + request.wait_seconds
        self._arm(request, lane)
        return None
