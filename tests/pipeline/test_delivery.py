"""From the outbox to real servers on loopback."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pytest

from soc.inventory import MailServer, MailTarget, Notify, Secret, WebhookTarget
from soc.pipeline.delivery import Delivered, deliver_due
from soc.store import Store, open_store
from tests.support.notices import NOW, notice
from tests.support.smtp_server import Mailbox, scripted_server, smtp_server
from tests.support.web_server import Website, web_server

ROOT = Path(__file__).resolve().parents[2]
DAY = 86400.0
T = TypeVar("T")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, spool_directory=tmp_path) as opened:
        yield opened


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with smtp_server() as served:
        yield served


@pytest.fixture
def site() -> Iterator[Website]:
    with web_server() as served:
        yield served


def mail(port: int, *to: str) -> MailTarget:
    return MailTarget(to or ("mia@example.org",), "soc@example.org", MailServer("127.0.0.1", port, "none"))


def hook(port: int) -> WebhookTarget:
    return WebhookTarget(Secret("literal", f"http://127.0.0.1:{port}/"))


@dataclass
class Sender:
    """Runs of delivery from one store."""

    store: Store
    notify: Notify

    def add(self, *numbers: int, at: float = NOW) -> None:
        """Notices with these numbers for the target `ops`."""
        self.store.outbox.add([notice(number) for number in numbers], at, at + DAY)

    def run(self, now: float = NOW, seconds: float = 20.0) -> Delivered:
        def in_store(work: Callable[[Store], T]) -> T:
            return work(self.store)

        return deliver_due(
            in_store, self.notify, now=lambda: now, monotonic=lambda: 0.0, draw=lambda: 0.5, seconds=seconds
        )

    def states(self) -> dict[str, str]:
        return {entry.notice.id: entry.state for entry in self.store.outbox.select("", 1000)}


def to_ops(store: Store, target: MailTarget | WebhookTarget) -> Sender:
    return Sender(store, Notify({"ops": target}, ("ops",)))


def test_one_message_for_many(store: Store, mailbox: Mailbox) -> None:
    """What is due travels together, fifty at most; delivered it is not sent again."""
    sender = to_ops(store, mail(mailbox.port))
    sender.add(*range(120))
    assert sender.run() == Delivered(delivered=120)
    counts = [mail["Subject"].split()[1] for mail in mailbox.mails]
    assert counts == ["50", "50", "20"]
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 3
    assert set(sender.states().values()) == {"delivered"}
    assert sender.run(NOW + DAY) == Delivered()
    assert len(mailbox.mails) == 3


def test_a_single_notice_gives_the_message_its_id(store: Store, site: Website) -> None:
    """Receivers know a notice that comes alone by its own id."""
    sender = to_ops(store, hook(site.port))
    sender.add(1)
    sender.run()
    assert [request.headers["Idempotency-Key"] for request in site.requests] == ["notice-1"]


def test_a_failing_target_stops_no_other(store: Store, site: Website, mailbox: Mailbox) -> None:
    """One attempt for the target that fails, everything for the one that does not."""
    sender = Sender(store, Notify({"ops": hook(site.port), "mail": mail(mailbox.port)}))
    site.code = 500
    sender.add(*range(60))
    others = [replace(notice(number), id=f"other-{number}", target="mail") for number in range(60)]
    store.outbox.add(others, NOW, NOW + DAY)
    assert sender.run() == Delivered(delivered=60, postponed=50)
    assert (len(site.requests), len(mailbox.mails)) == (1, 2)


def test_what_failed_for_certain_travels_with_what_is_new(store: Store, mailbox: Mailbox) -> None:
    """A message that nobody has is made anew when it is due: of everything there is by then."""
    sender = to_ops(store, mail(mailbox.port))
    mailbox.message_answer = "451 4.3.0 later"
    sender.add(1)
    assert sender.run() == Delivered(postponed=1)
    [entry] = store.outbox.select("", 10)
    assert (entry.attempts, entry.next_attempt, entry.message) == (1, NOW + 60, "")
    assert entry.error == "message: 451 4.3.0 later"
    sender.add(2, at=NOW + 60)
    mailbox.message_answer = "250 kept"
    assert sender.run(NOW + 59) == Delivered()
    assert sender.run(NOW + 60) == Delivered(delivered=2)
    [mail_] = mailbox.mails
    assert "2 notices" in mail_["Subject"]


def test_what_may_have_arrived_keeps_its_id(store: Store, site: Website) -> None:
    """After silence the same notices go again under the same id, and new ones under another."""
    held: list[bytes] = []

    def silent(connection: socket.socket) -> None:
        held.append(connection.recv(65536))

    sender = to_ops(store, hook(site.port))
    with scripted_server(silent) as port:
        sender.notify = Notify({"ops": hook(port)})
        sender.add(1, 2)
        assert sender.run() == Delivered(postponed=2)
    sender.notify = Notify({"ops": hook(site.port)})
    sender.add(3, at=NOW + 60)
    assert sender.run(NOW + 60) == Delivered(delivered=3)
    again, new = site.requests
    assert f"Idempotency-Key: {again.headers['Idempotency-Key']}".encode() in held[0]
    assert [len(request.document["notices"]) for request in (again, new)] == [2, 1]


def test_recipients_who_have_it_get_it_once(store: Store, mailbox: Mailbox) -> None:
    """A mailbox that is full today delays nobody else, and gets its mail tomorrow."""
    sender = to_ops(store, mail(mailbox.port, "mia@example.org", "sam@example.org"))
    mailbox.answers["sam@example.org"] = "452 4.2.2 full"
    sender.add(1)
    assert sender.run() == Delivered(postponed=1)
    mailbox.answers.clear()
    assert sender.run(NOW + 60) == Delivered(delivered=1)
    assert [recipients for recipients, _ in mailbox.received] == [["mia@example.org"], ["sam@example.org"]]


def test_dead_letter(store: Store, mailbox: Mailbox) -> None:
    """A permanent refusal is told by an event, stays visible, and goes again when somebody asks."""
    sender = to_ops(store, mail(mailbox.port))
    mailbox.answers["mia@example.org"] = "550 5.1.1 no such user"
    sender.add(1, 2)
    assert sender.run() == Delivered(dead=2)
    assert sender.run(NOW + DAY) == Delivered()
    [first, _] = store.outbox.select("dead", 10)
    assert first.error.startswith("recipients: mia@example.org: 550 5.1.1")
    [event] = store.events.own_since(0)
    assert (event.category, event.service, event.fields["notices"]) == ("notification", "ops", "2")
    mailbox.answers.clear()
    assert len(store.outbox.retry([first.notice.id], NOW + DAY, NOW + 2 * DAY)) == 2
    assert sender.run(NOW + DAY) == Delivered(delivered=2)


def test_given_up_after_a_day(store: Store, site: Website) -> None:
    """Attempts grow rarer, and end after twenty or with the day."""
    sender = to_ops(store, hook(site.port))
    site.code = 503
    sender.add(1)
    now, ends = NOW, NOW + DAY
    while not (done := sender.run(now)).dead:
        assert done.postponed == 1
        [entry] = store.outbox.select("pending", 10)
        now = entry.next_attempt
        assert now <= ends + 5400
    assert len(site.requests) == 20
    [entry] = store.outbox.select("dead", 10)
    assert (entry.attempts, entry.error) == (20, "answer: 503 Service Unavailable")


def test_a_target_that_is_gone(store: Store) -> None:
    """What waits for a target that the inventory no longer has is kept for a day, then given up."""
    sender = Sender(store, Notify())
    sender.add(1)
    assert sender.run(NOW + DAY - 1) == Delivered()
    assert sender.states() == {"notice-1": "pending"}
    assert sender.run(NOW + DAY) == Delivered(dead=1)
    assert sender.states() == {"notice-1": "dead"}


def test_a_run_is_bounded(store: Store, mailbox: Mailbox) -> None:
    """No attempt begins when the time is over."""
    sender = to_ops(store, mail(mailbox.port))
    sender.add(1)
    assert sender.run(seconds=0) == Delivered()
    assert sender.states() == {"notice-1": "pending"}


def _child(directory: Path, port: int, death: str, now: float) -> int:
    command = [sys.executable, "-m", "tests.pipeline.deliver", str(directory), str(port), death, str(now)]
    return subprocess.run(command, cwd=ROOT, timeout=60, check=False).returncode


@pytest.mark.parametrize(("death", "copies"), [("claimed", 1), ("sent", 2)])
def test_kill(tmp_path: Path, mailbox: Mailbox, death: str, copies: int) -> None:
    """kill -9 before or after sending loses nothing: it is sent again when due, with the same id."""
    with open_store(tmp_path, spool_directory=tmp_path / "spool") as store:
        store.outbox.add([notice(1), notice(2)], NOW, NOW + DAY)
    assert _child(tmp_path, mailbox.port, death, NOW) == -signal.SIGKILL
    with open_store(tmp_path, spool_directory=tmp_path / "spool") as store:
        store.outbox.add([notice(3)], NOW, NOW + DAY)
    for later in (60.0, 61.0):
        assert _child(tmp_path, mailbox.port, "done", NOW + later) == 0
    ids = [mail["Message-ID"] for mail in mailbox.mails if "2 notices" in mail["Subject"]]
    assert len(ids) == copies
    assert len(set(ids)) == 1
    assert len(mailbox.mails) == copies + 1  # the third notice
    with open_store(tmp_path, spool_directory=tmp_path / "spool") as store:
        assert store.outbox.counts() == {"delivered": 3}
