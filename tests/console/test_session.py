"""soc.console.session: live, lost, resumed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from soc.console import session as session_module
from soc.console.client import Client
from soc.console.errors import ConflictError, StaleError
from soc.console.session import Session, retry_delays
from tests.support import console_estate as estate
from tests.support.console import new_session
from tests.support.fake_hub import FakeHub

NOW = 1_700_000_000.0


def status(events: int = 0, **more: Any) -> dict[str, Any]:
    return {"store": {"events": events}, "you": {"name": "mia"}, **more}


def heard(session: Session) -> list[tuple[str, Mapping[str, Any]]]:
    told: list[tuple[str, Mapping[str, Any]]] = []
    session.listen(lambda kind, document: told.append((kind, document)))
    return told


def test_retries_slow_down() -> None:
    """Doubling from a quarter of a second to five seconds, for ever."""
    assert list(islice(retry_delays(), 7)) == [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_since_is_the_beginning_of_a_state() -> None:
    """Live since the first status; lost since the first failure; what was known stays; then resumed."""
    now = [NOW]
    session = Session(Client(Path("/nowhere")), lambda: now[0], str)
    told = heard(session)
    for time in (1.0, 2.0):
        now[0] = NOW + time
        session.take_status(status(hub={"blind_since": "2026-01-01T00:00:00Z"}))
    assert (session.live.state, session.live.since) == ("live", NOW + 1)
    assert session.live.blind_since == "2026-01-01T00:00:00Z"
    for time in (3.0, 4.0):
        now[0] = NOW + time
        session.lose("gone")
    assert (session.live.state, session.live.since, session.live.error) == ("lost", NOW + 3, "gone")
    assert session.live.user["name"] == "mia"
    assert session.live.events_per_second is None
    assert "resumed" not in [kind for kind, _ in told]
    session.take_status(status())
    assert told[-1] == ("resumed", {})


def test_events_per_second_over_the_last_seconds() -> None:
    """The growth of the store's count; sealing, which shrinks it, is no negative rate."""
    now = [NOW]
    session = Session(Client(Path("/nowhere")), lambda: now[0], str)
    session.take_status(status(1000))
    assert session.live.events_per_second is None
    for _ in range(20):
        now[0] += 1
        session.take_status(status(int(1000 + 500 * (now[0] - NOW))))
    assert session.live.events_per_second == pytest.approx(500)
    now[0] += 1
    session.take_status(status(0))
    assert session.live.events_per_second == 0


def test_follows_loses_and_resumes(socket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pushes reach listeners; after a restart of the hub it is live again and rereads."""
    monkeypatch.setattr(session_module, "RETRY_SECONDS", 0.01)

    async def run() -> None:
        fake = FakeHub(socket, estate.alerts(2, NOW), estate.devices(2, NOW), NOW)
        session = new_session(socket)
        told = heard(session)
        following = asyncio.create_task(session.run())

        async def until(kind: str) -> Mapping[str, Any]:
            while kind not in [said for said, _ in told]:
                await asyncio.sleep(0.01)
            place = [said for said, _ in told].index(kind)
            document = told[place][1]
            del told[: place + 1]
            return document

        async with asyncio.timeout(20):
            await fake.start()
            await until("reread")
            await fake.followed()
            fake.push_alert(id=next(iter(fake.alerts)), owner="sam")
            assert (await until("alert"))["owner"] == "sam"
            await fake.stop()
            while session.live.state != "lost":
                await asyncio.sleep(0.01)
            with pytest.raises(StaleError, match="read-only"):
                await session.act({"id": "x"}, "acknowledge")
            await fake.start()
            await until("resumed")
            await until("reread")
            fake._push("alert", {"id": "new"})
            await until("alert")
        following.cancel()
        await fake.stop()

    asyncio.run(run())


def test_conflict_is_told_before_it_is_raised(socket: Path) -> None:
    """Listeners see who won; the error carries it too."""

    async def run() -> None:
        async with FakeHub(socket, estate.alerts(1, NOW), (), NOW) as fake:
            session = new_session(socket)
            session.take_status(status())
            told = heard(session)
            alert = dict(next(iter(fake.alerts.values())))
            fake.alerts[alert["id"]].update(version=5, owner="sam")
            with pytest.raises(ConflictError, match="sam took this"):
                await session.act(alert, "acknowledge")
            assert told == [("alert", fake.alerts[alert["id"]])]

    asyncio.run(run())
