"""SSH hosts that play sessions: what each command prints is given, how it comes, and as which shell.

A real server on loopback (soc/demo/ssh_server.py). What a command is not given a reply for ends as the
shell ends what it does not know; the commands that tell the platform are answered by the shell.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko
import pytest

from soc.collect.declare import Fetch, SshCommand
from soc.collect.load import load_collectors
from soc.collect.port import Job, ResolvedCredential
from soc.collect.ssh.frame import unframed
from soc.collect.ssh.platform import DETECT, DETECT_WINDOWS, DETECTIONS
from soc.demo.keys import authorized_key, write_keys
from soc.demo.ssh_server import SshHost, SshServer, first_line
from soc.model import Device

_WINDOWS_VERSION = "\r\nMicrosoft Windows [Version 10.0.20348.2322]\r\n"


@dataclass(frozen=True, slots=True)
class Reply:
    """How one command goes. Text is sent as UTF-8."""

    stdout: str | bytes = b""
    stderr: str | bytes = b""
    exit_code: int | None = 0  # None = the server gives none
    delay_seconds: float = 0.0  # before the first byte
    dribble_seconds: float = 0.0  # after each byte of stdout
    repeat: int = 1  # stdout, so many times
    half_close: bool = False  # the end of output is told, the channel stays open
    break_off: bool = False  # the connection ends after stdout


# With a function: what the client wrote to standard input up to the first newline -> how it goes.
Script = Reply | str | bytes | Callable[[str], Reply]


@dataclass(frozen=True, slots=True)
class Shell:
    """A login shell: what it says of a command that it does not know ({0} = its first word)."""

    unknown: Reply
    detect: Reply
    detect_windows: Reply | None = None
    banner: str = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2"


def _posix(unknown: str, system: str, banner: str = "SSH-2.0-OpenSSH_9.2p1") -> Shell:
    return Shell(Reply(stderr=unknown, exit_code=127), Reply(f"{system}\n"), banner=banner)


_UNKNOWN_TO_POWERSHELL = (
    "{0} : The term '{0}' is not recognized as the name of a cmdlet, function, script file, or operable\r\n"
    "program. Check the spelling of the name, or if a path was included, verify that the path is correct\r\n"
    "and try again.\r\nAt line:1 char:1\r\n"
    "    + CategoryInfo          : ObjectNotFound: ({0}:String) [], CommandNotFoundException\r\n"
)
_NO_OR = (
    "At line:1 char:10\r\n+ uname -s || ver\r\n+          ~~\r\n"
    "The token '||' is not a valid statement separator in this version.\r\n"
    "    + CategoryInfo          : ParserError: (:) [], ParentContainsErrorRecordException\r\n"
)
_ON_WINDOWS = "SSH-2.0-OpenSSH_for_Windows_8.1"
SHELLS = {
    "bash": _posix("bash: line 1: {0}: command not found\n", "Linux"),
    "ash": _posix("sh: {0}: not found\n", "Linux", "SSH-2.0-dropbear_2022.83"),
    "zsh": _posix("zsh:1: command not found: {0}\n", "Darwin"),
    "git-bash": _posix("bash: line 1: {0}: command not found\n", "MINGW64_NT-10.0-20348", _ON_WINDOWS),
    "cmd": Shell(
        Reply(
            stderr="'{0}' is not recognized as an internal or external command,\r\n"
            "operable program or batch file.\r\n",
            exit_code=1,
        ),
        Reply(_WINDOWS_VERSION, "'uname' is not recognized as an internal or external command,\r\n"),
        Reply(_WINDOWS_VERSION),
        _ON_WINDOWS,
    ),
    "powershell": Shell(
        Reply(stderr=_UNKNOWN_TO_POWERSHELL, exit_code=1),
        Reply(stderr=_NO_OR, exit_code=1),
        Reply(_WINDOWS_VERSION),
        _ON_WINDOWS,
    ),
    "pwsh": Shell(
        Reply(stderr="{0}: The term '{0}' is not recognized as a name of a cmdlet.\r\n", exit_code=1),
        Reply(stderr="uname: The term 'uname' is not recognized as a name of a cmdlet.\r\n", exit_code=1),
        Reply(_WINDOWS_VERSION),
        _ON_WINDOWS,
    ),
    # A switch's command line: everything is answered, nothing is a platform.
    "appliance": Shell(Reply("% Invalid input detected at '^' marker.\r\n"), Reply("% Invalid input\r\n")),
}


@dataclass
class ScriptedHost:
    """What one host plays. `replies` are by the command's exact text or its id (SshCommand.id).

    `ran` lists the texts of the commands that came, in order.
    """

    replies: Mapping[str, Script] = field(default_factory=dict)
    shell: str = "bash"  # one of SHELLS
    noise: str | bytes = b""  # of the account's start files, before what each command prints
    ran: list[str] = field(default_factory=list)
    _ids: dict[str, str] = field(default_factory=dict)  # of commands, by their text

    def know(self, *commands: SshCommand) -> None:
        """Answer these, too, by their ids."""
        self._ids.update((command.command, command.id) for command in commands)

    def talk(self, channel: paramiko.Channel, command: bytes, _: float) -> None:
        text = command.decode("utf-8", "replace")
        line = first_line(channel)  # before it the client may not have heard that the command runs
        channel.sendall(_bytes(self.noise))
        commands = unframed(text)
        if not commands:
            self._play(channel, text, line)
            return
        _bound(channel, line, "-")
        for item in commands:
            code = self._play(channel, item, "", framed=True)
            if code is None:
                return
            _bound(channel, line, str(code))
        channel.send_exit_status(0)

    def _play(self, channel: paramiko.Channel, text: str, line: str, *, framed: bool = False) -> int | None:
        """The exit code; None where the channel ended without one."""
        self.ran.append(text)
        script = self._script(text)
        if callable(script):
            script = script(line)
        reply = script if isinstance(script, Reply) else Reply(script)
        time.sleep(reply.delay_seconds)
        for _ in range(reply.repeat):
            _send(channel, _bytes(reply.stdout), reply.dribble_seconds)
        channel.sendall_stderr(_bytes(reply.stderr))
        if reply.break_off:
            channel.get_transport().close()
            return None
        if reply.half_close:
            channel.shutdown_write()
            while not channel.closed and channel.get_transport().is_active():
                time.sleep(0.02)
            return None
        if reply.exit_code is not None and not framed:
            channel.send_exit_status(reply.exit_code)
        return reply.exit_code

    def _script(self, text: str) -> Script:
        found = self.replies.get(text)
        if found is None:
            found = self.replies.get(self._ids.get(text, ""))
        if found is not None:
            return found
        shell = SHELLS[self.shell]
        if text == DETECT.command:
            return shell.detect
        if text == DETECT_WINDOWS.command and shell.detect_windows:
            return shell.detect_windows
        word = next(iter(re.findall(r"[\w./-]+", text)), "")
        unknown = shell.unknown
        stderr = unknown.stderr.replace("{0}", word) if isinstance(unknown.stderr, str) else unknown.stderr
        return Reply(unknown.stdout, stderr, unknown.exit_code)


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


def _send(channel: paramiko.Channel, data: bytes, dribble_seconds: float) -> None:
    if not dribble_seconds:
        channel.sendall(data)
        return
    for place in range(len(data)):
        channel.sendall(data[place : place + 1])
        time.sleep(dribble_seconds)


def _bound(channel: paramiko.Channel, boundary: str, word: str) -> None:
    """What the frame around several commands writes between them (soc/collect/ssh/frame.py)."""
    channel.sendall(f"\n{boundary} {word}\n".encode())
    channel.sendall_stderr(f"\n{boundary} -\n".encode())


class ScriptedServer:
    """Hosts by name, each on an endpoint of its own; `job` and `inventory` say how to reach them."""

    def __init__(self, directory: Path, hosts: Mapping[str, ScriptedHost]) -> None:
        self.hosts = hosts
        keys = directory / "ssh"
        addresses = {name: f"127.0.23.{number}" for number, name in enumerate(hosts, start=1)}
        write_keys(keys, [(name, (address, 0)) for name, address in addresses.items()])
        shipped = [fetch for item in load_collectors() for fetch in item.fetches.values()]
        for host in hosts.values():
            host.know(*DETECTIONS, *(fetch for fetch in shipped if isinstance(fetch, SshCommand)))
        self._server = SshServer(
            {
                (addresses[name], 0): SshHost(
                    paramiko.Ed25519Key.from_private_key_file(str(keys / "host_keys" / name)),
                    host.talk,
                    lambda _: False,
                    SHELLS[host.shell].banner,
                )
                for name, host in hosts.items()
            },
            authorized_key(keys),
            time.time,
        )
        self.endpoints = dict(zip(hosts, self._server.endpoints, strict=True))
        self.client_key = keys / "id_ed25519"
        self.known_hosts = keys / "known_hosts"
        lines = self.known_hosts.read_text().splitlines()
        ports = [port for _, port in self.endpoints.values()]
        known = [line.replace("]:0 ", f"]:{port} ") for line, port in zip(lines, ports, strict=True)]
        self.known_hosts.write_text("\n".join([*known, ""]))
        read, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._server.serve, args=(read,), daemon=True)
        self._thread.start()

    def credential(self, name: str = "ops") -> ResolvedCredential:
        settings = {"user": "soc", "key_file": str(self.client_key), "known_hosts": str(self.known_hosts)}
        return ResolvedCredential(name, "ssh", settings)

    def device(self, name: str, tower: str = "hosting", **options: Any) -> Device:
        address, port = self.endpoints[name]
        return Device(name, tower, (address,), options={"ssh": {"port": port, **options}})

    def job(self, name: str, *fetches: Fetch, **changes: Any) -> Job:
        changes.setdefault("device", self.device(name))
        return Job(credentials=(self.credential(),), fetches=fetches, **changes)

    def inventory(self, tower: str = "hosting") -> str:
        """An inventory of all the hosts."""
        devices = "".join(
            f"  - {{name: {name}, address: {address}, tower: {tower}, credentials: [ops],"
            f" ssh: {{port: {port}}}}}\n"
            for name, (address, port) in self.endpoints.items()
        )
        return (
            f"version: 1\ncredentials: {{ops: {{ssh: {{user: soc, key_file: {self.client_key},"
            f" known_hosts: {self.known_hosts}}}}}}}\ndevices:\n{devices}"
        )

    def close(self) -> None:
        os.write(self._stop, b"x")
        self._thread.join(10)
        self._server.close()


@pytest.fixture(scope="module")
def play_hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., ScriptedServer]]:
    """Starts a server of the given hosts (name=ScriptedHost(…)); ended after the module's tests."""
    servers: list[ScriptedServer] = []

    def start(hosts: Mapping[str, ScriptedHost] | None = None, **more: ScriptedHost) -> ScriptedServer:
        server = ScriptedServer(tmp_path_factory.mktemp("scripted"), {**(hosts or {}), **more})
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.close()
