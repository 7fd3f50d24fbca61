"""SNMP for many devices at once: the transport the worker uses."""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import Any

from soc.collect.port import Answer, Failure, Job, ResolvedCredential
from soc.collect.snmp import known
from soc.collect.snmp.access import Access, read_access
from soc.collect.snmp.conversation import Conversation
from soc.collect.snmp.gufo import FAST, Session, Signal, master_key
from soc.collect.snmp.link import OpenSession
from soc.collect.snmp.loop import Doubtful, Loop, Program
from soc.collect.snmp.plan import Plans
from soc.collect.snmp.resolve import Resolver
from soc.collect.snmp.sessions import Sessions
from soc.collect.snmp.side import Side

MAXIMUM_SECONDS = 60.0  # for one device, whatever it does
_FILES_WANTED = 16_384  # a socket for each device in flight, a few more for those far away


# A worker has several transports, and whichever is free asks a device.
_SESSIONS = Sessions()


class SnmpTransport:
    """SNMP v1, v2c and v3 (USM) over UDP, IPv4 and IPv6, in one thread.

    Hints it leaves for the next poll: `credential` and `endpoint` that worked, `engine_id` (hex),
    `get_size` and `repetitions` where the agent wants them smaller, `rows` by table, `object_id`
    (sysObjectID, "" where the agent has none) where it was read, `booted` (UTC seconds).
    """

    def __init__(self, *, maximum_seconds: float = MAXIMUM_SECONDS) -> None:
        self._maximum_seconds = maximum_seconds
        self._master_keys: dict[tuple[str, bytes], bytes] = {}
        self._accesses: dict[tuple[int, str, str], tuple[ResolvedCredential, Access]] = {}
        self._plans = Plans()
        self._sessions = _SESSIONS

    def run(self, jobs: Iterable[Job], on_answer: Callable[[Answer], None], deadline: float) -> None:
        """As soc.collect.port.Transport says."""
        for _ in self.steps(jobs, on_answer, deadline, math.inf):
            pass

    def steps(
        self,
        jobs: Iterable[Job],
        on_answer: Callable[[Answer], None],
        deadline: float,
        wait_seconds: float,
    ) -> Iterator[None]:
        """As `run`, in steps of the caller's own thread that each wait `wait_seconds` at most."""
        self._sessions.maximum = max(1, _raise_file_limit() // 2)
        self._accesses.clear()
        self._plans = Plans()
        # Those that were silent last time begin their waiting while the others are asked.
        resolver = Resolver(sorted(jobs, key=lambda job: not job.hints.get("silent")))
        side = Side(on_answer)
        for _ in Loop(deadline).steps(self._programs(resolver, on_answer, side, deadline), wait_seconds):
            side.hand_on()
            yield
        yield from side.steps(wait_seconds)
        for job in resolver.unresolved():
            on_answer(_failed(job, Failure("deadline", "not begun before the deadline")))

    def _programs(
        self, resolver: Resolver, on_answer: Callable[[Answer], None], side: Side, deadline: float
    ) -> Iterator[Program | Doubtful | None]:
        for resolved in resolver:
            if resolved is None:
                yield None
                continue
            job, endpoints = resolved
            try:
                targets = self._targets(job, endpoints)
            except ValueError as error:
                on_answer(_failed(job, Failure("credential", str(error))))
                continue
            if not endpoints:
                names = ", ".join(job.device.addresses) or "no address"
                on_answer(_failed(job, Failure("resolve", f"no address known for {names}")))
            elif _wants_reference(job, targets):
                side.submit(self._converse(job, targets, side.take, deadline, side.open_reference))
            elif FAST:
                program = self._converse(job, targets, on_answer, deadline)
                yield Doubtful(program) if job.hints.get("silent") else program
            else:
                from soc.collect.snmp.public import PublicSession

                side.submit(self._converse(job, targets, side.take, deadline, PublicSession))

    def _converse(
        self,
        job: Job,
        targets: list[tuple[str, Access]],
        on_answer: Callable[[Answer], None],
        deadline: float,
        open_session: OpenSession = Session,
    ) -> Generator[Any, Any, None]:
        started = time.monotonic()
        answer = Answer(job, 0.0, answered=False)
        plan = self._plans.of(job.fetches, presumed=job.hints.get("object_id"))
        came: Signal | None = Signal.END
        if open_session is Session and known.fits(plan, answer, *targets[0]):
            came = yield from known.ask(plan, answer, *targets[0], self._sessions)
        if came is not None:
            until = min(deadline, started + self._maximum_seconds)
            conversation = Conversation(
                job, targets, answer, until, self._plans, open_session, tried=came is Signal.TIMEOUT
            )
            yield from conversation.program()
            link = conversation.link
            if link is not None and answer.failure is None and open_session is Session:
                self._sessions.give(link.endpoint, link.access, link.session)
        answer.duration_seconds = time.monotonic() - started
        on_answer(answer)

    def _targets(self, job: Job, endpoints: list[str]) -> list[tuple[str, Access]]:
        """Each address with each credential, those that worked last time first."""
        options = _options(job)
        if not job.credentials:
            raise ValueError("no SNMP credential")
        accesses = [self._access(item, options) for item in job.credentials]
        hints = job.hints
        accesses.sort(key=lambda access: access.name != hints.get("credential"))
        ordered = sorted(endpoints, key=lambda endpoint: endpoint != hints.get("endpoint"))
        return [(endpoint, access) for endpoint in ordered for access in accesses]

    def _access(self, credential: ResolvedCredential, options: Mapping[str, Any]) -> Access:
        """Read once a run; the credential is kept with it so that its id stays its own."""
        key = (id(credential), str(options.get("version", "")), str(options.get("context", "")))
        known = self._accesses.get(key)
        if known is None:
            known = (credential, read_access(credential, options, self._master_key))
            self._accesses[key] = known
        return known[1]

    def _master_key(self, protocol: str, password: bytes) -> bytes:
        key = self._master_keys.get((protocol, password))
        if key is None:
            key = self._master_keys[protocol, password] = master_key(protocol, password)
        return key


def _wants_reference(job: Job, targets: list[tuple[str, Access]]) -> bool:
    """gufo-snmp sends no context names."""
    return _options(job).get("engine") == "pysnmp" or any(access.context for _, access in targets)


def _failed(job: Job, failure: Failure) -> Answer:
    return Answer(
        job, time.time(), answered=False, failure=failure,
        failures=dict.fromkeys(job.fetches, failure),
    )  # fmt: skip


def _options(job: Job) -> Mapping[str, Any]:
    options = job.device.options.get("snmp")
    return options if isinstance(options, Mapping) else {}


def _raise_file_limit() -> int:
    """How many files may be open from now on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, _FILES_WANTED)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)
