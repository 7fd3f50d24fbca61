"""The SSH transport against peers that stall, babble or break off, in every phase."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import paramiko
import pytest

from soc.collect.declare import SshCommand
from soc.collect.port import Answer, Job, ResolvedCredential
from soc.collect.ssh.known_hosts import fingerprint
from soc.collect.ssh.limits import Limits
from soc.collect.ssh.transport import SshTransport
from soc.model import Device

HELLO = SshCommand("hello", "echo hello")
CREDENTIAL = ResolvedCredential("ops", "ssh", {"user": "soc", "password": "hunter2"})

Peer = Callable[[socket.socket], None]


@pytest.fixture
def serve() -> Iterator[Callable[[Peer], int]]:
    """Serve each connection on a free port by a function in a thread; returns the port."""
    listeners: list[socket.socket] = []

    def accept(listener: socket.socket, peer: Peer) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=handle, args=(connection, peer), daemon=True).start()

    def handle(connection: socket.socket, peer: Peer) -> None:
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            peer(connection)
        connection.close()

    def start(peer: Peer) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=accept, args=(listener, peer), daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    for listener in listeners:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _ask(port: int, *, fetch: SshCommand = HELLO, pin: str = "SHA256:x", **limits: Any) -> Answer:
    device = Device("host", "hosting", ("127.0.0.1",), options={"ssh": {"port": port, "fingerprint": pin}})
    answers: list[Answer] = []
    limits = {"handshake_seconds": 2.0, "attempts": 1, **limits}
    SshTransport(Limits(**limits)).run(
        [Job(device, (CREDENTIAL,), (fetch,))], answers.append, time.monotonic() + 20
    )
    (answer,) = answers
    assert answer.failure is None or "hunter2" not in answer.failure.detail
    return answer


def _silence(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def _dribble(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"x")
        time.sleep(0.05)


def _babble(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"x" * 65536)


def _penalise(connection: socket.socket) -> None:
    connection.sendall(b"Not allowed at this time\r\n")


def _banner_only(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-tarpit\r\n")
    _silence(connection)


def _another_protocol(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def _old_protocol(connection: socket.socket) -> None:
    connection.sendall(b"SSH-1.5-ancient\r\n")
    _silence(connection)


def _no_text(connection: socket.socket) -> None:
    connection.sendall(b"\xff\xfe\xfd\r\n" * 3)
    _silence(connection)


def _huge_packet(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-x\r\n" + b"\xff\xff\xff\xf4" + b"\0" * (2 << 20))
    _silence(connection)


def _no_key_exchange(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-x\r\n\0\0\0\x0c\x0a\x14" + b"\0" * 10)
    _silence(connection)


@pytest.mark.parametrize(
    ("peer", "reason", "phase", "answered"),
    [
        (_silence, "timeout", "banner", False),
        (lambda _: None, "protocol", "banner", False),
        (_dribble, "timeout", "banner", True),
        (_babble, "limit", "banner", True),
        (_penalise, "refused", "banner", True),
        (_banner_only, "timeout", "key exchange", True),
        (_another_protocol, "protocol", "banner", True),
        (_old_protocol, "protocol", "key exchange", True),
        (_no_text, "protocol", "banner", True),
        (_huge_packet, "limit", "key exchange", True),
        (_no_key_exchange, "protocol", "key exchange", True),
    ],
)
def test_no_session_is_had(serve, peer: Peer, reason: str, phase: str, answered: bool) -> None:
    """Each way not to become an SSH session has its reason and phase, and only bytes count as an answer."""
    # Only those that stall make us wait for all of it.
    answer = _ask(serve(peer), handshake_seconds=0.7 if reason == "timeout" else 10.0)
    assert answer.failure is not None
    assert (answer.failure.reason, answer.answered) == (reason, answered)
    assert answer.failure.detail.isprintable()
    assert answer.failure.detail.startswith(f"{phase}: ")
    assert not answer.values


def test_server_that_always_drops_us(serve) -> None:
    """It is tried as often as a busy one only once: the next contact knows better."""
    connections: list[int] = []
    port = serve(lambda _: connections.append(1))
    device = Device("host", "hosting", ("127.0.0.1",), options={"ssh": {"port": port}})
    hints: dict[str, Any] = {}
    for expected in (5, 7, 9):
        answers: list[Answer] = []
        SshTransport(Limits(attempts=5, retry_seconds=0.01)).run(
            [Job(device, (CREDENTIAL,), (HELLO,), hints=hints)], answers.append, time.monotonic() + 20
        )
        assert len(connections) == expected
        hints |= answers[0].hints
    assert hints == {"dropped": True}


def test_refused_port_is_no_answer() -> None:
    """A port where nobody listens is "refused"."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    answer = _ask(port)
    assert answer.failure is not None
    assert (answer.failure.reason, answer.answered) == ("refused", False)


def test_full_backlog_times_out() -> None:
    """A host that drops our packets costs the connect timeout, no more."""
    with socket.socket() as listener, contextlib.ExitStack() as fillers:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            filler = fillers.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        answer = _ask(listener.getsockname()[1], connect_seconds=0.5)
    assert answer.failure is not None
    assert (answer.failure.reason, answer.answered) == ("timeout", False)


def test_name_without_address() -> None:
    """A name that does not resolve is "resolve"; one that is no name at all as well."""
    for name in ("no-such-host.invalid", "a..b", "x" * 300):
        device = Device("host", "hosting", (name,))
        answers: list[Answer] = []
        SshTransport().run([Job(device, (CREDENTIAL,), (HELLO,))], answers.append, time.monotonic() + 20)
        assert answers[0].failure is not None
        assert answers[0].failure.reason == "resolve"


class _Server(paramiko.ServerInterface):
    """Accepts everybody, then behaves as its mode says."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.channels = 0

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def get_banner(self) -> tuple[str | None, str | None]:
        return ("x" * 2_000_000, "en") if self.mode == "talks before the login" else (None, None)

    def check_auth_password(self, username: str, password: str) -> int:
        if self.mode == "stalls at authentication":
            time.sleep(3)
        return paramiko.common.AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        if self.mode == "opens no channel":
            return paramiko.common.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        return paramiko.common.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        threading.Thread(target=self._answer, args=(channel, command), daemon=True).start()
        return self.mode != "runs nothing"

    def _answer(self, channel: paramiko.Channel, command: bytes) -> None:
        time.sleep(0.1)  # after the reply to the request
        with contextlib.suppress(OSError, EOFError):
            self._speak(channel, command)

    def _speak(self, channel: paramiko.Channel, command: bytes) -> None:
        if command.startswith(b"uname"):
            channel.sendall(b"Welcome!\r\nLinux\n")
            channel.send_exit_status(0)
            channel.close()
        elif self.mode == "gives no exit status":
            channel.sendall(b"hello\n")
            channel.close()
        elif self.mode == "half closes":
            channel.sendall(b"hello\n")
            channel.shutdown_write()
        elif self.mode == "dribbles":
            while True:
                channel.sendall(b"x")
                time.sleep(0.02)
        elif self.mode == "writes without end":
            while True:
                channel.sendall(b"x" * 65536)
        elif self.mode == "writes errors without end":
            while True:
                channel.sendall_stderr(b"x" * 65536)
        elif self.mode == "says nothing at length":
            while channel.get_transport().is_active():  # it would go on to nobody
                channel.get_transport().send_ignore(30_000)
        elif self.mode == "asks us":
            for _ in range(1000):
                channel.get_transport().global_request("tcpip-forward@example.org", wait=False)
            channel.sendall(b"hello\n")
            channel.send_exit_status(0)
            channel.close()
        elif self.mode == "ends at once":
            channel.close()
        elif self.mode == "closes and stays":
            channel.sendall(b"hello\n")
            channel.send_exit_status(0)
            channel.shutdown_write()
        elif self.mode == "breaks off":
            channel.sendall(b"hel")
            channel.get_transport().close()


@pytest.fixture(scope="module")
def host_key() -> paramiko.PKey:
    """A key for servers of our own."""
    return paramiko.RSAKey.generate(2048)


@pytest.fixture
def server(serve, host_key: paramiko.PKey) -> Callable[[str], tuple[int, str]]:
    """An SSH server that misbehaves in the given way; returns its port and fingerprint."""

    def start(mode: str) -> tuple[int, str]:
        def peer(connection: socket.socket) -> None:
            transport = paramiko.Transport(connection)
            transport.add_server_key(host_key)
            transport.start_server(server=_Server(mode))
            transport.join(15)

        return serve(peer), fingerprint(host_key.asbytes())

    return start


class _Listening(paramiko.Transport):
    """A server's side that notes what comes after its host key was shown."""

    heard: ClassVar[list[str]] = []

    def _parse_newkeys(self, m: paramiko.Message) -> None:
        self.heard.append("NEWKEYS")
        super()._parse_newkeys(m)

    def _activate_inbound(self) -> None:
        self.heard.append("encrypted")
        super()._activate_inbound()


@pytest.mark.parametrize("trusted", [False, True])
def test_nothing_is_sent_after_a_changed_host_key(serve, host_key: paramiko.PKey, trusted: bool) -> None:
    """Not even that the keys are taken: the connection ends where the host showed its key."""
    ended = threading.Event()

    def peer(connection: socket.socket) -> None:
        transport = _Listening(connection)
        transport.add_server_key(host_key)
        transport.start_server(event=threading.Event(), server=_Server(""))
        transport.join(20)
        ended.set()

    _Listening.heard.clear()
    pin = fingerprint(host_key.asbytes()) if trusted else "SHA256:" + "A" * 43
    answer = _ask(serve(peer), pin=pin, handshake_seconds=10, command_seconds=0.3)
    assert ended.wait(20)
    if trusted:
        assert _Listening.heard == ["NEWKEYS", "encrypted"]
    else:
        assert answer.failure is not None
        assert answer.failure.reason == "host-key-changed"
        assert answer.refused_credentials == ()
        assert not answer.executions
        assert _Listening.heard == []


def test_stall_at_authentication(server) -> None:
    """A peer that never judges the login is a "timeout", not a refusal."""
    port, pin = server("stalls at authentication")
    answer = _ask(port, pin=pin, authentication_seconds=0.5, handshake_seconds=10)
    assert answer.failure is not None
    assert (answer.failure.reason, answer.answered) == ("timeout", True)
    assert answer.refused_credentials == ()


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("opens no channel", "command"),
        ("runs nothing", "command"),
        ("half closes", "deadline"),
    ],
)
def test_command_that_cannot_run(server, mode: str, reason: str) -> None:
    """The host answers, but its commands fail with a reason."""
    port, pin = server(mode)
    seconds = 1.0 if reason == "deadline" else 10.0
    answer = _ask(port, pin=pin, handshake_seconds=10, command_seconds=seconds)
    failure = answer.failures.get(HELLO) or answer.failure
    assert failure is not None
    assert (failure.reason, answer.answered) == (reason, True)


def test_refused_channels_say_nothing_of_the_shell(server) -> None:
    """All that was due fails, and batches are tried the next time as well."""
    port, pin = server("opens no channel")
    device = Device("host", "hosting", ("127.0.0.1",), options={"ssh": {"port": port, "fingerprint": pin}})
    fetches = (HELLO, SshCommand("second", "echo 2"))
    answers: list[Answer] = []
    SshTransport().run(
        [Job(device, (CREDENTIAL,), fetches, hints={"platform": "linux"})],
        answers.append,
        time.monotonic() + 30,
    )
    assert {failure.reason for failure in answers[0].failures.values()} == {"command"}
    assert set(answers[0].failures) == set(fetches)
    assert "unframed" not in answers[0].hints


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("dribbles", "deadline"),
        ("writes without end", "limit"),
        ("writes errors without end", "limit"),
        ("says nothing at length", "limit"),
    ],
)
@pytest.mark.parametrize("batched", [False, True])
def test_output_without_end(server, mode: str, reason: str, batched: bool) -> None:
    """Time and bytes are bounded whatever comes, and how; each command has its failure."""
    port, pin = server(mode)
    fetches = (HELLO, SshCommand("second", "echo 2")) if batched else (HELLO,)
    device = Device("host", "hosting", ("127.0.0.1",), options={"ssh": {"port": port, "fingerprint": pin}})
    job = Job(device, (CREDENTIAL,), fetches, hints={"platform": "linux"})
    answers: list[Answer] = []
    begun = time.monotonic()
    SshTransport(Limits(command_seconds=1.0, session_seconds=10.0)).run([job], answers.append, begun + 30)
    assert time.monotonic() - begun < 25
    (answer,) = answers
    reasons = {failure.reason for failure in answer.failures.values()}
    assert not answer.values
    assert set(answer.failures) == set(fetches)
    assert reason in reasons


def test_too_long_a_speech_before_the_login(server) -> None:
    """A banner of megabytes ends the session; no password was judged."""
    port, pin = server("talks before the login")
    answer = _ask(port, pin=pin, handshake_seconds=10)
    assert answer.failure is not None
    assert (answer.failure.reason, answer.failure.detail) == ("limit", "authentication: too many bytes")
    assert answer.refused_credentials == ()


def test_server_that_asks_us(server) -> None:
    """Its requests are refused, its answer is taken."""
    port, pin = server("asks us")
    assert _ask(port, pin=pin, handshake_seconds=10).values[HELLO].stdout == "hello\n"


@pytest.mark.parametrize(("mode", "text"), [("ends at once", ""), ("closes and stays", "hello\n")])
def test_channels_that_end_in_odd_ways(server, mode: str, text: str) -> None:
    """Without a word, or half: what was said is the answer."""
    port, pin = server(mode)
    assert _ask(port, pin=pin, handshake_seconds=10).values[HELLO].stdout == text


def test_missing_exit_status_is_minus_one(server) -> None:
    """Old devices end a command without a status; noise before the platform's name is passed over."""
    port, pin = server("gives no exit status")
    output = _ask(port, pin=pin, handshake_seconds=10).values[HELLO]
    assert (output.stdout, output.exit_code) == ("hello\n", -1)


def test_connection_lost_in_a_command(server) -> None:
    """Half an output is a failure, not a short answer."""
    port, pin = server("breaks off")
    answer = _ask(port, pin=pin, handshake_seconds=10)
    assert answer.failures[HELLO].reason == "protocol"


def test_no_thread_stays_behind(serve) -> None:
    """Sessions that never come about leave neither reader nor timer threads."""
    before = set(threading.enumerate())
    for peer in (_silence, _banner_only):
        _ask(serve(peer), handshake_seconds=0.3)
    ours = [
        thread
        for thread in set(threading.enumerate()) - before
        if isinstance(thread, paramiko.Transport | threading.Timer)
    ]
    for thread in ours:
        thread.join(5)
    assert not any(thread.is_alive() for thread in ours)


def test_other_hosts_are_not_delayed(serve, sshd) -> None:
    """Twenty peers that hang take nothing from the host that works."""
    port = serve(_silence)
    jobs = [
        Job(
            Device(f"dead-{number}", "hosting", ("127.0.0.1",), options={"ssh": {"port": port}}),
            (CREDENTIAL,),
            (HELLO,),
        )
        for number in range(20)
    ]
    order: list[str] = []
    SshTransport(Limits(handshake_seconds=1.0, attempts=1)).run(
        [*jobs, sshd.job(HELLO)], lambda answer: order.append(answer.job.device.name), time.monotonic() + 30
    )
    assert order[0] == "host"
    assert len(order) == 21


def test_no_secret_in_any_representation(tmp_path: Path) -> None:
    """Neither credentials nor logins show what they hold."""
    from soc.collect.ssh.trust import Trust

    assert "hunter2" not in f"{CREDENTIAL!r}{Trust().login(CREDENTIAL)!r}"
