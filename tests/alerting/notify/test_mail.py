"""Mail, through real SMTP servers on loopback."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from soc.alerting.notify import Attempt, Message, Progress, send
from soc.inventory import MailServer, MailTarget, Secret
from tests.support.certificates import Authority
from tests.support.notices import HOSTILE, NOW, message, notice
from tests.support.smtp_server import PASSWORD, USER, Mailbox, scripted_server, smtp_server

Steps = list[tuple[str, str]]


def target(port: int, *to: str, tls: str = "none", host: str = "127.0.0.1", **more: Any) -> MailTarget:
    """A target at that port of this host."""
    return MailTarget(to or ("mia@example.org",), "soc@example.org", MailServer(host, port, tls, **more))


def sent(to: MailTarget, mail: Message | None = None, **more: Any) -> tuple[Attempt, Steps]:
    """One attempt, and its steps."""
    steps: Steps = []
    progress = Progress(lambda step, detail: steps.append((step, detail)))
    return send(to, mail or message(notice(1)), now=NOW, progress=progress, **more), steps


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with smtp_server() as served:
        yield served


def test_plain(mailbox: Mailbox) -> None:
    """Without TLS or login the mail arrives, as RFC 5322 wants it."""
    attempt, steps = sent(target(mailbox.port))
    assert attempt == Attempt("delivered", "message", "", ("mia@example.org",))
    assert [step for step, _ in steps] == ["connect", "greeting", "sender", "recipients", "message"]
    [mail] = mailbox.mails
    assert {name: mail[name] for name in ("From", "To", "Subject", "Message-ID", "Auto-Submitted")} == {
        "From": "soc@example.org",
        "To": "mia@example.org",
        "Subject": "[soc] high opened: A-1 root logged in, number 1",
        "Message-ID": "<message-1@example.org>",
        "Auto-Submitted": "auto-generated",
    }
    assert parsedate_to_datetime(mail["Date"]).timestamp() == NOW
    assert mail.get_content_type() == "text/plain"
    assert "root logged in, number 1" in mail.get_content()


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_tls_and_login(authority: Authority, monkeypatch: pytest.MonkeyPatch, tls: str) -> None:
    """Over verified TLS, with a password from its reference, either way of beginning TLS."""
    authority.trust(monkeypatch)
    monkeypatch.setenv("SOC_TEST_SMTP", PASSWORD)
    with smtp_server(authority.server(), tls=tls) as mailbox:
        attempt, steps = sent(
            target(mailbox.port, tls=tls, user=USER, password=Secret("env", "SOC_TEST_SMTP"))
        )
        assert attempt.outcome == "delivered"
        assert mailbox.logins == [USER]
        assert len(mailbox.mails) == 1
    done = dict(steps)
    assert done["tls"].startswith("TLSv1.")
    assert done["login"] == "as soc"
    assert PASSWORD not in str(steps)


def test_wrong_password(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused login is worth another attempt later; the server's echo of the password is not shown."""
    authority.trust(monkeypatch)
    with smtp_server(authority.server()) as mailbox:
        attempt, steps = sent(
            target(mailbox.port, tls="starttls", user=USER, password=Secret("literal", "wrong-horse"))
        )
    assert (attempt.outcome, attempt.step, attempt.uncertain) == ("retry", "login", False)
    assert "535" in attempt.detail
    assert "wrong-horse" not in str((attempt, steps))
    assert mailbox.mails == []


@pytest.mark.parametrize("password", ["pässword", "line\nbreak"])
def test_a_password_that_smtp_cannot_carry(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    """What smtplib cannot encode, or the server does not take, ends the attempt without showing it."""
    authority.trust(monkeypatch)
    with smtp_server(authority.server()) as mailbox:
        attempt, _ = sent(
            target(mailbox.port, tls="starttls", user=USER, password=Secret("literal", password))
        )
    assert (attempt.outcome, attempt.step) == ("retry", "login")
    assert password not in str(attempt)


def test_unresolved_password(mailbox: Mailbox, tmp_path: Path) -> None:
    """A secret that does not resolve ends the attempt before any connection."""
    secret = Secret("file", str(tmp_path / "missing"))
    attempt, steps = sent(target(mailbox.port, tls="tls", user=USER, password=secret))
    assert (attempt.outcome, attempt.step, steps) == ("retry", "secret", [])
    assert "missing" in attempt.detail


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_untrusted_certificate(authority: Authority, tls: str) -> None:
    """A certificate of an authority nobody trusts ends the attempt before login and mail."""
    with smtp_server(authority.server(), tls=tls) as mailbox:
        attempt, _ = sent(target(mailbox.port, tls=tls, user=USER, password=Secret("literal", PASSWORD)))
    assert (attempt.outcome, attempt.step) == ("retry", "tls")
    assert "not trusted" in attempt.detail
    assert (mailbox.logins, mailbox.received) == ([], [])


def test_certificate_of_another_host(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """A good certificate for another name is no good."""
    authority.trust(monkeypatch)
    with smtp_server(authority.server("mail.example.org")) as mailbox:
        attempt, _ = sent(target(mailbox.port, tls="starttls"))
    assert (attempt.step, attempt.detail) == ("tls", "the certificate is for another name")


def test_no_downgrade(mailbox: Mailbox) -> None:
    """A server that does not offer STARTTLS gets nothing from a target that wants it."""
    attempt, _ = sent(target(mailbox.port, tls="starttls"))
    assert (attempt.outcome, attempt.step) == ("retry", "tls")
    assert mailbox.received == []


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [("450 4.2.0 greylisted, come back", "retry"), ("550 5.1.1 no such user", "dead")],
)
def test_refused_recipient(mailbox: Mailbox, answer: str, outcome: str) -> None:
    """Greylisting is worth another attempt, a permanent refusal is not; both say why."""
    mailbox.answers["mia@example.org"] = answer
    attempt, _ = sent(target(mailbox.port))
    assert (attempt.outcome, attempt.step, attempt.reached) == (outcome, "recipients", ())
    assert answer[:9] in attempt.detail


@pytest.mark.parametrize(
    ("answer", "outcome"), [("451 4.3.0 disk full", "retry"), ("554 5.7.1 spam", "dead")]
)
def test_refused_message(mailbox: Mailbox, answer: str, outcome: str) -> None:
    """A message refused after its content: temporarily or for good, but for certain."""
    mailbox.message_answer = answer
    attempt, _ = sent(target(mailbox.port))
    assert (attempt.outcome, attempt.detail, attempt.uncertain) == (outcome, answer, False)


def test_some_recipients(mailbox: Mailbox) -> None:
    """Who takes it has it at once; the next attempt is for the others alone, with the same id."""
    both = target(mailbox.port, "mia@example.org", "sam@example.org")
    mailbox.answers["sam@example.org"] = "452 4.2.2 mailbox full"
    first, _ = sent(both)
    assert (first.outcome, first.reached) == ("retry", ("mia@example.org",))
    assert first.detail.startswith("sam@example.org: 452")
    mailbox.answers.clear()
    second, _ = sent(both, reached=first.reached)
    assert (second.outcome, second.reached) == ("delivered", ("mia@example.org", "sam@example.org"))
    assert [recipients for recipients, _ in mailbox.received] == [["mia@example.org"], ["sam@example.org"]]
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 1


def test_one_refused_recipient_stops_no_other(mailbox: Mailbox) -> None:
    """Delivered to those who exist; the others are named."""
    mailbox.answers["sam@example.org"] = "550 5.1.1 no such user"
    attempt, _ = sent(target(mailbox.port, "mia@example.org", "sam@example.org"))
    assert (attempt.outcome, attempt.reached) == ("delivered", ("mia@example.org",))
    assert "sam@example.org: 550" in attempt.detail


def test_hostile_text_adds_no_header(mailbox: Mailbox) -> None:
    """Line breaks and controls in an alert end up neither in the header nor in the text."""
    hostile = notice(1, summary=HOSTILE, device=HOSTILE, labels={HOSTILE: HOSTILE}, description=HOSTILE)
    attempt, _ = sent(target(mailbox.port), message(hostile))
    assert attempt.outcome == "delivered"
    [mail] = mailbox.mails
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("[soc] high opened: A-1 evil\u00b7\u00b7Bcc: all@example.org")
    assert mailbox.received[0][0] == ["mia@example.org"]
    text = mail.get_content()
    assert "<b>&</b> \u00e9\u4e2d" in text
    assert not set("\x1b\x00\u202e\u2028") & set(text)


def test_lines_that_begin_with_a_dot(mailbox: Mailbox) -> None:
    """A line with a dot alone does not end the mail."""
    attempt, _ = sent(target(mailbox.port), message(notice(1, description=".\nQUIT\n.\nafter")))
    assert attempt.outcome == "delivered"
    assert "after" in mailbox.mails[0].get_content()


def test_names_beyond_ascii(mailbox: Mailbox) -> None:
    """An address beyond ASCII goes to a server that takes it (RFC 6531)."""
    attempt, _ = sent(target(mailbox.port, "m\u00eda@example.org"))
    assert attempt.outcome == "delivered"
    assert mailbox.received[0][0] == ["m\u00eda@example.org"]


def test_nobody_listens() -> None:
    """A refused connection is worth another attempt."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    attempt, steps = sent(target(port))
    assert (attempt.outcome, attempt.step, attempt.detail) == ("retry", "connect", "Connection refused")
    assert steps == []


def test_unknown_host() -> None:
    """A name that does not resolve is worth another attempt."""
    attempt, _ = sent(target(25, host="mail.invalid"))
    assert (attempt.outcome, attempt.step) == ("retry", "connect")


def _silent(connection: socket.socket) -> None:
    connection.recv(1)


def _dribbling(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"2")
        connection.settimeout(0.05)
        try:
            if not connection.recv(100):
                return
        except TimeoutError:
            continue


def _busy(connection: socket.socket) -> None:
    connection.sendall(b"554 no service for you\r\n")
    connection.recv(100)


def _garbage(connection: socket.socket) -> None:
    connection.sendall(b"\xff\xfe\x00 <html>\r\n" * 10)
    connection.recv(100)


def _endless(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"220-and so on\r\n" * 1000)


def _gone(connection: socket.socket) -> None:
    connection.sendall(b"220 hello\r\n")
    connection.recv(100)


@pytest.mark.parametrize(
    ("script", "detail"),
    [
        (_silent, "no answer in time"),
        (_dribbling, "no answer in time"),
        (_busy, "554"),
        (_garbage, ""),
        (_endless, "an answer without end"),
        (_gone, "the server closed the connection"),
    ],
)
def test_bad_servers(script: Callable[[socket.socket], None], detail: str) -> None:
    """Silence, dribble, flood, refusal, garbage and a hang-up end in time, for another attempt."""
    with scripted_server(script) as port:
        attempt, _ = sent(target(port), seconds=0.5)
    assert (attempt.outcome, attempt.step, attempt.uncertain) == ("retry", "greeting", False)
    assert detail in attempt.detail


def test_gone_after_the_message() -> None:
    """Whether a server that hangs up on the final dot has kept the mail, nobody knows."""

    def script(connection: socket.socket) -> None:
        lines = connection.makefile("rb")
        connection.sendall(b"220 hello\r\n")
        for line in lines:
            if line[:4].upper() == b"DATA":
                connection.sendall(b"354 go on\r\n")
            elif line == b".\r\n":
                connection.shutdown(socket.SHUT_RDWR)
                return
            elif line[:4].upper() in (b"EHLO", b"MAIL", b"RCPT"):
                connection.sendall(b"250 fine\r\n")

    with scripted_server(script) as port:
        attempt, _ = sent(target(port))
    assert (attempt.outcome, attempt.step, attempt.uncertain) == ("retry", "message", True)
