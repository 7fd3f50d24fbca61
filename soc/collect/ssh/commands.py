"""Run constant commands on one connection: in batches or a channel each, within time and byte caps."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import paramiko

from soc.collect.declare import CommandOutput, SshCommand
from soc.collect.port import Execution, Failure, Sending
from soc.collect.ssh.client import Client
from soc.collect.ssh.frame import framed, in_batches
from soc.collect.ssh.limits import Limits
from soc.collect.ssh.running import CONNECTION_ENDED, Batch, Ended, Running, Single, Wake
from soc.model.text import clean

_WAIT_SECONDS = 0.5  # an exit status that comes after the end of output wakes nobody
_REFUSED_WAIT_SECONDS = 0.05
_REFUSALS_BORNE = 20  # in a row, while nothing else runs
_QUICK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Task:
    """What one execution is of: one command, with its line of input, or several in a frame."""

    commands: tuple[SshCommand, ...]
    line: str = ""

    @property
    def batched(self) -> bool:
        return len(self.commands) > 1


class Commands:
    """Runs commands over one connection, a few executions at a time.

    `apart` are ids of commands that take long: they go into no batch, so that nothing waits for them.
    It is kept current. `framed` turns False where the host's shell did not understand a batch.
    """

    def __init__(
        self,
        client: Client,
        limits: Limits,
        account: str,
        address: str,
        *,
        apart: Collection[str] = (),
        spare: paramiko.Channel | None = None,
        sending: Sending | None = None,
    ) -> None:
        """`spare` is a channel that is open already."""
        self.apart = set(apart)
        self._apart_before = frozenset(apart)
        self.framed = True
        self.executions: list[Execution] = []  # of all that was sent and has ended
        self._client = client
        self._limits = limits
        self._account = account
        self._address = address
        self._spare = spare
        self._sending = sending
        self._wake = Wake()
        self._width = limits.channels
        self._boundary = secrets.token_hex(16)

    def run(
        self, due: Sequence[tuple[SshCommand, str]], *, batched: bool = False
    ) -> Iterator[tuple[SshCommand, CommandOutput | Failure]]:
        """Run each command with its line of standard input; yield results as they come, one each.

        With `batched`, those without a stream share executions. Output over the cap is a failure
        "limit", but for a stream: that resumes where it was cut, so it comes with `truncated` and exit
        code 0. An exit code of -1 is a server that gave none.
        """
        waiting = deque(self._tasks(due, batched=batched))
        running: list[Running] = []
        refusals = 0
        while waiting or running:
            self._wake.rearm()
            refused = False
            while waiting and len(running) < self._width and not refused:
                begun = self._begin(waiting[0])
                refused = begun is None
                if begun is None and not running and (refusals := refusals + 1) > _REFUSALS_BORNE:
                    begun = Failure("command", "the server opens no session")
                    refused = False
                if isinstance(begun, Failure):
                    task = waiting.popleft()
                    understood = begun.reason != "command" or refusals > _REFUSALS_BORNE
                    if task.batched and not understood and self._client.is_active():
                        waiting.extendleft(self._one_by_one(task.commands))
                        continue
                    for command in task.commands:
                        yield command, Failure(begun.reason, f"{command.id}: {begun.detail}")
                elif begun is not None:
                    waiting.popleft()
                    running.append(begun)
                    refusals = 0
            if refused:
                # The server's MaxSessions is lower, or it has not noticed yet that one has ended.
                self._width = max(1, len(running))
            moved = False
            for item in list(running):
                for ended in item.pump(self._client.guard):
                    moved = True
                    self._note(item, ended)
                    yield ended.command, ended.result
                if item.over:
                    moved = True
                    running.remove(item)
                    with contextlib.suppress(*CONNECTION_ENDED):
                        item.channel.close()
                    waiting.extendleft(reversed(self._left_of(item)))
            if refused or (running and not moved):
                self._wait(running, _REFUSED_WAIT_SECONDS if refused else _WAIT_SECONDS)

    def _tasks(self, due: Sequence[tuple[SshCommand, str]], *, batched: bool) -> list[Task]:
        together = [
            command for command, _ in due if batched and not command.stream and command.id not in self.apart
        ]
        alone = [Task((command,), line) for command, line in due if command not in together]
        return [*self._in_batches(together), *alone]

    def _in_batches(self, commands: Sequence[SshCommand]) -> list[Task]:
        tasks, begun = [], 0
        for size in in_batches([command.command for command in commands]):
            tasks.append(Task(tuple(commands[begun : begun + size])))
            begun += size
        return tasks

    def _one_by_one(self, commands: Sequence[SshCommand]) -> list[Task]:
        self.framed = False
        return [Task((command,)) for command in commands]

    def _left_of(self, item: Running) -> list[Task]:
        """A batch that ended early: what it was at runs alone, the rest in another."""
        if not item.left or not isinstance(item, Batch):
            return []
        # What came of these is not known, but it was run, or may have been before the rest was cut off.
        for command in item.left if item.failed or not item.framed else item.left[:1]:
            self._tell(command, item.sent, -1, 0, "command")
        if not item.framed:
            return self._one_by_one(item.left)
        if item.failed:
            return self._in_batches(item.left)
        if self._sending is not None:
            self._sending.withdraw(self._execution(command, item.sent) for command in item.left[1:])
        self.apart.add(item.left[0].id)
        return [Task((item.left[0],)), *self._in_batches(item.left[1:])]

    def _note(self, item: Running, ended: Ended) -> None:
        """Remember the execution, and whether the command had better run apart."""
        command, result = ended.command, ended.result
        if isinstance(result, Failure):
            code, reason = -1, result.reason
            if not isinstance(item, Batch):
                code = item.channel.exit_status
        else:
            code, reason = result.exit_code, ""
        self._tell(command, item.sent, code, ended.bytes, reason)
        if reason == "deadline" or ended.seconds > self._limits.slow_seconds:
            self.apart.add(command.id)
        elif (
            command.id in self._apart_before
            and ended.seconds < _QUICK_SECONDS
            and isinstance(result, CommandOutput)
            and result.exit_code in command.exit_codes
        ):
            self.apart.discard(command.id)

    def _tell(self, command: SshCommand, sent: float, code: int, size: int, reason: str) -> None:
        self.executions.append(self._execution(command, sent, code, size, reason))

    def _execution(
        self, command: SshCommand, sent: float, code: int = -1, size: int = 0, reason: str = "internal"
    ) -> Execution:
        return Execution(command.id, sent, self._account, self._address, code, size, reason)

    def _wait(self, running: Sequence[Running], seconds: float) -> None:
        nearest = min((item.deadline for item in running), default=self._client.guard.deadline)
        self._wake.wait(max(0.0, min(seconds, nearest - time.monotonic())))

    def _begin(self, task: Task) -> Running | Failure | None:
        """None where the server refused the channel alone."""
        now = time.monotonic()
        last = self._client.guard.deadline
        deadline = min(last, now + self._limits.command_seconds)
        if deadline <= now:
            return Failure("deadline", "not begun in time")
        try:
            channel, self._spare = self._spare or self._client.open_session(timeout=deadline - now), None
        except paramiko.ChannelException:
            return None
        except CONNECTION_ENDED as error:
            return self._not_run(error)
        command, boundary, sent = task.commands[0], self._boundary, time.time()
        text, line = command.command, task.line if command.stream else None
        running: Running
        if task.batched:
            text, line = framed(item.command for item in task.commands), boundary
            seconds = self._limits.command_seconds
            running = Batch(channel, self._wake, task.commands, boundary, sent, seconds, last)
        else:
            running = Single(channel, self._wake, command, sent, deadline)
        channel.settimeout(deadline - now)
        failure = self._send(channel, text, task.commands, sent)
        if failure is not None:
            with contextlib.suppress(*CONNECTION_ENDED):
                channel.close()
            return failure
        # A command may end without reading; its output says why.
        with contextlib.suppress(*CONNECTION_ENDED):
            if line is not None:
                channel.sendall(line.encode() + b"\n")
            channel.shutdown_write()
        return running

    def _send(
        self, channel: paramiko.Channel, text: str, commands: Sequence[SshCommand], sent: float
    ) -> Failure | None:
        """What cannot be noted is not sent, so that whatever is sent is told of."""
        try:
            if self._sending is not None:
                self._sending.note([self._execution(command, sent) for command in commands])
        except OSError as error:
            return Failure("internal", f"not sent, since it cannot be noted: {error.strerror}")
        try:
            channel.exec_command(text)
        except CONNECTION_ENDED as error:
            failure = self._not_run(error)
            for command in commands:
                self._tell(command, sent, -1, 0, failure.reason)
            return failure
        return None

    def _not_run(self, error: Exception) -> Failure:
        if not self._client.is_active():
            return Failure(self._client.guard.tripped or "protocol", "the connection ended")
        why = str(error) or type(error).__name__
        return Failure("command", f"the server did not run it: {clean(why, 200)}")
