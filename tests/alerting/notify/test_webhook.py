"""Webhooks, through real HTTP servers on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from soc.alerting.notify import Attempt, Message, Progress, send
from soc.inventory import Secret, WebhookTarget
from tests.support.certificates import Authority
from tests.support.notices import HOSTILE, NOW, message, notice
from tests.support.smtp_server import scripted_server
from tests.support.web_server import web_server

TOKEN = "t0psecret"


def sent(url: str, body: Message | None = None, seconds: float = 10.0) -> tuple[Attempt, str]:
    """One attempt, and everything it told."""
    told: list[str] = []
    progress = Progress(lambda step, detail: told.append(f"{step} {detail}"))
    target = WebhookTarget(Secret("literal", url))
    attempt = send(target, body or message(notice(1)), now=NOW, seconds=seconds, progress=progress)
    return attempt, "\n".join((*told, repr(attempt)))


def test_accepted() -> None:
    """A POST of the documented object, with a key by which doubles are known."""
    with web_server() as site:
        attempt, told = sent(f"http://127.0.0.1:{site.port}/hook/{TOKEN}?a=b%20c")
    assert attempt == Attempt("delivered", "answer", "")
    [request] = site.requests
    assert request.path == f"/hook/{TOKEN}?a=b%20c"
    assert request.headers["Idempotency-Key"] == "message-1"
    assert request.headers["Content-Type"] == "application/json"
    assert request.document["notices"][0]["alert"]["summary"] == "root logged in, number 1"
    assert TOKEN not in told
    assert "200 OK" in told


def test_tls(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over TLS with a verified certificate."""
    authority.trust(monkeypatch)
    with web_server(authority.server()) as site:
        attempt, told = sent(f"https://localhost:{site.port}")
    assert attempt.outcome == "delivered"
    assert site.requests[0].path == "/"
    assert "tls TLSv1." in told


def test_untrusted_certificate(authority: Authority) -> None:
    """Without trust nothing is sent, and the URL is not in what is told."""
    with web_server(authority.server()) as site:
        attempt, told = sent(f"https://localhost:{site.port}/{TOKEN}")
    assert (attempt.outcome, attempt.step, site.requests) == ("retry", "tls", [])
    assert "not trusted" in attempt.detail
    assert TOKEN not in told


def test_certificate_of_another_host(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words about a wrong name do not give the name away."""
    authority.trust(monkeypatch)
    with web_server(authority.server("hooks.example.org")) as site:
        attempt, told = sent(f"https://localhost:{site.port}/{TOKEN}")
    assert attempt.detail == "the certificate is for another name"
    assert "localhost" not in told


@pytest.mark.parametrize(
    ("code", "outcome", "uncertain"),
    [
        (204, "delivered", False), (299, "delivered", False), (400, "dead", False), (401, "retry", False),
        (404, "retry", False), (408, "retry", True), (410, "dead", False), (413, "dead", False),
        (429, "retry", False), (500, "retry", True), (503, "retry", True), (504, "retry", True),
        (599, "retry", True),
    ],
)  # fmt: skip
def test_answers(code: int, outcome: str, uncertain: bool) -> None:
    """What concerns the document is final; what concerns the place or the moment may pass. A server that
    failed, or a gateway before it, may have the message: it is sent again as the same one."""
    with web_server() as site:
        site.code, site.body = code, b""
        attempt, told = sent(f"http://127.0.0.1:{site.port}/{TOKEN}")
    assert (attempt.outcome, attempt.uncertain) == (outcome, uncertain)
    assert str(code) in told
    assert TOKEN not in told


def test_redirects_are_not_followed() -> None:
    """Another place does not get what was meant for this one."""
    with web_server() as elsewhere, web_server() as site:
        site.code, site.headers = 307, {"Location": f"http://127.0.0.1:{elsewhere.port}/{TOKEN}"}
        attempt, told = sent(f"http://127.0.0.1:{site.port}/")
    assert elsewhere.requests == []
    assert attempt.outcome == "retry"
    assert "redirects are not followed" in attempt.detail
    assert TOKEN not in told


def test_no_answer() -> None:
    """A server that takes the request and stays silent may have it or not."""
    with web_server() as site:
        go_on = threading.Event()
        site.before_answer = lambda: bool(go_on.wait(10)) and None
        attempt, _ = sent(f"http://127.0.0.1:{site.port}/", seconds=0.5)
        go_on.set()
    assert (attempt.outcome, attempt.detail, attempt.uncertain) == ("retry", "no answer in time", True)


def _dribbling(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 ")
    while True:
        connection.sendall(b"2")
        threading.Event().wait(0.05)


def _endless_headers(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X: y\r\n" * 1000)


def _continues(connection: socket.socket) -> None:
    connection.recv(65536)
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def _not_http(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"\x00\xff\r\n\r\n")


def _gone(connection: socket.socket) -> None:
    connection.recv(65536)


@pytest.mark.parametrize("script", [_dribbling, _endless_headers, _continues, _not_http, _gone])
def test_bad_servers(script: Callable[[socket.socket], None]) -> None:
    """Dribble, floods, garbage and a hang-up end in time, for another attempt."""
    with scripted_server(script) as port:
        attempt, told = sent(f"http://127.0.0.1:{port}/{TOKEN}", seconds=0.5)
    assert (attempt.outcome, attempt.uncertain) == ("retry", True)
    assert TOKEN not in told


def test_a_large_answer_is_not_read() -> None:
    """The code alone counts."""
    with web_server() as site:
        site.body = b"x" * 10_000_000
        attempt, _ = sent(f"http://127.0.0.1:{site.port}/")
    assert attempt.outcome == "delivered"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/t0psecret", "t0psecret", "http:///t0psecret", "http://[::1/t0psecret",
        "http://127.0.0.1:99999/t0psecret", "http://user:t0psecret@127.0.0.1/", "http://t0psecret.invalid/",
        "http://t0psecret..example/",
    ],
)  # fmt: skip
def test_unusable_urls(url: str) -> None:
    """A URL that leads nowhere is told without being shown."""
    attempt, told = sent(url)
    assert attempt.outcome == "retry"
    assert TOKEN not in told


@pytest.mark.parametrize("path", ["/t0psecret\r\nX-Evil: 1", "/t0psecret \u00e9", "/t0psecret\x00"])
def test_hostile_urls(path: str) -> None:
    """A URL with control characters or beyond ASCII adds no header, and is not shown."""
    with web_server() as site:
        attempt, told = sent(f"http://127.0.0.1:{site.port}{path}")
    assert (attempt.outcome == "retry") or "X-Evil" not in site.requests[0].headers
    assert TOKEN not in told


def test_an_unresolved_url() -> None:
    """A reference that does not resolve is named, and nothing is sent."""
    target = WebhookTarget(Secret("env", "SOC_TEST_NO_SUCH_HOOK"))
    attempt = send(target, message(notice(1)), now=NOW)
    assert (attempt.outcome, attempt.step) == ("retry", "secret")
    assert "SOC_TEST_NO_SUCH_HOOK" in attempt.detail


def test_hostile_text() -> None:
    """What an alert says arrives as clean text in valid JSON."""
    with web_server() as site:
        attempt, _ = sent(f"http://127.0.0.1:{site.port}/", message(notice(1, summary=HOSTILE)))
    assert attempt.outcome == "delivered"
    summary = site.requests[0].document["notices"][0]["alert"]["summary"]
    assert "Bcc: all@example.org" in summary
    assert not set("\x1b\x00\u202e\u2028\r") & set(summary)
