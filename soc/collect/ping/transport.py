"""The ping transport: who is there, asked by whatever means this machine allows."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from soc.collect.declare import Ping, Row
from soc.collect.ping.icmp import Echoes, exchange, open_socket
from soc.collect.ping.program import Statistics, find_program, run_program
from soc.collect.port import Answer, Failure, Job

Method = Literal["icmp", "program", ""]

_THREADS = 16  # programs, or name look-ups, at a time


def ping_method() -> Method:
    """How this machine pings without privileges: an ICMP socket, the program, or "" = not at all."""
    try:
        open_socket(socket.AF_INET).close()
    except OSError:
        return "program" if find_program() else ""
    return "icmp"


@dataclass(slots=True)
class _Asking:
    """One job on its way through its addresses."""

    job: Job
    addresses: list[str]  # numeric, without loopback
    started: float
    failure: Failure | None = None
    best: Statistics = field(default_factory=Statistics)

    @property
    def count(self) -> int:
        return max((fetch.count for fetch in self.job.fetches if isinstance(fetch, Ping)), default=0)

    def note(self, address: str, found: Statistics) -> None:
        self.best = found
        if found.received:
            self.failure = None
        elif found.sent:
            self.failure = Failure("timeout", f"{address}: no reply to {found.sent} echo requests")
        else:
            self.failure = Failure("connect", f"{address}: {found.error}")

    def answer(self) -> Answer:
        answer = Answer(self.job, time.time(), self.best.received > 0, failure=self.failure)
        answer.duration_seconds = time.monotonic() - self.started
        if self.best.sent:
            values = {
                "sent": self.best.sent,
                "received": self.best.received,
                "rtt_seconds": self.best.round_trip_seconds,
            }
            answer.values = {fetch: Row("", values) for fetch in self.job.fetches}
        return answer


class PingTransport:
    """Pings each device's addresses in order until one replies (soc/collect/port.py).

    Without a reply the answer has failure "timeout" and the counts as values, so that loss is known.
    Where pinging does not apply (no method here; only loopback addresses, for which the kernel
    answers) the answer holds neither value nor failure.
    """

    def __init__(self, method: Method | None = None) -> None:
        self._method = ping_method() if method is None else method

    def run(self, jobs: Iterable[Job], on_answer: Callable[[Answer], None], deadline: float) -> None:
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="ping") as pool:
            askings = list(pool.map(_asking, jobs))
            waiting = []
            for asking in askings:
                if self._method and asking.addresses:
                    waiting.append(asking)
                else:
                    on_answer(asking.answer())
            if self._method == "program":
                for done in as_completed([pool.submit(_by_program, item, deadline) for item in waiting]):
                    on_answer(done.result())
            else:
                _by_socket(waiting, on_answer, deadline)


def _asking(job: Job) -> _Asking:
    asking = _Asking(job, [], time.monotonic())
    for address in job.device.addresses:
        try:
            found = _numeric(address)
        except (OSError, UnicodeError) as error:
            asking.failure = Failure("resolve", f"{address}: {getattr(error, 'strerror', None) or error}")
        else:
            asking.addresses.extend(item for item in found if not _is_loopback(item))
    return asking


def _numeric(address: str) -> list[str]:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        found = socket.getaddrinfo(address, None, type=socket.SOCK_DGRAM)
        return list(dict.fromkeys(str(item[4][0]) for item in found))
    return [address]


def _is_loopback(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback


def _by_program(asking: _Asking, deadline: float) -> Answer:
    program = find_program()
    for address in asking.addresses:
        left = deadline - time.monotonic()
        if left <= 0:
            asking.failure = asking.failure or Failure("deadline", "not begun in time")
            break
        asking.note(address, run_program(program, address, asking.count, left))
        if asking.best.received:
            break
    return asking.answer()


def _by_socket(waiting: Sequence[_Asking], on_answer: Callable[[Answer], None], deadline: float) -> None:
    """All devices at once, each with its first address; those without a reply again with their next."""
    place = 0
    while waiting:
        silent: list[_Asking] = []
        for count in sorted({asking.count for asking in waiting}):
            group = [asking for asking in waiting if asking.count == count]
            addresses = [asking.addresses[place] for asking in group]
            exchange(addresses, count, deadline, partial(_settle, group, place, silent, on_answer, deadline))
        waiting, place = silent, place + 1


def _settle(
    group: Sequence[_Asking],
    place: int,
    silent: list[_Asking],
    on_answer: Callable[[Answer], None],
    deadline: float,
    position: int,
    echoes: Echoes,
) -> None:
    asking = group[position]
    trips = echoes.round_trips_seconds
    mean = sum(trips) / len(trips) if trips else None
    cut = time.monotonic() >= deadline
    if cut and not trips:
        asking.failure = Failure("deadline", f"{echoes.address}: cut before a reply")
    else:
        asking.note(echoes.address, Statistics(echoes.sent, len(trips), mean, echoes.error))
    if trips or cut or place + 1 == len(asking.addresses):
        on_answer(asking.answer())
    else:
        silent.append(asking)
