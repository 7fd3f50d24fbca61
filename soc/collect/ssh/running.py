"""Executions under way on one channel each: a single command, or a batch in its frame."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import paramiko

from soc.collect.declare import CommandOutput, SshCommand
from soc.collect.port import Failure
from soc.collect.ssh.frame import Section, Sections
from soc.collect.ssh.guard import Guard
from soc.model.text import decode

CONNECTION_ENDED = (paramiko.SSHException, OSError, EOFError)
_MAXIMUM_STDERR_BYTES = 4096
_MAXIMUM_NOISE_BYTES = 64 * 1024
_READ_BYTES = 64 * 1024
_READS_PER_PUMP = 8  # then the other channels have their turn


class Wake(threading.Event):
    """Set by paramiko whenever any channel has news; only we clear it, or news would be lost."""

    def clear(self) -> None:
        """Called by a channel whose buffer ran empty, which says nothing of the others."""

    def rearm(self) -> None:
        super().clear()


class Ended(NamedTuple):
    """One command that is done, whatever came of it."""

    command: SshCommand
    result: CommandOutput | Failure
    seconds: float  # how long it took
    bytes: int


class Running(Protocol):
    """An execution. `left` are commands that it did not get to, to be run otherwise."""

    channel: paramiko.Channel
    sent: float  # UTC seconds
    deadline: float  # time.monotonic() seconds
    over: bool
    left: Sequence[SshCommand]

    def pump(self, guard: Guard) -> Iterator[Ended]:
        """Take over some of what has come; yields what is done by that."""


class Channel:
    """What both kinds share: reading a channel in turns."""

    def __init__(self, channel: paramiko.Channel, wake: Wake, sent: float) -> None:
        self.channel = channel
        self.sent = sent
        self._wake = wake
        channel.in_buffer.set_event(wake)
        channel.in_stderr_buffer.set_event(wake)

    def read(self) -> Iterator[tuple[bytes, bytes]]:
        """Some of standard output and error. Reading gives the window back, which is sending."""
        channel = self.channel
        with contextlib.suppress(*CONNECTION_ENDED):
            for _ in range(_READS_PER_PUMP):
                out = channel.recv(_READ_BYTES) if channel.recv_ready() else b""
                error = channel.recv_stderr(_READ_BYTES) if channel.recv_stderr_ready() else b""
                if not out and not error:
                    break
                yield out, error
        if self._more:
            self._wake.set()

    @property
    def _more(self) -> bool:
        return bool(self.channel.recv_ready() or self.channel.recv_stderr_ready())

    @property
    def ended(self) -> bool:
        """Everything has come and was read. Look at it before reading: the two may race."""
        return bool(self.channel.closed or (self.channel.eof_received and self.channel.status_event.is_set()))

    @property
    def broken(self) -> bool:
        """The connection went before the channel's end."""
        return self.channel.exit_status < 0 and not self.channel.get_transport().is_active()


class Single(Channel):
    """One command on its channel."""

    def __init__(
        self, channel: paramiko.Channel, wake: Wake, command: SshCommand, sent: float, deadline: float
    ) -> None:
        super().__init__(channel, wake, sent)
        self.deadline = deadline
        self.over = False
        self.left: Sequence[SshCommand] = ()
        self._command = command
        self._begun = time.monotonic()
        self._out, self._error = bytearray(), bytearray()
        self._error_size = 0

    def pump(self, guard: Guard) -> Iterator[Ended]:
        ended = self.ended
        for out, error in self.read():
            self._out += out
            self._error += error[: _MAXIMUM_STDERR_BYTES - len(self._error)]
            self._error_size += len(error)
        result = self._result(ended, guard)
        if result is not None:
            self.over = True
            seconds, size = time.monotonic() - self._begun, len(self._out) + self._error_size
            yield Ended(self._command, result, seconds, size)

    def _result(self, ended: bool, guard: Guard) -> CommandOutput | Failure | None:
        command = self._command
        cap = command.maximum_bytes
        if len(self._out) > cap and command.stream:
            return self._output(0, truncated=True)
        if max(len(self._out), self._error_size) > cap:
            return Failure("limit", f"{command.id}: more than {cap} bytes of output")
        if ended and not self._more:
            if self.broken:
                return Failure(guard.tripped or "protocol", f"{command.id}: the connection ended")
            return self._output(self.channel.exit_status)
        if time.monotonic() >= self.deadline:
            return Failure("deadline", f"{command.id}: not done in time, {len(self._out)} bytes came")
        return None

    def _output(self, exit_code: int, *, truncated: bool = False) -> CommandOutput:
        cap = self._command.maximum_bytes
        return CommandOutput(
            decode(bytes(self._out[:cap]), cap), decode(bytes(self._error)), exit_code, truncated
        )


class Batch(Channel):
    """Commands in their frame, one after the other, each with a time and a byte cap of its own.

    It ends with the first that breaks either, or that ends the shell. `framed` tells whether the host's
    shell understood the frame; where it ended without a word, all commands are left. A shell that never
    began is out of time as a whole.
    """

    def __init__(
        self,
        channel: paramiko.Channel,
        wake: Wake,
        commands: Sequence[SshCommand],
        boundary: str,
        sent: float,
        seconds: float,
        deadline: float,
    ) -> None:
        """A command may take `seconds`, all of them until `deadline` (time.monotonic() seconds)."""
        super().__init__(channel, wake, sent)
        self.over = False
        self.framed = False
        self.failed = False  # the command it ended with has its failure
        self.left: Sequence[SshCommand] = ()
        self._commands = commands
        self._done = 0
        self._seconds, self._last = seconds, deadline
        self._next()
        caps = [command.maximum_bytes + 1 for command in commands]
        self._out = Sections(boundary, [0, *caps])
        self._error = Sections(boundary, [0, *[_MAXIMUM_STDERR_BYTES] * len(commands)])

    def pump(self, guard: Guard) -> Iterator[Ended]:
        ended = self.ended
        for out, error in self.read():
            self._out.feed(out)
            self._error.feed(error)
        out_count, error_count = len(self._out.ended), len(self._error.ended)
        self.framed = self.framed or out_count > 0
        while self._done < min(out_count, error_count) - 1:
            output, errors = self._out.ended[self._done + 1], self._error.ended[self._done + 1]
            yield self._ended(self._result(output, errors), output.size + errors.size)
        if self._done == len(self._commands):
            self.over = True
            return
        failure = self._failure(ended, guard)
        if failure is not None and not self.framed and failure.reason == "deadline":
            self.over = True
            for command in self._commands:
                yield self._ended(Failure("deadline", f"{command.id}: the shell did not begin in time"), 0)
        elif failure is not None:
            self.over = self.failed = True
            yield self._ended(failure, self._size())
            self.left = self._commands[self._done :]
        elif (ended and not self._more) or (not self.framed and self._out.open_bytes > _MAXIMUM_NOISE_BYTES):
            # The shell ended early, or knows no frame: nothing is known of the command it was at.
            self.over = True
            self.left = self._commands[self._done :]

    def _next(self) -> None:
        self._begun = time.monotonic()
        self.deadline = min(self._last, self._begun + self._seconds)

    def _ended(self, result: CommandOutput | Failure, size: int) -> Ended:
        command = self._commands[self._done]
        self._done += 1
        ended = Ended(command, result, time.monotonic() - self._begun, size)
        self._next()
        return ended

    def _result(self, out: Section, error: Section) -> CommandOutput | Failure:
        command = self._commands[self._done]
        cap = command.maximum_bytes
        if max(out.size, error.size) > cap:
            return Failure("limit", f"{command.id}: more than {cap} bytes of output")
        code = int(out.word) if out.word.isdecimal() and len(out.word) < 4 else -1
        return CommandOutput(decode(bytes(out.kept), cap), decode(bytes(error.kept)), code)

    def _size(self) -> int:
        """Bytes that came of the command it is at."""
        return sum(
            sections.open_bytes if len(sections.ended) == self._done + 1 else 0
            for sections in (self._out, self._error)
        )

    def _failure(self, ended: bool, guard: Guard) -> Failure | None:
        command = self._commands[self._done]
        cap = command.maximum_bytes
        for sections in (self._out, self._error):
            if len(sections.ended) == self._done + 1 and sections.current.size > cap:
                return Failure("limit", f"{command.id}: more than {cap} bytes of output")
        if ended and not self._more and self.broken:
            return Failure(guard.tripped or "protocol", f"{command.id}: the connection ended")
        if time.monotonic() >= self.deadline:
            return Failure("deadline", f"{command.id}: not done in time, {self._size()} bytes came")
        return None
