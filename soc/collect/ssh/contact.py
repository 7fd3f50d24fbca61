"""One job: the connection of last time, or an address that answers and a credential that is accepted."""

from __future__ import annotations

import time
from dataclasses import dataclass

import paramiko

from soc.collect.port import Answer, Failure, Job, ResolvedCredential
from soc.collect.ssh.client import Client
from soc.collect.ssh.connection import Endpoint, Login, connect
from soc.collect.ssh.failure import SshError
from soc.collect.ssh.jumps import Jumps, endpoint_of, still_fits
from soc.collect.ssh.kept import Connection, Kept
from soc.collect.ssh.limits import Limits
from soc.collect.ssh.session import Session, allowance, commands_of
from soc.collect.ssh.slots import Slots
from soc.collect.ssh.trust import Trust
from soc.model.ids import digest
from soc.model.text import clean

DROPPED_HINT = "dropped"  # True where every attempt was dropped unheard the last time
# It may be a server that wants nothing from us; those that wait for their turn behind it do.
_ATTEMPTS_WHERE_DROPPED = 2
# Only where nobody was reached is the next address worth a try.
_UNREACHED = frozenset({"resolve", "refused", "timeout", "connect"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the contacts of one run share."""

    limits: Limits
    trust: Trust
    slots: Slots
    jumps: Jumps
    kept: Kept | None
    deadline: float  # time.monotonic() seconds


def contact(job: Job, around: Surroundings) -> Answer:
    """Never raises for what the device does."""
    started = time.monotonic()
    answer = Answer(job, time.time(), answered=False)
    try:
        if started >= around.deadline:
            raise SshError("deadline", "not begun in time")
        _Contact(answer, around, min(around.deadline, started + around.limits.session_seconds)).run()
    except SshError as error:
        answer.failure = Failure(error.reason, error.detail)
    except Exception as error:
        # The library's reader raises anything on hostile packets; other hosts must not pay for it.
        answer.failure = Failure("protocol", clean(f"{type(error).__name__}: {error}", 300))
    answer.time, answer.duration_seconds = time.time(), time.monotonic() - started
    return answer


class _Contact:
    def __init__(self, answer: Answer, around: Surroundings, deadline: float) -> None:
        self._answer = answer
        self._job = answer.job
        self._around = around
        self._limits = around.limits
        self._deadline = deadline
        self._via = tuple(hop.device.name for hop in self._job.jumps)
        self._allowance = allowance(commands_of(self._job))

    def run(self) -> None:
        if self._on_kept_connection():
            return None
        logins = self._logins()
        failures: list[SshError] = []
        for address in self._job.device.addresses:
            try:
                return self._try_logins(address, logins)
            except SshError as error:
                self._answer.answered |= error.answered
                failures.append(error)
                if error.answered or error.reason not in _UNREACHED:
                    break
        if not failures:
            raise SshError("resolve", "the device has no address")
        raise SshError(failures[-1].reason, "; ".join(error.detail for error in failures))

    def _on_kept_connection(self) -> bool:
        """Use the one of last time, if it lives and would be made the same way again."""
        kept, device = self._around.kept, self._job.device
        connection = kept.take(device.name) if kept is not None else None
        if connection is None:
            return False
        client = connection.client
        if (
            connection.via == self._via
            and connection.credential in self._job.credentials
            and self._around.jumps.leads(connection.jump, self._job.jumps, self._around.trust)
            and still_fits(client, connection.endpoint, device, connection.credential, self._around.trust)
        ):
            client.guard.wake(self._deadline, self._allowance)
            try:
                spare = client.open_session(timeout=self._limits.life_seconds)
            except paramiko.ChannelException:  # it lives, but has no channel free yet
                self._use(connection)
                return True
            except (paramiko.SSHException, OSError, EOFError):
                connection.end()
                return False
            self._use(connection, spare)
            return True
        connection.end()
        return False

    def _logins(self) -> list[tuple[ResolvedCredential, Login]]:
        found, failures = [], []
        for credential in self._job.credentials:
            try:
                found.append((credential, self._around.trust.login(credential)))
            except SshError as error:
                failures.append(error.detail)
        if not found:
            raise SshError("credential", "; ".join(failures) or "no SSH credential")
        return found

    def _try_logins(self, address: str, logins: list[tuple[ResolvedCredential, Login]]) -> None:
        """A connection per credential: sshd ends one on which the user name changes."""
        refusals = []
        for credential, login in logins:
            endpoint = endpoint_of(self._job.device, credential, address, self._around.trust)
            try:
                self._connect_and_run(endpoint, credential, login)
            except SshError as error:
                if error.reason != "authentication":
                    raise
                self._answer.refused_credentials += (credential.name,)
                refusals.append(error.detail)
            else:
                return
        raise SshError("authentication", "; ".join(refusals), answered=True)

    def _connect_and_run(self, endpoint: Endpoint, credential: ResolvedCredential, login: Login) -> None:
        """Tries again where the server dropped the connection unheard (sshd_config, MaxStartups)."""
        limits = self._limits
        # Hosts that were dropped together come back apart, the same host each time alike.
        share = int(digest(self._job.device.name, size=4), 16) / 0xFFFFFFFF
        dropped = bool(self._job.hints.get(DROPPED_HINT))
        attempts = min(limits.attempts, _ATTEMPTS_WHERE_DROPPED) if dropped else limits.attempts
        for attempt in range(attempts):
            try:
                with self._around.slots.hold(endpoint, self._via, self._deadline):
                    jump = self._jump()
                    client = connect(endpoint, login, limits, self._deadline, jump)
                    client.guard.wake(self._deadline, self._allowance)
                    now = time.monotonic()
                    if dropped:
                        self._answer.hints[DROPPED_HINT] = False
                    return self._use(Connection(client, endpoint, credential, self._via, jump, now, now))
            except SshError as error:
                wait = limits.retry_wait(attempt + 1) * (0.5 + share)
                last = attempt + 1 == attempts
                if not error.retry or last or time.monotonic() + wait >= self._deadline:
                    if error.retry and not dropped:
                        self._answer.hints[DROPPED_HINT] = True
                    raise
            time.sleep(wait)
        return None

    def _jump(self) -> Client | None:
        def judged(host: str, credential: str, accepted: bool) -> None:
            if accepted:
                self._answer.accepted_on_jumps += ((host, credential),)
            else:
                self._answer.refused_on_jumps += ((host, credential),)

        around = self._around
        return around.jumps.reach(self._job.jumps, self._limits, around.trust, self._deadline, judged)

    def _use(self, connection: Connection, spare: paramiko.Channel | None = None) -> None:
        """Run what is due, then keep the connection or end it."""
        kept, good = self._around.kept, False
        try:
            good = Session(self._answer, connection, self._limits, spare).run()
        finally:
            if good and kept is not None:
                kept.keep(self._job.device.name, connection)
            else:
                connection.end()
