"""Where to send: a device's addresses as UDP endpoints. Names are looked up beside the loop."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Iterable, Iterator

from soc.collect.port import Job

THREADS = 8


def is_literal(address: str) -> bool:
    """Whether the address needs no look-up; one with a zone (fe80::1%eth0) does."""
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    except OSError:
        return False
    return True


def endpoints(address: str, port: int) -> list[str]:
    """Endpoints of an address or host name in the resolver's order. Raises OSError if it has none."""
    if is_literal(address):
        return [f"[{address}]:{port}" if ":" in address else f"{address}:{port}"]
    found: list[str] = []
    for family, _, _, _, place in socket.getaddrinfo(address, port, type=socket.SOCK_DGRAM):
        if family == socket.AF_INET6:
            zone = f"%{place[3]}" if len(place) == 4 and place[3] else ""
            found.append(f"[{str(place[0]).split('%')[0]}{zone}]:{port}")
        elif family == socket.AF_INET:
            found.append(f"{place[0]}:{port}")
    return list(dict.fromkeys(found))


def port_of(job: Job) -> int:
    """The device's own SNMP port, or 161."""
    options = job.device.options.get("snmp")
    return int(options.get("port", 161)) if isinstance(options, dict) else 161


class Resolver:
    """Yields (job, endpoints) as they are known, or None while all that is left are names looked up.

    A resolver that hangs delays the devices with names, never those with addresses.
    """

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs = iter(jobs)
        self._asked: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._known: queue.SimpleQueue[tuple[Job, list[str]]] = queue.SimpleQueue()
        self._outstanding: dict[int, Job] = {}
        self._threads = 0

    def __iter__(self) -> Iterator[tuple[Job, list[str]] | None]:
        for job in self._jobs:
            if all(map(is_literal, job.device.addresses)):
                yield job, _endpoints(job)
            else:
                self._look_up(job)
        while self._outstanding:
            try:
                job, found = self._known.get_nowait()
            except queue.Empty:
                yield None
            else:
                del self._outstanding[id(job)]
                yield job, found

    def unresolved(self) -> list[Job]:
        """Jobs whose names were not known in time, and those never looked at."""
        left = list(self._outstanding.values())
        self._outstanding.clear()
        return [*left, *self._jobs]

    def _look_up(self, job: Job) -> None:
        self._outstanding[id(job)] = job
        self._asked.put(job)
        if self._threads < min(THREADS, len(self._outstanding)):
            self._threads += 1
            threading.Thread(target=self._work, name="snmp-resolver", daemon=True).start()

    def _work(self) -> None:
        while True:
            job = self._asked.get()
            self._known.put((job, _endpoints(job)))


def _endpoints(job: Job) -> list[str]:
    found: list[str] = []
    for address in job.device.addresses:
        try:
            found += endpoints(address, port_of(job))
        except (OSError, UnicodeError):
            continue
    return found
