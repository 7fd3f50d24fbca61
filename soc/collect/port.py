"""The narrow port between the worker and the transports: jobs in, answers out.

A transport runs many jobs at once and calls `on_answer` as each device is done, from one thread at
a time. It never raises for what a device does: failures are data in the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from soc.collect.columns import Columns
from soc.collect.declare import CommandOutput, Fetch, Row
from soc.model import Device

# What a fetch came back with: table rows or columns, scalars / readings, or a command's output.
Value = list[Row] | Columns | Row | CommandOutput


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a fetch or a whole device failed; `reason` is one of soc.model.REASONS."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ResolvedCredential:
    """A credential with its secrets in memory. Its repr shows the name only."""

    name: str
    kind: str  # "snmp" or "ssh"
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Hop:
    """A jump host on the way to a device, and how to log in there."""

    device: Device
    credentials: tuple[ResolvedCredential, ...]  # tried in order


class Sending(Protocol):
    """Where a transport notes the commands of one job before it sends them."""

    def note(self, executions: Sequence[Execution]) -> None:
        """They are about to be sent. Raises OSError, and then they must not be."""

    def withdraw(self, executions: Iterable[Execution]) -> None:
        """They were noted and sent, and the host did not get to them."""

    def untold(self, told: Iterable[Execution]) -> list[Execution]:
        """Those noted that are not among the `told`."""


@dataclass(frozen=True, slots=True)
class Job:
    """Everything due on one device over one transport."""

    device: Device
    credentials: tuple[ResolvedCredential, ...]  # tried in order
    fetches: tuple[Fetch, ...]  # fetches are compared by identity
    cursors: Mapping[str, str] = field(default_factory=dict)  # stream -> last value
    # remembered from the last contact: credential name, platform, SNMP engine id, window …
    hints: Mapping[str, Any] = field(default_factory=dict)
    jumps: tuple[Hop, ...] = ()  # the first is reached directly, the device from the last
    sending: Sending | None = None  # None where nothing is recorded


@dataclass(frozen=True, slots=True)
class Execution:
    """A command that was sent to a host, whatever came of it."""

    command: str  # SshCommand.id
    time: float  # when it was sent, UTC seconds
    account: str
    address: str  # as connected to: one of the device's
    exit_code: int  # -1 where none came
    bytes: int  # of output, standard error included
    reason: str = ""  # one of soc.model.REASONS where it was not seen to its end


@dataclass(slots=True)
class Answer:
    """What came of a job. A fetch stands in `values` or in `failures`, never in both.

    In neither stands what does not apply to the device: a command of another platform, a ping of a
    loopback address or on a machine that cannot ping.

    `failure` is set when the device as a whole failed (then `values` may still hold what came
    before). An absent SNMP table is an empty list, absent scalars are a Row of None.
    """

    job: Job
    time: float  # when the answer was complete, UTC seconds
    answered: bool  # any answer at all, an authentication error included
    duration_seconds: float = 0.0
    credential: str = ""  # the name of the one that worked
    # Credentials the device refused in this job; each refusal counts towards the account's rest.
    refused_credentials: tuple[str, ...] = ()
    refused_on_jumps: tuple[tuple[str, str], ...] = ()  # likewise (jump host, credential)
    accepted_on_jumps: tuple[tuple[str, str], ...] = ()  # at a login made in this job
    failure: Failure | None = None
    values: dict[Fetch, Value] = field(default_factory=dict)
    failures: dict[Fetch, Failure] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)  # as they ended, failed ones included
    counts: dict[str, int] = field(default_factory=dict)  # oddities by reason, for soc status
    hints: dict[str, Any] = field(default_factory=dict)  # JSON-able, to remember for the next job
    anew: bool = False  # it restarted since the last contact, or is another: what it is may have changed


class Transport(Protocol):
    """SNMP, SSH, ping or local."""

    def run(self, jobs: Iterable[Job], on_answer: Callable[[Answer], None], deadline: float) -> None:
        """Run all jobs, each at most once; `deadline` is time.monotonic() seconds.

        Every job gets exactly one answer; those cut by the deadline get reason "deadline".
        """


@runtime_checkable
class SteppedTransport(Protocol):
    """A transport that needs no thread of its own: it works while its iterator is asked for more."""

    def steps(
        self,
        jobs: Iterable[Job],
        on_answer: Callable[[Answer], None],
        deadline: float,
        wait_seconds: float,
    ) -> Iterator[None]:
        """As Transport.run; each step waits `wait_seconds` at most."""
