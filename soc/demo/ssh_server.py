"""A scripted SSH server: many hosts in one process, each on its own endpoint with its own host key.

Public-key authentication only; a command is answered from the host's state, nothing is run.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)

from soc.collect.declare import CommandOutput
from soc.collect.ssh.frame import unframed
from soc.demo.serve import Endpoint

MAXIMUM_SESSIONS = 128  # at a time, over all hosts
_BACKLOG = 64
_SESSION_SECONDS = 120.0
_INPUT_SECONDS = 10.0
_MAXIMUM_INPUT_BYTES = 4096
_LIVENESS_SECONDS = 0.5  # how soon a host that dies or comes back does so


class Host(Protocol):
    """What answers commands as a whole: `line` is the first line of standard input, "" without one."""

    def run(self, command: str, line: str, time: float) -> CommandOutput: ...


# Has the channel of an exec request to itself, with the command and the time (UTC seconds).
Talk = Callable[[paramiko.Channel, bytes, float], None]


@dataclass(frozen=True, slots=True)
class SshHost:
    """One host: its key, how it answers commands, when it is silent, and how it introduces itself."""

    key: paramiko.PKey
    talk: Talk
    silent: Callable[[float], bool]
    banner: str = ""  # an identification string (RFC 4253 section 4.2), "" = the library's own


def first_line(channel: paramiko.Channel) -> str:
    """What the client writes to the command's standard input up to the first newline."""
    given = b""
    while b"\n" not in given and len(given) < _MAXIMUM_INPUT_BYTES:
        data = channel.recv(_MAXIMUM_INPUT_BYTES)
        if not data:
            break
        given += data
    return given.split(b"\n", 1)[0].decode("utf-8", "replace")


def answering(host: Host) -> Talk:
    """Gives each command's whole output at once."""

    def talk(channel: paramiko.Channel, command: bytes, time: float) -> None:
        text, line = command.decode("utf-8", "replace"), first_line(channel)
        if commands := unframed(text):
            output = _framed([host.run(item, "", time) for item in commands], line)
        else:
            output = host.run(text, line, time)
        channel.sendall(output.stdout.encode())
        channel.sendall_stderr(output.stderr.encode())
        channel.send_exit_status(output.exit_code)

    return talk


def _framed(outputs: list[CommandOutput], boundary: str) -> CommandOutput:
    """What a shell writes that runs several commands in their frame."""
    begin = f"\n{boundary} -\n"
    out = "".join(f"{output.stdout}\n{boundary} {output.exit_code}\n" for output in outputs)
    return CommandOutput(begin + out, begin + "".join(output.stderr + begin for output in outputs), 0)


class _Session(paramiko.ServerInterface):
    """Who may log in, and what becomes of an exec request."""

    def __init__(self, talk: Talk, authorized: bytes, now: Callable[[], float]) -> None:
        self._talk = talk
        self._authorized = authorized
        self._now = now

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:  # noqa: ARG002
        accepted = key.asbytes() == self._authorized
        return AUTH_SUCCESSFUL if accepted else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002
        if kind == "session":
            return OPEN_SUCCEEDED
        return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        threading.Thread(target=self._run, args=(channel, command), daemon=True).start()
        return True

    def _run(self, channel: paramiko.Channel, command: bytes) -> None:
        # The client may leave at any moment.
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException), channel:
            channel.settimeout(_INPUT_SECONDS)
            self._talk(channel, command, self._now())


class _Listener:
    """One host's listening socket; in silence its full queue lets the kernel drop every new packet."""

    def __init__(self, endpoint: Endpoint, host: SshHost) -> None:
        self.host = host
        self.silent = False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._fillers: list[socket.socket] = []
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind(endpoint)
            self.socket.setblocking(False)
            self.socket.listen(_BACKLOG)
        except OSError:
            self.socket.close()
            raise

    def fall_silent(self) -> None:
        self.silent = True
        self.socket.listen(0)
        for _ in range(2):
            filler = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            filler.setblocking(False)
            filler.connect_ex(self.socket.getsockname())
            self._fillers.append(filler)

    def wake(self) -> None:
        self.silent = False
        self._close_fillers()
        self.socket.listen(_BACKLOG)

    def _close_fillers(self) -> None:
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()

    def close(self) -> None:
        self._close_fillers()
        self.socket.close()


class SshServer:
    """Scripted hosts by endpoint. Raises OSError when one cannot be bound."""

    def __init__(
        self, hosts: Mapping[Endpoint, SshHost], authorized: bytes, now: Callable[[], float]
    ) -> None:
        self._authorized = authorized
        self._now = now
        self._slots = threading.BoundedSemaphore(MAXIMUM_SESSIONS)
        self._listeners: list[_Listener] = []
        try:
            for endpoint, host in hosts.items():
                self._listeners.append(_Listener(endpoint, host))
        except OSError:
            self.close()
            raise
        self._selector = selectors.DefaultSelector()
        for listener in self._listeners:
            self._selector.register(listener.socket, selectors.EVENT_READ, listener)
        self._update_silence()

    @property
    def endpoints(self) -> list[Endpoint]:
        return [listener.socket.getsockname() for listener in self._listeners]

    def serve(self, stop_descriptor: int) -> None:
        """Accept until `stop_descriptor` is readable or at its end."""
        self._selector.register(stop_descriptor, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select(_LIVENESS_SECONDS):
                if key.fd == stop_descriptor:
                    self._selector.unregister(stop_descriptor)
                    return
                self._accept(key.data)
            self._update_silence()

    def _update_silence(self) -> None:
        time = self._now()
        for listener in self._listeners:
            silent = listener.host.silent(time)
            if silent and not listener.silent:
                self._selector.unregister(listener.socket)
                listener.fall_silent()
            elif listener.silent and not silent:
                listener.wake()
                self._selector.register(listener.socket, selectors.EVENT_READ, listener)

    def _accept(self, listener: _Listener) -> None:
        try:
            connection, _ = listener.socket.accept()
        except OSError:
            return
        if not self._slots.acquire(blocking=False):
            connection.close()
            return
        threading.Thread(target=self._session, args=(connection, listener.host), daemon=True).start()

    def _session(self, connection: socket.socket, host: SshHost) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            transport = paramiko.Transport(connection)
            try:
                transport.local_version = host.banner or transport.local_version
                transport.add_server_key(host.key)
                transport.start_server(server=_Session(host.talk, self._authorized, self._now))
                transport.join(_SESSION_SECONDS)
            finally:
                transport.close()
        except (OSError, EOFError, paramiko.SSHException):
            connection.close()
        finally:
            self._slots.release()

    def close(self) -> None:
        for listener in self._listeners:
            listener.close()
