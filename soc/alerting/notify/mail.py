"""Mail over SMTP (RFC 5321), with STARTTLS (RFC 3207) or TLS from the first byte (RFC 8314)."""

from __future__ import annotations

import re
import smtplib
import socket
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from soc.alerting.notify.attempt import Attempt, Progress
from soc.alerting.notify.connection import (
    Limits,
    PlainSocket,
    TlsSocket,
    connected,
    failure_words,
    peer_words,
    secured,
    tls_context,
    tls_words,
)
from soc.alerting.notify.message import Message, subject, text
from soc.inventory.settings import MailTarget
from soc.model import CredentialError
from soc.model.text import clean, decode

_QUIT_SECONDS = 2.0
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class _Client(smtplib.SMTP):
    """smtplib over a connection that is there already."""

    def __init__(self, connection: socket.socket, host: str, port: int) -> None:
        self._connection = connection
        address = connection.getsockname()[0]
        # RFC 5321 section 4.1.3: without asking the resolver, who may take its time.
        literal = f"[IPv6:{address}]" if ":" in address else f"[{address}]"
        super().__init__(host, port, local_hostname=literal)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002
        return self._connection


def send(
    target: MailTarget,
    message: Message,
    *,
    now: float,
    reached: Sequence[str],
    seconds: float,
    progress: Progress,
) -> Attempt:
    """One mail to all recipients that have not taken it yet."""
    try:
        return _converse(target, message, now, tuple(reached), seconds, progress)
    except CredentialError as error:
        return progress.ended("retry", str(error), reached=tuple(reached))
    except smtplib.SMTPResponseException as error:
        return _refused(progress, error.smtp_code, error.smtp_error, tuple(reached))
    except smtplib.SMTPNotSupportedError:
        return progress.ended("retry", "the server does not offer it", reached=tuple(reached))
    except smtplib.SMTPServerDisconnected as error:
        cause = error.__context__  # smtplib tells every failed read so
        detail = failure_words(cause) if isinstance(cause, OSError) else "the server closed the connection"
    except (smtplib.SMTPException, OSError) as error:
        detail = failure_words(error)
    except ValueError:  # smtplib encodes names and passwords as ASCII; the error's text shows them
        detail = "cannot be written as SMTP wants it"
    return progress.ended("retry", detail, reached=tuple(reached), uncertain=progress.step == "message")


def _converse(
    target: MailTarget,
    message: Message,
    now: float,
    reached: tuple[str, ...],
    seconds: float,
    progress: Progress,
) -> Attempt:
    server = target.smtp
    progress.begin("secret")
    password = server.password.resolve() if server.password is not None else ""
    progress.begin("connect")
    with connected(server.host, server.port, seconds) as plain:
        progress.done(peer_words(plain))
        connection: PlainSocket | TlsSocket = plain
        if server.tls == "tls":
            progress.begin("tls")
            connection = secured(plain, server.host)
            progress.done(tls_words(connection))
        progress.begin("greeting")
        client = _Client(connection, server.host, server.port)
        try:
            client.ehlo_or_helo_if_needed()
            progress.done()
            if server.tls == "starttls":
                progress.begin("tls")
                client.starttls(context=tls_context())
                assert isinstance(client.sock, TlsSocket)
                client.sock.limits = plain.limits
                client.ehlo_or_helo_if_needed()
                progress.done(tls_words(client.sock))
            if server.user and password:
                progress.begin("login")
                client.login(server.user, password)
                progress.done(f"as {server.user}")
            attempt = _transaction(client, target, message, now, reached, progress)
            _quit(client)
            return attempt
        finally:
            client.close()


def _transaction(
    client: smtplib.SMTP,
    target: MailTarget,
    message: Message,
    now: float,
    reached: tuple[str, ...],
    progress: Progress,
) -> Attempt:
    international = not "".join((target.sender, *target.to)).isascii()
    progress.begin("sender")
    if international and not client.has_extn("smtputf8"):
        raise smtplib.SMTPNotSupportedError
    data = compose(target, message, now, international=international)
    code, answer = client.mail(target.sender, ["SMTPUTF8"] if international else [])
    if code != 250:
        return _refused(progress, code, answer, reached)
    progress.done(target.sender)
    progress.begin("recipients")
    accepted: list[str] = []
    later: list[str] = []
    refused: list[str] = []
    for recipient in target.to:
        if recipient in reached:
            continue
        code, answer = client.rcpt(recipient)
        words = f"{recipient}: {_words(code, answer)}"
        if code in (250, 251):
            accepted.append(recipient)
        elif code // 100 == 5:
            refused.append(words)
        else:
            later.append(words)
    detail = "; ".join((*later, *refused))
    if accepted:
        progress.done(", ".join(accepted))
        progress.begin("message")
        code, answer = client.data(data)
        if code != 250:
            return _refused(progress, code, answer, reached)
        progress.done(_words(code, answer))
        reached = (*reached, *accepted)
    if later:
        return progress.ended("retry", detail, reached=reached)
    return progress.ended("delivered" if reached else "dead", detail, reached=reached)


def compose(target: MailTarget, message: Message, now: float, *, international: bool = False) -> bytes:
    """The mail as it is sent (RFC 5322)."""
    policy = SMTPUTF8 if international else SMTP
    mail = EmailMessage(policy)
    mail["From"] = target.sender
    mail["To"] = ", ".join(target.to)
    mail["Subject"] = subject(message)
    mail["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    domain = target.sender.rpartition("@")[2]
    mail["Message-ID"] = f"<{message.id}@{domain if _DOMAIN.fullmatch(domain) else 'soc.invalid'}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
    mail.set_content(text(message), cte="quoted-printable")
    return mail.as_bytes()


def _refused(progress: Progress, code: int, answer: bytes | str, reached: tuple[str, ...]) -> Attempt:
    # Up to the login it is the target that is wrong, and may be put right; a server that repeats what it
    # was sent would show the password.
    about_message = progress.step in ("sender", "recipients", "message")
    words = f"refused with {code}" if progress.step == "login" else _words(code, answer)
    if not about_message or code // 100 != 5:
        return progress.ended("retry", words, reached=reached)
    return progress.ended("delivered" if reached else "dead", words, reached=reached)


def _words(code: int, answer: bytes | str) -> str:
    return f"{code} {clean(decode(answer) if isinstance(answer, bytes) else answer, 200)}"


def _quit(client: smtplib.SMTP) -> None:
    """Polite, and of no consequence."""
    with suppress(smtplib.SMTPException, OSError):
        if isinstance(client.sock, (PlainSocket, TlsSocket)):
            client.sock.limits = Limits(_QUIT_SECONDS)
        client.quit()
