"""One job: an address that answers, a credential that is accepted, the platform, then what is due."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from soc.collect.declare import SshCommand
from soc.collect.port import Answer, Failure, Job, ResolvedCredential
from soc.collect.ssh.commands import Commands
from soc.collect.ssh.connection import Endpoint, Login, connect
from soc.collect.ssh.failure import SshError
from soc.collect.ssh.limits import Limits
from soc.collect.ssh.platform import DETECTIONS, platform_of, unknown
from soc.collect.ssh.trust import Trust, ssh_options
from soc.model.ids import digest
from soc.model.text import clean

PLATFORM_HINT = "platform"
# Only where nobody was reached is the next address worth a try.
_UNREACHED = frozenset({"resolve", "refused", "timeout", "connect"})
# What a command may cost beside its output: standard error, the window in flight, packet overhead.
_OVERHEAD_BYTES = 1024 * 1024


class Slots:
    """At most so many connections to one address and port at a time."""

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._lock = threading.Lock()
        self._semaphores: dict[tuple[str, int], threading.Semaphore] = {}

    @contextlib.contextmanager
    def hold(self, endpoint: Endpoint, deadline: float) -> Iterator[None]:
        """Raises SshError when none became free before `deadline` (time.monotonic() seconds)."""
        with self._lock:
            key = (endpoint.address, endpoint.port)
            slot = self._semaphores.setdefault(key, threading.Semaphore(self._per_host))
        if not slot.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise SshError("deadline", f"{endpoint.address}: no free session in time")
        try:
            yield
        finally:
            slot.release()


def contact(job: Job, limits: Limits, trust: Trust, slots: Slots, deadline: float) -> Answer:
    """Never raises for what the device does. `deadline` is time.monotonic() seconds."""
    started = time.monotonic()
    answer = Answer(job, time.time(), answered=False)
    try:
        if started >= deadline:
            raise SshError("deadline", "not begun in time")
        _Contact(answer, limits, trust, slots, min(deadline, started + limits.session_seconds)).run()
    except SshError as error:
        answer.failure = Failure(error.reason, error.detail)
    except Exception as error:
        # The library's reader raises anything on hostile packets; other hosts must not pay for it.
        answer.failure = Failure("protocol", clean(f"{type(error).__name__}: {error}", 300))
    answer.time, answer.duration_seconds = time.time(), time.monotonic() - started
    return answer


class _Contact:
    def __init__(self, answer: Answer, limits: Limits, trust: Trust, slots: Slots, deadline: float) -> None:
        self._answer = answer
        self._job = answer.job
        self._limits = limits
        self._trust = trust
        self._slots = slots
        self._deadline = deadline
        self._options = ssh_options(self._job.device)

    def run(self) -> None:
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

    def _logins(self) -> list[tuple[ResolvedCredential, Login]]:
        found, failures = [], []
        for credential in self._job.credentials:
            try:
                found.append((credential, self._trust.login(credential)))
            except SshError as error:
                failures.append(error.detail)
        if not found:
            raise SshError("credential", "; ".join(failures) or "no SSH credential")
        return found

    def _try_logins(self, address: str, logins: list[tuple[ResolvedCredential, Login]]) -> None:
        """A connection per credential: sshd ends one on which the user name changes."""
        port = int(self._options.get("port", 22))
        legacy = bool(self._options.get("legacy", False))
        refusals = []
        for credential, login in logins:
            host_keys = self._trust.host_keys(self._job.device, credential, address, port)
            endpoint = Endpoint(address, port, host_keys, legacy)
            try:
                self._connect_and_run(endpoint, login)
            except SshError as error:
                if error.reason != "authentication":
                    raise
                self._answer.refused_credentials += (credential.name,)
                refusals.append(error.detail)
            else:
                self._answer.credential = credential.name
                return
        raise SshError("authentication", "; ".join(refusals), answered=True)

    def _connect_and_run(self, endpoint: Endpoint, login: Login) -> None:
        """Tries again where the server dropped the connection unheard (sshd_config, MaxStartups)."""
        job = self._job
        commands = [fetch for fetch in job.fetches if isinstance(fetch, SshCommand)]
        cap = sum(command.maximum_bytes + _OVERHEAD_BYTES for command in (*DETECTIONS, *commands))
        # Hosts that were dropped together come back apart, the same host each time alike.
        share = int(digest(job.device.name, size=4), 16) / 0xFFFFFFFF
        for attempt in range(self._limits.attempts):
            try:
                with self._slots.hold(endpoint, self._deadline):
                    client = connect(endpoint, login, self._limits, self._deadline)
                    try:
                        client.guard.wake(self._deadline, cap)
                        self._answer.answered = True
                        runner = Commands(client, self._limits, login.user, endpoint.address)
                        self._answer.executions = runner.executions
                        return self._run(runner, commands)
                    finally:
                        client.end()
            except SshError as error:
                wait = self._limits.retry_seconds * 2**attempt * (0.5 + share)
                last = attempt + 1 == self._limits.attempts
                if not error.retry or last or time.monotonic() + wait >= self._deadline:
                    raise
            time.sleep(wait)
        return None

    def _run(self, runner: Commands, commands: list[SshCommand]) -> None:
        answer = self._answer
        remembered = str(self._job.hints.get(PLATFORM_HINT) or "")
        platform = remembered or self._detect(runner)
        if not platform:
            return
        answer.hints[PLATFORM_HINT] = platform
        due = [
            (command, self._job.cursors.get(command.stream, "") if command.stream else "")
            for command in commands
            if platform in command.platforms
        ]
        worked = not due
        for command, result in runner.run(due):
            if isinstance(result, Failure):
                answer.failures[command] = result
                if result.reason == "limit":
                    answer.counts["limit"] = answer.counts.get("limit", 0) + 1
            else:
                answer.values[command] = result
                worked = worked or result.exit_code in command.exit_codes
        if remembered and not worked:
            answer.hints[PLATFORM_HINT] = ""  # another system may have moved in: look again next time

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
