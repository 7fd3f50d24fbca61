"""One job: an address that answers, a credential that is accepted, the platform, then what is due."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import paramiko

from soc.collect.credentials import ssh_options
from soc.collect.declare import SshCommand
from soc.collect.port import Answer, Failure, Job, ResolvedCredential
from soc.collect.ssh.client import Client
from soc.collect.ssh.commands import Commands
from soc.collect.ssh.connection import Endpoint, Login, connect
from soc.collect.ssh.failure import SshError
from soc.collect.ssh.jumps import Jumps, endpoint_of, still_fits
from soc.collect.ssh.kept import Connection, Kept
from soc.collect.ssh.limits import Limits
from soc.collect.ssh.platform import DETECTIONS, platform_of, unknown
from soc.collect.ssh.trust import Trust
from soc.model.ids import digest
from soc.model.text import clean

PLATFORM_HINT = "platform"
APART_HINT = "apart"  # ids of commands that take long
FRAMED_HINT = "framed"  # False where the account's shell does not understand a batch
DROPPED_HINT = "dropped"  # True where every attempt was dropped unheard the last time
# It may be a server that wants nothing from us; those that wait for their turn behind it do.
_ATTEMPTS_WHERE_DROPPED = 2
# Their shells are no POSIX shells.
_NEVER_BATCHED = frozenset({"windows"})
# Only where nobody was reached is the next address worth a try.
_UNREACHED = frozenset({"resolve", "refused", "timeout", "connect"})
# What a command may cost beside its output: standard error, the window in flight, packet overhead.
_OVERHEAD_BYTES = 1024 * 1024
# After these something may still run or come on the connection.
_UNCLEAN = frozenset({"limit", "deadline", "protocol"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the contacts of one run share."""

    limits: Limits
    trust: Trust
    slots: Slots
    jumps: Jumps
    kept: Kept | None
    deadline: float  # time.monotonic() seconds


class Slots:
    """At most so many connections to one address and port at a time."""

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._lock = threading.Lock()
        self._semaphores: dict[tuple[object, ...], threading.Semaphore] = {}

    @contextlib.contextmanager
    def hold(self, endpoint: Endpoint, via: tuple[str, ...], deadline: float) -> Iterator[None]:
        """Raises SshError when none became free before `deadline` (time.monotonic() seconds)."""
        with self._lock:
            key = (endpoint.address, endpoint.port, via)
            slot = self._semaphores.setdefault(key, threading.Semaphore(self._per_host))
        if not slot.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise SshError("deadline", f"{endpoint.address}: no free session in time")
        try:
            yield
        finally:
            slot.release()


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
        commands = [fetch for fetch in self._job.fetches if isinstance(fetch, SshCommand)]
        self._commands = list(dict.fromkeys(commands))  # two collectors may share one
        self._cap = sum(command.maximum_bytes + _OVERHEAD_BYTES for command in (*DETECTIONS, *self._commands))

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
            and still_fits(client, connection.endpoint, device, connection.credential, self._around.trust)
        ):
            client.guard.wake(self._deadline, self._cap)
            spare = None
            with contextlib.suppress(paramiko.ChannelException):
                try:
                    spare = client.open_session(timeout=self._limits.life_seconds)
                except paramiko.ChannelException:
                    raise  # it lives, but has no channel free yet
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
                    client = connect(endpoint, login, limits, self._deadline, self._jump())
                    client.guard.wake(self._deadline, self._cap)
                    now = time.monotonic()
                    if dropped:
                        self._answer.hints[DROPPED_HINT] = False
                    return self._use(Connection(client, endpoint, credential, self._via, now, now))
            except SshError as error:
                wait = min(limits.retry_seconds * 2**attempt, limits.longest_retry_seconds) * (0.5 + share)
                last = attempt + 1 == attempts
                if not error.retry or last or time.monotonic() + wait >= self._deadline:
                    if error.retry and not dropped:
                        self._answer.hints[DROPPED_HINT] = True
                    raise
            time.sleep(wait)
        return None

    def _jump(self) -> Client | None:
        def refused(host: str, credential: str) -> None:
            self._answer.refused_on_jumps += ((host, credential),)

        around = self._around
        return around.jumps.reach(self._job.jumps, self._limits, around.trust, self._deadline, refused)

    def _use(self, connection: Connection, spare: paramiko.Channel | None = None) -> None:
        """Run what is due, then keep the connection or end it."""
        answer, kept = self._answer, self._around.kept
        answer.answered = True
        answer.credential = connection.credential.name
        runner = Commands(
            connection.client,
            self._limits,
            str(connection.credential.settings.get("user", "")),
            connection.endpoint.address,
            apart=_texts(self._job.hints.get(APART_HINT)),
            spare=spare,
        )
        answer.executions = runner.executions
        clean_end = False
        try:
            self._run(runner)
            clean_end = answer.failure is None and not any(
                failure.reason in _UNCLEAN for failure in answer.failures.values()
            )
        finally:
            if clean_end and kept is not None:
                kept.keep(self._job.device.name, connection)
            else:
                connection.end()

    def _run(self, runner: Commands) -> None:
        answer, hints = self._answer, self._job.hints
        remembered = str(hints.get(PLATFORM_HINT) or "")
        platform = remembered or self._detect(runner)
        if not platform:
            return
        answer.hints[PLATFORM_HINT] = platform
        due = [
            (command, self._job.cursors.get(command.stream, "") if command.stream else "")
            for command in self._commands
            if platform in command.platforms
        ]
        framed = hints.get(FRAMED_HINT) is not False or not remembered
        restricted = bool(ssh_options(self._job.device).get("restricted", False))
        batched = framed and not restricted and platform not in _NEVER_BATCHED
        worked = not due
        for command, result in runner.run(due, batched=batched):
            if isinstance(result, Failure):
                answer.failures[command] = result
                if result.reason == "limit":
                    answer.counts["limit"] = answer.counts.get("limit", 0) + 1
            else:
                answer.values[command] = result
                worked = worked or result.exit_code in command.exit_codes
        if remembered and not worked:
            answer.hints[PLATFORM_HINT] = ""  # another system may have moved in: look again next time
        if runner.apart != _texts(hints.get(APART_HINT)):
            answer.hints[APART_HINT] = sorted(runner.apart)
        if batched and runner.framed is (hints.get(FRAMED_HINT) is False):
            answer.hints[FRAMED_HINT] = runner.framed

    def _detect(self, runner: Commands) -> str:
        said = []
        for detection in DETECTIONS:
            for _, result in runner.run([(detection, "")]):
                if isinstance(result, Failure):
                    self._answer.failure = result
                    return ""
                if platform := platform_of(result):
                    return platform
                said.append(result)
        self._answer.failure = Failure("command", unknown(said))
        return ""


def _texts(value: object) -> set[str]:
    """A hint that is a list of texts; hints come from a file."""
    return {item for item in value if isinstance(item, str)} if isinstance(value, list) else set()
