"""The way to one agent with one credential: retries with back-off, SNMPv3 discovery and time, lanes."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from typing import Any

from soc.collect.port import Answer, Failure
from soc.collect.snmp.access import Access
from soc.collect.snmp.gufo import REFRESH, Get, Operation, Session, Signal
from soc.collect.snmp.loop import Request
from soc.collect.snmp.plan import SYSTEM_UPTIME

Asked = Generator[Any, Any, Any]
OpenSession = Callable[[str, Access, bytes], Any]  # endpoint, credential, engine id if it is known
_ENGINE_ID_BYTES = range(5, 33)  # SnmpEngineID, RFC 3411 section 5


SHRINK = (Signal.TIMEOUT, Signal.GARBAGE, Signal.TOO_BIG)  # less may be answered
LOST = (Signal.REFUSED, Signal.UNREACHABLE, Signal.REPORT, Signal.DEADLINE)
MAXIMUM_SILENCES = 3  # unanswered requests for this or that before the whole device counts as silent


class LinkError(Exception):
    """Nothing more can be had over this link."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


class Link:
    """One agent, one credential. Values of `ask` are what the operation gives, or a Signal."""

    def __init__(
        self,
        endpoint: str,
        access: Access,
        answer: Answer,
        until: float,
        open_session: OpenSession = Session,
    ) -> None:
        """`until` is time.monotonic() seconds, when this device's time is up."""
        self._open_session = open_session
        self.endpoint = endpoint
        self.access = access
        self.waits = access.waits()
        self.engine_id = b""
        self.round_trip_seconds = 0.0
        self.session: Session
        self._answer = answer
        self._until = until
        self._heard = False  # an answer that shows the credential to be good
        self._discovered = False
        self._silences = 0

    def connect(self, engine_id: bytes) -> Asked:
        """Open the session; SNMPv3 discovers the agent's engine unless `engine_id` still holds.

        Raises LinkError.
        """
        self.session = self._open(engine_id)
        if self.access.version != "3" or self.session.discovers:
            return
        if engine_id:
            if (yield from self._resume_engine(engine_id)):
                return
            self.session = self._open(b"")
        yield from self._discover()

    def open_lane(self) -> Asked:
        """A further session for requests in parallel. Raises LinkError."""
        session = self._open(self.engine_id)
        if self.access.auth_protocol and not session.discovers:
            outcome = yield from self.ask(REFRESH, session)
            if isinstance(outcome, Signal):
                raise LinkError(self.failure(outcome))
        return session

    def ask(self, operation: Operation, session: Session | None = None, waits: Sequence[float] = ()) -> Asked:
        """Send, wait, send again: the value, or the Signal that remained after the last try."""
        session = session or self.session
        outcome: Any = Signal.TIMEOUT
        reports = 0
        waiting = list(reversed(waits or self.waits))
        while waiting:
            wait = waiting.pop()
            started = time.monotonic()
            if started >= self._until:
                return Signal.DEADLINE
            request = Request(session, operation, min(wait, self._until - started))
            outcome = yield request
            if request.garbage:
                self._answer.answered = True
                self.count("protocol", request.garbage)
            if outcome is Signal.TIMEOUT:
                continue
            if outcome is Signal.GARBAGE and operation.single:
                continue
            if outcome is Signal.REPORT:
                self._answer.answered = True
                self.count("authentication")
                reports += 1
                if (yield from self._recover(session, reports)):
                    waiting.append(wait)
                    continue
            elif not isinstance(outcome, Signal) or outcome is Signal.END:
                self._answer.answered = True
                self.round_trip_seconds = time.monotonic() - started
                self._heard = self._heard or operation is not REFRESH
            return outcome
        return outcome

    def confirm(self, session: Session | None = None) -> Asked:
        """After a silence: raises LinkError unless the agent still answers."""
        outcome = yield from self.ask(Get([SYSTEM_UPTIME]), session)
        if isinstance(outcome, Signal):
            raise LinkError(self.failure(outcome))

    def silence(self, oid: str) -> Failure:
        """One thing the agent does not answer. Raises LinkError at the MAXIMUM_SILENCES-th."""
        self._silences += 1
        if self._silences >= MAXIMUM_SILENCES:
            raise LinkError(Failure("timeout", f"{self.endpoint} left {self._silences} requests unanswered"))
        return Failure("timeout", f"no answer from {self.endpoint} to {oid}")

    def failure(self, outcome: Signal) -> Failure:
        """A Signal in words."""
        total = f"{sum(self.waits):g} s"
        if outcome is Signal.TIMEOUT and self._discovered and not self._heard and self.access.auth_protocol:
            return Failure(
                "authentication",
                f"{self.endpoint} answers discovery but not requests of user {self.access.user}:"
                " the privacy key or protocol is probably wrong",
            )
        texts = {
            Signal.TIMEOUT: f"no answer from {self.endpoint} in {total}",
            Signal.REFUSED: f"port unreachable at {self.endpoint}",
            Signal.UNREACHABLE: f"no route to {self.endpoint}",
            Signal.REPORT: f"{self.endpoint} does not accept user {self.access.user}, its keys or its level",
            Signal.GARBAGE: f"answers of {self.endpoint} cannot be decoded",
            Signal.TOO_BIG: f"request to {self.endpoint} too long",
            Signal.DEADLINE: f"out of time at {self.endpoint}",
            Signal.END: f"{self.endpoint} answers with an error",
        }
        text = texts[outcome]
        if outcome is Signal.TIMEOUT and not self._heard and self.access.version != "3":
            text += "; agents are silent to a wrong community or version, too"
        return Failure("protocol" if outcome in (Signal.TOO_BIG, Signal.END) else outcome.value, text)

    def count(self, reason: str, number: int = 1) -> None:
        """Note an oddity for soc status."""
        self._answer.counts[reason] = self._answer.counts.get(reason, 0) + number

    def _open(self, engine_id: bytes) -> Session:
        try:
            session: Session = self._open_session(self.endpoint, self.access, engine_id)
            return session
        except OSError as error:
            raise LinkError(Failure("connect", f"no socket to {self.endpoint}: {error}")) from error

    def _resume_engine(self, engine_id: bytes) -> Generator[Any, Any, bool]:
        outcome = yield from self.ask(REFRESH, waits=self.waits[:1])
        if outcome is Signal.TIMEOUT:  # gone, or another engine: it is told apart by discovery
            return False
        if isinstance(outcome, Signal):
            raise LinkError(self.failure(outcome))
        self.engine_id = engine_id
        return True

    def _discover(self) -> Asked:
        """RFC 3414 section 4: the engine id first, then its boots and time."""
        outcome = yield from self.ask(REFRESH)
        if isinstance(outcome, Signal):
            raise LinkError(self.failure(outcome))
        self.engine_id = self.session.engine_id
        if len(self.engine_id) not in _ENGINE_ID_BYTES:
            raise LinkError(Failure("protocol", f"{self.endpoint} names no SNMP engine id"))
        self._discovered = True
        self.session.authenticate(self.access)
        if self.access.auth_protocol:
            outcome = yield from self.ask(REFRESH)
            if isinstance(outcome, Signal):
                raise LinkError(self.failure(outcome))

    def _recover(self, session: Session, reports: int) -> Generator[Any, Any, bool]:
        """After a report: the agent's time anew; if that was not it, its engine anew, once each."""
        if reports == 1:
            yield Request(session, REFRESH, self.waits[0])
            return True
        if reports > 2:
            return False
        fresh = self._open(b"")
        outcome = yield Request(fresh, REFRESH, self.waits[0])
        if isinstance(outcome, Signal) or fresh.engine_id == self.engine_id:
            return False
        self.engine_id = fresh.engine_id
        fresh.authenticate(self.access)
        session.replace(fresh)
        yield Request(session, REFRESH, self.waits[0])
        return True


def unforeseen(error: Exception) -> Failure:
    """What ends one device and nothing else."""
    return Failure("protocol", f"unforeseen {type(error).__name__}: {str(error)[:200]}")
