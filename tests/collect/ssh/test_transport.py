"""The SSH transport against a real sshd."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from soc.collect.declare import CommandOutput, SshCommand
from soc.collect.port import Answer, Failure, Job
from soc.collect.ssh.limits import Limits
from soc.collect.ssh.platform import DETECT
from soc.collect.ssh.transport import SshTransport
from soc.model import Device

Ask = Callable[..., Answer]
HELLO = SshCommand("hello", "echo hello; echo oops >&2; exit 3", exit_codes=(3,))


def _key(path: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    quick = ["-a", "1", *(["-b", "2048"] if kind == "rsa" else [])]
    subprocess.run(["ssh-keygen", "-q", "-t", kind, *quick, "-N", passphrase, "-f", path], check=True)
    return path


def test_commands_run_and_the_platform_is_remembered(sshd, ask: Ask) -> None:
    """Output, error text and exit code come back; the platform is a hint for the next time."""
    answer = ask(sshd.job(HELLO))
    assert (answer.answered, answer.failure, answer.credential) == (True, None, "ops")
    assert answer.values == {HELLO: CommandOutput("hello\n", "oops\n", 3)}
    assert answer.hints == {"platform": "linux"}


def test_remembered_platform_saves_the_detection(sshd, ask: Ask) -> None:
    """With the hint the detection command is not run again."""
    before = sshd.log.read_text().count("Starting session")
    assert ask(sshd.job(HELLO, hints={"platform": "linux"})).values
    assert sshd.log.read_text().count("Starting session") == before + 1


def test_commands_of_other_platforms_are_left_out(sshd, ask: Ask) -> None:
    """They are neither values nor failures."""
    other = SshCommand("other", "Get-ComputerInfo", platforms=("windows",))
    answer = ask(sshd.job(HELLO, other))
    assert set(answer.values) == {HELLO}
    assert not answer.failures


def test_wrongly_remembered_platform_is_forgotten(sshd, ask: Ask) -> None:
    """When nothing works any more, the platform is looked for again the next time."""
    command = SshCommand("gone", "exit 1", platforms=("macos",))
    assert ask(sshd.job(command, hints={"platform": "macos"})).hints == {"platform": ""}


def test_cursor_comes_on_standard_input(sshd, ask: Ask) -> None:
    """A stream's last cursor is one line of input, an empty one at first; others read end of file."""
    stream = SshCommand("stream", 'read -r line; echo "[$line]"; cat', stream="auth")
    plain = SshCommand("plain", "cat; echo end")
    values = ask(sshd.job(stream, plain, cursors={"auth": "12:34 $(x)"})).values
    assert [values[stream].stdout, values[plain].stdout] == ["[12:34 $(x)]\n", "end\n"]
    assert ask(sshd.job(stream)).values[stream].stdout == "[]\n"


def test_hanging_command_delays_no_other(sshd, ask: Ask) -> None:
    """It fails with "deadline"; the commands beside and behind it have their answers."""
    hanging = SshCommand("hanging", "sleep 60")
    others = [SshCommand(f"other-{number}", f"echo {number}") for number in range(12)]
    answer = ask(sshd.job(hanging, *others), command_seconds=1.0)
    assert answer.failures[hanging].reason == "deadline"
    assert [answer.values[other].stdout for other in others] == [f"{number}\n" for number in range(12)]


def test_dribbling_command_is_cut(sshd, ask: Ask) -> None:
    """Output that keeps coming does not extend the deadline."""
    dribbling = SshCommand("dribbling", "while sleep 0.1; do echo; done")
    answer = ask(sshd.job(dribbling), command_seconds=1.0)
    assert answer.failures[dribbling].reason == "deadline"
    assert answer.duration_seconds < 10


def test_session_deadline_ends_everything(sshd, ask: Ask) -> None:
    """The total deadline cuts what still runs and what was not begun; what came before it stays."""
    quick = SshCommand("quick", "echo quick")
    hanging = [SshCommand(f"hanging-{number}", "sleep 60") for number in range(6)]
    answer = ask(sshd.job(quick, *hanging), session_seconds=1.5)
    assert answer.values[quick].stdout == "quick\n"
    assert {answer.failures[command].reason for command in hanging} == {"deadline"}


@pytest.mark.parametrize("redirect", ["", " >&2"])
def test_gigabyte_output_is_cut_at_the_cap(sshd, ask: Ask, redirect: str) -> None:
    """Too much on either channel is a failure "limit", which the others survive."""
    flood = SshCommand("flood", f"head -c 1000000000 /dev/zero{redirect}", maximum_bytes=10_000)
    after = SshCommand("after", "sleep 0.2; echo after")
    answer = ask(sshd.job(flood, after))
    assert answer.failures[flood].reason == "limit"
    assert answer.values[after].stdout == "after\n"
    assert answer.counts == {"limit": 1}


def test_stream_over_the_cap_is_truncated(sshd, ask: Ask) -> None:
    """A pull resumes where it was cut, so what came counts."""
    stream = SshCommand("stream", "seq 1000000", stream="auth", maximum_bytes=10_000)
    output = ask(sshd.job(stream)).values[stream]
    assert output.truncated
    assert len(output.stdout) == 10_000
    assert output.stdout.startswith("1\n2\n")


def test_binary_output_is_decoded_with_replacement(sshd, ask: Ask) -> None:
    """Bytes that are no UTF-8 harm nothing."""
    command = SshCommand("binary", r"printf 'a\377b\n'")
    assert ask(sshd.job(command)).values[command].stdout == "a\ufffdb\n"


def test_fewer_sessions_on_a_connection_than_we_like(start_sshd, ask: Ask) -> None:
    """With sshd's MaxSessions at 1 the commands run one after the other."""
    host = start_sshd("MaxSessions 1\n")
    commands = [SshCommand(f"c{number}", f"sleep 0.1; echo {number}") for number in range(5)]
    answer = ask(host.job(*commands))
    assert [answer.values[command].stdout for command in commands] == [f"{n}\n" for n in range(5)]


def test_wrong_key_is_refused_by_name(sshd, ask: Ask, tmp_path: Path) -> None:
    """An authentication refusal is an answer, and names the credential that was refused."""
    wrong = sshd.credential("wrong", key_file=str(_key(tmp_path / "wrong")))
    answer = ask(sshd.job(HELLO, credentials=(wrong,)))
    assert answer.answered
    assert answer.failure is not None
    assert answer.failure.reason == "authentication"
    assert answer.refused_credentials == ("wrong",)


@pytest.mark.parametrize("tries", [1, 2])
def test_connection_that_ends_at_a_refusal_is_one(start_sshd, ask: Ask, tmp_path: Path, tries: int) -> None:
    """sshd answers the last of its MaxAuthTries by hanging up; that refusal counts like any other."""
    host = start_sshd(f"MaxAuthTries {tries}\nPasswordAuthentication yes\n")
    wrong = host.credential("wrong", key_file=str(_key(tmp_path / "wrong")), password="wrong")
    answer = ask(host.job(HELLO, credentials=(wrong, host.credential("right"))))
    assert answer.refused_credentials == ("wrong",)
    assert (answer.failure, answer.credential) == (None, "right")


def test_credentials_are_tried_in_order(sshd, ask: Ask, tmp_path: Path) -> None:
    """The one that works is named, so are those refused before it, even of another user."""
    wrong = sshd.credential("wrong", key_file=str(_key(tmp_path / "wrong")), user="nobody-here")
    broken = sshd.credential("broken", key_file=str(tmp_path / "missing"))
    answer = ask(sshd.job(HELLO, credentials=(broken, wrong, sshd.credential("right"))))
    assert answer.failure is None
    assert answer.credential == "right"
    assert answer.refused_credentials == ("wrong",)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_encrypted_keys_of_each_kind(sshd, ask: Ask, tmp_path: Path, kind: str) -> None:
    """A key with a passphrase logs in."""
    key = _key(tmp_path / "key", kind, "geheim")
    with (sshd.directory / "authorized_keys").open("a") as file:
        file.write(key.with_suffix(".pub").read_text())
    credential = sshd.credential(key_file=str(key), passphrase="geheim")
    assert ask(sshd.job(HELLO, credentials=(credential,))).failure is None


@pytest.mark.parametrize("passphrase", [None, "hunter2-wrong"])
def test_unusable_key_sends_nothing_and_leaks_nothing(
    sshd, ask: Ask, tmp_path: Path, passphrase: str | None
) -> None:
    """A missing or wrong passphrase is our own failure "credential"; no text holds the secret."""
    key = _key(tmp_path / "key", passphrase="geheim")
    before = sshd.log.read_text().count("Connection from")
    credential = sshd.credential(key_file=str(key), passphrase=passphrase)
    answer = ask(sshd.job(HELLO, credentials=(credential,)))
    assert not answer.answered
    assert answer.failure is not None
    assert answer.failure.reason == "credential"
    assert str(key) in answer.failure.detail
    assert "hunter2" not in repr(answer)
    assert sshd.log.read_text().count("Connection from") == before  # the end of one before may yet be told


def test_unknown_host_key_is_refused(sshd, ask: Ask, tmp_path: Path) -> None:
    """Without an entry nothing is sent; the answer shows the fingerprint to compare."""
    (tmp_path / "empty").touch()
    for known_hosts in (str(tmp_path / "empty"), str(tmp_path / "missing"), None):
        answer = ask(sshd.job(HELLO, credentials=(sshd.credential(known_hosts=known_hosts),)))
        assert answer.answered
        assert answer.failure is not None
        assert answer.failure.reason == "host-key-unknown"
        assert "SHA256:" in answer.failure.detail


def test_changed_host_key_ends_before_anything_is_sent(sshd, ask: Ask, tmp_path: Path) -> None:
    """With another key on record sshd never learns a user name, and no other credential is tried."""
    other = _key(tmp_path / "other").with_suffix(".pub").read_text().split()
    known_hosts = tmp_path / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{sshd.port} {other[0]} {other[1]}\n")
    before = len(sshd.log.read_text())
    credential = sshd.credential(known_hosts=str(known_hosts), user="told-to-nobody")
    answer = ask(sshd.job(HELLO, credentials=(credential, sshd.credential("second"))))
    assert answer.failure is not None
    assert answer.failure.reason == "host-key-changed"
    assert answer.refused_credentials == ()
    log = sshd.log.read_text()[before:]
    assert log.count("Connection from") == 1
    assert "told-to-nobody" not in log
    assert "Accepted" not in log


def test_pinned_fingerprint_needs_no_known_hosts(sshd, ask: Ask) -> None:
    """The inventory's fingerprint decides alone, for and against."""
    printed = subprocess.run(
        ["ssh-keygen", "-l", "-f", sshd.directory / "host_key.pub"],
        check=True,
        capture_output=True,
        text=True,
    )
    good, bad = printed.stdout.split()[1], "SHA256:" + "A" * 43
    unlisted = (sshd.credential(known_hosts=None),)
    job = sshd.job(HELLO, device=sshd.device(fingerprint=good), credentials=unlisted)
    assert ask(job).failure is None
    answer = ask(sshd.job(HELLO, device=sshd.device(fingerprint=bad)))
    assert answer.failure is not None
    assert answer.failure.reason == "host-key-changed"


def test_known_key_type_is_asked_for(start_sshd, ask: Ask, tmp_path: Path) -> None:
    """A server with several keys shows the one on record, which is not the one we like best."""
    rsa = _key(tmp_path / "rsa", "rsa")
    host = start_sshd(f"HostKey {rsa}\n")
    public = rsa.with_suffix(".pub").read_text().split()
    host.known_hosts.write_text(f"[127.0.0.1]:{host.port} {public[0]} {public[1]}\n")
    assert ask(host.job(HELLO)).failure is None


@pytest.mark.parametrize("kind", ["ssh-dss", "sk-ssh-ed25519@openssh.com", "nonsense"])
def test_key_on_record_of_a_type_we_have_not(sshd, ask: Ask, tmp_path: Path, kind: str) -> None:
    """It keeps nobody from the host's other keys."""
    record = tmp_path / "known_hosts"
    record.write_text(f"[127.0.0.1]:{sshd.port} {kind} AAAA\n{sshd.known_hosts.read_text()}")
    answer = ask(sshd.job(HELLO, credentials=(sshd.credential(known_hosts=str(record)),)))
    assert answer.failure is None


@pytest.mark.parametrize("weak", ["Ciphers aes128-cbc", "Macs hmac-sha1"])
def test_weak_algorithms_only_by_opting_in(start_sshd, ask: Ask, weak: str) -> None:
    """A server with weak algorithms only is refused with the way out named; `legacy` takes it."""
    ciphers = "Ciphers aes128-ctr\n" if weak.startswith("Macs") else ""
    host = start_sshd(f"{weak}\n{ciphers}")
    answer = ask(host.job(HELLO))
    assert answer.failure is not None
    assert answer.failure.reason == "algorithms"
    assert answer.failure.detail.startswith("key exchange: no ")
    assert weak.split()[1] in answer.failure.detail
    assert "legacy" in answer.failure.detail
    assert ask(host.job(HELLO, device=host.device(legacy=True))).failure is None


@pytest.mark.parametrize(
    ("settings", "what", "offered"),
    [
        ("KexAlgorithms diffie-hellman-group14-sha1", "key exchange", "diffie-hellman-group14-sha1"),
        ("HostKeyAlgorithms ssh-rsa", "host key", "ssh-rsa"),
        ("Ciphers chacha20-poly1305@openssh.com", "cipher", "chacha20-poly1305@openssh.com"),
    ],
)
def test_device_that_offers_nothing_we_have(
    start_sshd, ask: Ask, tmp_path: Path, settings: str, what: str, offered: str
) -> None:
    """What no setting brings back is named with all that the device offers, and no way out promised."""
    if offered == "ssh-rsa":
        settings += f"\nHostKey {_key(tmp_path / 'rsa', 'rsa')}"
    host = start_sshd(f"{settings}\n")
    answer = ask(host.job(HELLO, device=host.device(legacy=True)))
    assert answer.failure is not None
    assert answer.failure == Failure(
        "algorithms", f"key exchange: no {what} in common; the server offers {offered}"
    )


def test_noise_of_the_login_is_no_output(start_sshd, ask: Ask, tmp_path: Path) -> None:
    """Banner, message of the day, start files that write, and a foreign locale change no answer."""
    (tmp_path / "banner").write_text("Authorised use only\n" * 100)
    (tmp_path / "noise").write_text("echo Welcome; echo warning >&2; printf 'no end'\n")
    host = start_sshd(
        f"Banner {tmp_path}/banner\nPrintMotd yes\n"
        f"SetEnv BASH_ENV={tmp_path}/noise LC_ALL=de_DE.ISO-8859-1 LANG=tr_TR.UTF-8\n"
    )
    latin = SshCommand("latin", "printf 'Gr\\374\\337e\\n'")
    answer = ask(host.job(HELLO, latin, hints={"platform": "linux"}))
    assert answer.values == {
        HELLO: CommandOutput("hello\n", "oops\n", 3), latin: CommandOutput("Gr\ufffd\ufffde\n", "", 0),
    }  # fmt: skip


def test_dropped_connections_are_tried_again(start_sshd) -> None:
    """Beyond sshd's MaxStartups connections are dropped unheard; every device has its answer anyway."""
    host = start_sshd("MaxStartups 1\n")
    jobs = [host.job(HELLO, device=host.device(f"host-{number}")) for number in range(6)]
    answers: list[Answer] = []
    limits = Limits(attempts=30, retry_seconds=0.05)
    SshTransport(limits).run(jobs, answers.append, time.monotonic() + 60)
    assert "MaxStartups" in host.log.read_text()
    assert [answer.failure for answer in answers] == [None] * 6
    assert {answer.job.device.name for answer in answers} == {f"host-{number}" for number in range(6)}


def test_sessions_per_host_are_bounded(start_sshd) -> None:
    """However many devices lie behind one address, few connections stand at a time."""
    host = start_sshd("")
    counting = SshCommand("count", "sleep 0.2; pgrep -c -P $(ps -o ppid= -p $(ps -o ppid= -p $PPID))")
    jobs = [host.job(counting, device=host.device(f"host-{number}")) for number in range(8)]
    answers: list[Answer] = []
    SshTransport(Limits(connections_per_host=2)).run(jobs, answers.append, time.monotonic() + 60)
    log = host.log.read_text().splitlines()
    standing = most = 0
    for line in log:
        standing += line.startswith("Connection from")
        most = max(most, standing)
        standing -= line.startswith(("Closing connection", "kex_exchange_identification"))
    assert len(answers) == 8
    assert most <= 4  # those that end are logged after the next began


def test_addresses_are_tried_in_order(sshd, ask: Ask) -> None:
    """An address where nobody listens costs one refusal, then the next is used."""
    device = Device("host", "hosting", ("127.0.0.2", "127.0.0.1"), options={"ssh": {"port": sshd.port}})
    assert ask(sshd.job(HELLO, device=device)).failure is None
    alone = Device("host", "hosting", ("127.0.0.2", "127.0.0.3"), options={"ssh": {"port": sshd.port}})
    answer = ask(sshd.job(HELLO, device=alone))
    assert not answer.answered
    assert answer.failure is not None
    assert answer.failure.reason == "refused"
    assert "127.0.0.2" in answer.failure.detail
    assert "127.0.0.3" in answer.failure.detail


def test_every_job_has_one_answer_past_the_deadline(sshd) -> None:
    """Jobs that the cycle's deadline cuts are answered with "deadline", each once."""
    hanging = SshCommand("hanging", "sleep 60")
    jobs = [sshd.job(hanging, device=sshd.device(f"host-{number}")) for number in range(5)]
    answers: list[Answer] = []
    SshTransport(Limits(connections=2)).run(jobs, answers.append, time.monotonic() + 1)
    assert sorted(answer.job.device.name for answer in answers) == [f"host-{n}" for n in range(5)]
    reasons = {
        item.reason for answer in answers for item in [*answer.failures.values(), answer.failure] if item
    }
    assert reasons == {"deadline"}


def test_taker_that_is_late_has_the_answers_that_came_in_time(sshd) -> None:
    """What was run on the hosts is told, however late somebody comes to take it."""
    jobs = [sshd.job(HELLO, device=sshd.device(f"host-{number}")) for number in range(2)]
    answers: list[Answer] = []
    deadline = time.monotonic() + 2

    def take(answer: Answer) -> None:
        answers.append(answer)
        time.sleep(max(0.0, deadline + 1.1 - time.monotonic()))

    SshTransport(Limits(connections=2)).run(jobs, take, deadline)
    assert [answer.failure for answer in answers] == [None, None]
    assert all(answer.executions for answer in answers)


def test_answers_come_one_at_a_time_on_the_callers_thread(sshd) -> None:
    """The cycle needs no lock around what it does with an answer."""
    threads: list[threading.Thread] = []
    jobs = [sshd.job(HELLO, device=sshd.device(f"host-{number}")) for number in range(3)]
    SshTransport().run(jobs, lambda _: threads.append(threading.current_thread()), time.monotonic() + 30)
    assert threads == [threading.current_thread()] * 3


def test_detection_that_hangs_fails_the_device(start_sshd, ask: Ask) -> None:
    """A forced command that says nothing leaves no platform to go by."""
    host = start_sshd("ForceCommand sleep 60\n")
    answer = ask(host.job(HELLO), command_seconds=0.5)
    assert answer.failure == Failure("deadline", f"{DETECT.id}: not done in time, 0 bytes came")
    assert answer.answered
    assert "platform" not in answer.hints


def test_device_without_address_or_credential(ask: Ask) -> None:
    """What cannot be tried says so."""
    nowhere = ask(Job(Device("x", "hosting"), (), (HELLO,)))
    assert nowhere.failure is not None
    assert nowhere.failure.reason == "credential"


def test_every_execution_is_told(sshd, ask: Ask) -> None:
    """What was sent to a host stands in the answer, the detection and what was cut included."""
    failing = SshCommand("failing", "echo no >&2; exit 3")
    hanging = SshCommand("hanging", "printf abc; sleep 60")
    answer = ask(sshd.job(HELLO, failing, hanging), command_seconds=1.0)
    told = {item.command: item for item in answer.executions}
    assert set(told) == {DETECT.id, "hello", "failing", "hanging"}
    assert {(item.account, item.address) for item in told.values()} == {(sshd.user, "127.0.0.1")}
    assert [(told[name].exit_code, told[name].bytes) for name in ("hello", "failing")] == [(3, 11), (3, 3)]
    assert (told["hanging"].exit_code, told["hanging"].bytes) == (-1, 3)
    assert told["hanging"].reason == "deadline"


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """An ssh-agent that holds the given keys; returns its socket's path."""
    agents: list[subprocess.Popen[bytes]] = []

    def start(*keys: Path) -> Path:
        path = tmp_path / f"agent-{len(agents)}"
        agents.append(subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL))
        with socket.socket(socket.AF_UNIX) as probe:
            while probe.connect_ex(str(path)):
                assert agents[-1].poll() is None
                time.sleep(0.01)
        for key in keys:
            environment = {"SSH_AUTH_SOCK": str(path), "PATH": "/usr/bin:/bin"}
            subprocess.run(["ssh-add", "-q", key], check=True, capture_output=True, env=environment)
        return path

    yield start
    for process in agents:
        process.terminate()
        process.wait(10)


def test_agent_logs_in(sshd, ask: Ask, agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its keys are tried in its order, or the one that key_file names; the private key is not read."""
    other, known = _key(tmp_path / "other"), tmp_path / "known.pub"
    known.write_text(sshd.client_key.with_suffix(".pub").read_text())
    path = agent(other, sshd.client_key)
    for changes in ({"key_file": None}, {"key_file": str(known)}):
        credential = sshd.credential(agent=str(path), **changes)
        assert ask(sshd.job(HELLO, credentials=(credential,))).failure is None
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
    credential = sshd.credential(agent=True, key_file=None)
    assert ask(sshd.job(HELLO, credentials=(credential,))).failure is None


def test_agent_that_is_of_no_use(sshd, ask: Ask, agent, tmp_path: Path, monkeypatch) -> None:
    """No agent, an empty one, and one without the key are failures of our own; nothing is sent."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    empty = str(agent())
    other = str(_key(tmp_path / "other"))
    for changes, why in (
        ({"agent": True, "key_file": None}, "SSH_AUTH_SOCK"),
        ({"agent": str(tmp_path / "missing"), "key_file": None}, "No such file"),
        ({"agent": empty, "key_file": None}, "any key"),
        ({"agent": empty, "key_file": other}, other),
    ):
        answer = ask(sshd.job(HELLO, credentials=(sshd.credential(**changes),)))
        assert answer.failure is not None
        assert answer.failure.reason == "credential"
        assert why in answer.failure.detail


@pytest.mark.parametrize("by_agent", [False, True])
def test_user_certificate_logs_in(start_sshd, ask: Ask, agent, tmp_path: Path, by_agent: bool) -> None:
    """`<key>-cert.pub` beside the key, or in the agent: sshd needs to trust its authority alone."""
    authority, key = _key(tmp_path / "authority"), _key(tmp_path / "key")
    host = start_sshd(f"TrustedUserCAKeys {authority}.pub\n")
    (host.directory / "authorized_keys").write_text("")
    words = ["ssh-keygen", "-q", "-s", authority, "-I", "soc", "-n", host.user, f"{key}.pub"]
    subprocess.run(words, check=True, capture_output=True)
    changes = {"agent": str(agent(key)), "key_file": None} if by_agent else {"key_file": str(key)}
    if by_agent:
        for suffix in ("", ".pub", "-cert.pub"):
            Path(f"{key}{suffix}").unlink()
    answer = ask(host.job(HELLO, credentials=(host.credential(**changes),)))
    assert answer.failure is None
