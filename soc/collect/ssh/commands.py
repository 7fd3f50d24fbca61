"""Run constant commands on one connection: a channel each, a deadline and a byte cap each."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import paramiko

from soc.collect.declare import CommandOutput, SshCommand
from soc.collect.port import Execution, Failure
from soc.collect.ssh.client import Client
from soc.collect.ssh.guard import Guard
from soc.collect.ssh.limits import Limits
from soc.model.text import clean, decode

_MAXIMUM_STDERR_BYTES = 4096
_READ_BYTES = 64 * 1024
_READS_PER_PUMP = 8  # then the other channels have their turn
_WAIT_SECONDS = 0.5  # an exit status that comes after the end of output wakes nobody
_REFUSED_WAIT_SECONDS = 0.05
_REFUSALS_BORNE = 20  # in a row, while nothing else runs
_CONNECTION_ENDED = (paramiko.SSHException, OSError, EOFError)


class _Wake(threading.Event):
    """Set by paramiko whenever any channel has news; only we clear it, or news would be lost."""

    def clear(self) -> None:
        """Called by a channel whose buffer ran empty, which says nothing of the others."""

    def rearm(self) -> None:
        super().clear()


@dataclass(slots=True)
class _Running:
    """One command on its channel."""

    command: SshCommand
    channel: paramiko.Channel
    wake: _Wake
    deadline: float
    sent: float  # UTC seconds
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)
    stderr_bytes: int = 0

    def pump(self, guard: Guard) -> CommandOutput | Failure | None:
        """Take over some of what has come. Returns the result once it is known."""
        channel, cap = self.channel, self.command.maximum_bytes
        ended = channel.closed or (channel.eof_received and channel.status_event.is_set())
        with contextlib.suppress(*_CONNECTION_ENDED):  # reading gives the window back, which is sending
            for _ in range(_READS_PER_PUMP):
                self._read()
        if len(self.stdout) > cap and self.command.stream:
            return self._output(0, truncated=True)
        if max(len(self.stdout), self.stderr_bytes) > cap:
            return Failure("limit", f"{self.command.id}: more than {cap} bytes of output")
        if channel.recv_ready() or channel.recv_stderr_ready():
            self.wake.set()
        elif ended:
            if channel.exit_status < 0 and not channel.get_transport().is_active():
                return Failure(guard.tripped or "protocol", f"{self.command.id}: the connection ended")
            return self._output(channel.exit_status)
        if time.monotonic() >= self.deadline:
            return Failure("deadline", f"{self.command.id}: not done in time, {len(self.stdout)} bytes came")
        return None

    def _read(self) -> None:
        if self.channel.recv_ready():
            self.stdout += self.channel.recv(_READ_BYTES)
        if self.channel.recv_stderr_ready():
            data = self.channel.recv_stderr(_READ_BYTES)
            self.stderr_bytes += len(data)
            self.stderr += data[: _MAXIMUM_STDERR_BYTES - len(self.stderr)]

    def close(self) -> None:
        with contextlib.suppress(*_CONNECTION_ENDED):
            self.channel.close()

    def _output(self, exit_code: int, *, truncated: bool = False) -> CommandOutput:
        cap = self.command.maximum_bytes
        return CommandOutput(
            decode(bytes(self.stdout[:cap]), cap), decode(bytes(self.stderr)), exit_code, truncated
        )


class Commands:
    """Runs commands over one connection, a few at a time."""

    def __init__(self, client: Client, limits: Limits, account: str, address: str) -> None:
        self._transport = client
        self._guard = client.guard
        self._limits = limits
        self._account = account
        self._address = address
        self.executions: list[Execution] = []  # of all that was sent and has ended
        self._wake = _Wake()
        self._width = limits.channels

    def run(
        self, commands: Sequence[tuple[SshCommand, str]]
    ) -> Iterator[tuple[SshCommand, CommandOutput | Failure]]:
        """Run each command with its line of standard input; yield results as they come, one each.

        Output over the cap is a failure "limit", but for a stream: that resumes where it was cut, so
        it comes with `truncated` and exit code 0. An exit code of -1 is a server that gave none.
        """
        waiting = list(commands)
        running: list[_Running] = []
        refusals = 0
        while waiting or running:
            self._wake.rearm()
            refused = False
            while waiting and len(running) < self._width and not refused:
                command, line = waiting[0]
                begun = self._begin(command, line)
                refused = begun is None
                if isinstance(begun, _Running):
                    running.append(begun)
                    refusals = 0
                elif begun is not None:
                    yield command, begun
                elif not running and (refusals := refusals + 1) > _REFUSALS_BORNE:
                    yield command, Failure("command", f"{command.id}: the server opens no session")
                    refused = False
                if not refused:
                    waiting.pop(0)
            if refused:
                # The server's MaxSessions is lower, or it has not noticed yet that one has ended.
                self._width = max(1, len(running))
            ended = [(item, result) for item in running if (result := item.pump(self._guard))]
            for item, result in ended:
                running.remove(item)
                item.close()
                self._record(item, result)
                yield item.command, result
            if refused or (running and not ended):
                self._wait(running, _REFUSED_WAIT_SECONDS if refused else _WAIT_SECONDS)

    def _record(self, item: _Running, result: CommandOutput | Failure) -> None:
        code = result.exit_code if isinstance(result, CommandOutput) else item.channel.exit_status
        reason = result.reason if isinstance(result, Failure) else ""
        size = len(item.stdout) + item.stderr_bytes
        self.executions.append(
            Execution(item.command.id, item.sent, self._account, self._address, code, size, reason)
        )

    def _wait(self, running: Sequence[_Running], seconds: float) -> None:
        nearest = min((item.deadline for item in running), default=self._guard.deadline)
        self._wake.wait(max(0.0, min(seconds, nearest - time.monotonic())))

    def _begin(self, command: SshCommand, line: str) -> _Running | Failure | None:
        """None where the server refused the channel alone."""
        now = time.monotonic()
        deadline = min(self._guard.deadline, now + self._limits.command_seconds)
        if deadline <= now:
            return Failure("deadline", f"{command.id}: not begun in time")
        try:
            channel = self._transport.open_session(timeout=deadline - now)
        except paramiko.ChannelException:
            return None
        except _CONNECTION_ENDED as error:
            return self._not_run(command, error)
        running = _Running(command, channel, self._wake, deadline, time.time())
        channel.in_buffer.set_event(self._wake)
        channel.in_stderr_buffer.set_event(self._wake)
        channel.settimeout(deadline - now)
        try:
            channel.exec_command(command.command)
        except _CONNECTION_ENDED as error:
            running.close()
            return self._not_run(command, error)
        # A command may end without reading; its output says why.
        with contextlib.suppress(*_CONNECTION_ENDED):
            if command.stream:
                channel.sendall(line.encode() + b"\n")
            channel.shutdown_write()
        return running

    def _not_run(self, command: SshCommand, error: Exception) -> Failure:
        if not self._transport.is_active():
            return Failure(self._guard.tripped or "protocol", f"{command.id}: the connection ended")
        why = str(error) or type(error).__name__
        return Failure("command", f"{command.id}: the server did not run it: {clean(why, 200)}")
