"""What is due on one connection: the platform, then the commands; and what is remembered of both."""

from __future__ import annotations

from collections.abc import Sequence

import paramiko

from soc.collect.credentials import ssh_options
from soc.collect.declare import SshCommand
from soc.collect.port import Answer, Failure, Job
from soc.collect.ssh.commands import Commands
from soc.collect.ssh.kept import Connection
from soc.collect.ssh.limits import Limits
from soc.collect.ssh.platform import DETECTIONS, platform_of, unknown

PLATFORM_HINT = "platform"
APART_HINT = "apart"  # ids of commands that take long
UNFRAMED_HINT = "unframed"  # for how many sessions more no batch is tried: the shell understood none
_UNFRAMED_SESSIONS = 100
# Their shells are no POSIX shells.
_NEVER_BATCHED = frozenset({"windows"})
# What a command may cost beside its output: standard error, the window in flight, packet overhead.
_OVERHEAD_BYTES = 1024 * 1024
# After these something may still run or come on the connection.
_UNCLEAN = frozenset({"limit", "deadline", "protocol"})


def commands_of(job: Job) -> list[SshCommand]:
    """What the job asks, each once: two collectors may share a command."""
    return list(dict.fromkeys(fetch for fetch in job.fetches if isinstance(fetch, SshCommand)))


def allowance(commands: Sequence[SshCommand]) -> int:
    """How many bytes a host may send in a session."""
    return sum(command.maximum_bytes + _OVERHEAD_BYTES for command in (*DETECTIONS, *commands))


class Session:
    """One job's turn on a connection; it fills in the answer."""

    def __init__(
        self, answer: Answer, connection: Connection, limits: Limits, spare: paramiko.Channel | None
    ) -> None:
        """`spare` is a channel of the connection that is open already."""
        self._answer = answer
        self._job = answer.job
        self._runner = Commands(
            connection.client,
            limits,
            str(connection.credential.settings.get("user", "")),
            connection.endpoint.address,
            apart=_texts(self._job.hints.get(APART_HINT)),
            spare=spare,
            sending=self._job.sending,
        )
        answer.answered = True
        answer.credential = connection.credential.name
        answer.executions = self._runner.executions

    def run(self) -> bool:
        """Run what is due; whether the connection is as good as new after it."""
        self._run()
        answer = self._answer
        return answer.failure is None and not any(
            failure.reason in _UNCLEAN for failure in answer.failures.values()
        )

    def _run(self) -> None:
        answer, hints, runner = self._answer, self._job.hints, self._runner
        remembered = str(hints.get(PLATFORM_HINT) or "")
        platform = remembered or self._detect()
        if not platform:
            return
        answer.hints[PLATFORM_HINT] = platform
        due = [
            (command, self._job.cursors.get(command.stream, "") if command.stream else "")
            for command in commands_of(self._job)
            if platform in command.platforms
        ]
        remaining = hints.get(UNFRAMED_HINT)
        waiting = remaining if isinstance(remaining, int) else 0
        restricted = bool(ssh_options(self._job.device).get("restricted", False))
        batched = not waiting and not restricted and platform not in _NEVER_BATCHED
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
        if waiting or not runner.framed:
            answer.hints[UNFRAMED_HINT] = waiting - 1 if waiting else _UNFRAMED_SESSIONS

    def _detect(self) -> str:
        said = []
        for detection in DETECTIONS:
            for _, result in self._runner.run([(detection, "")]):
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
