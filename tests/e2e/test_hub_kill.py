"""kill -9 of hub, refiner, receiver and worker at random moments, under load: everything is there once."""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from soc.spool.journal import journal_files, read_file
from soc.spool.spool import Spool
from soc.store.record import settled_steps
from tests.support.numbers import CANARY_EVERY, CANARY_RULE, write_numbers
from tests.support.service import Service, eventually
from tests.support.sshd import Host
from tests.support.under_load import CANARIES, Analyst, Receiver, Sender
from tests.support.unix_http import Client
from tests.support.web_server import Website, web_server

_PATIENCE_SECONDS = 240.0
_CHILDREN = {"worker": "soc.hub.collect_worker", "refiner": "soc.intake.refiner"}
_VICTIMS = ("hub", "refiner", "receiver", "worker")


def victims(chance: random.Random, kills: int) -> list[str]:
    """As many, in no order, every kind as often as possible."""
    found = list(_VICTIMS) * (kills // len(_VICTIMS)) + chance.sample(_VICTIMS, kills % len(_VICTIMS))
    chance.shuffle(found)
    return found


def kill(victim: str, hub: Service, receiver: Receiver, chance: random.Random) -> None:
    """kill -9, and whoever starts it again in life does so here; a hub may die again while it starts."""
    if victim == "receiver":
        receiver.kill()
        receiver.start()
    elif victim == "hub":
        for moment in (None, *[chance.uniform(0.0, 2.0)] * (chance.random() < 0.3)):
            if moment is not None:
                time.sleep(moment)
            hub.process.kill()
            hub.process.communicate()
            hub.start()
        hub.await_ready()
    else:
        eventually(lambda: hub.child(_CHILDREN[victim]), _PATIENCE_SECONDS).kill()


def kill_at_random(directory: Path, host: Host, *, kills: int, total: int, pulls: int) -> None:
    """Kill so often under load, with numbers pulled in so many pieces; then count what is in store
    and journal."""
    seed = int(os.environ.get("SOC_TEST_SEED", "0")) or random.randrange(1, 1 << 30)
    print(f"SOC_TEST_SEED={seed}", file=sys.stderr)
    chance = random.Random(seed)
    data = directory / "data"
    data.mkdir(0o700)
    options = write_numbers(directory, pull=total // pulls, total=total, now=time.time())
    receiver = Receiver(data)
    with web_server() as site:
        target = f"{{webhook: {{url: 'http://127.0.0.1:{site.port}'}}}}"
        inventory = directory / "inventory.yaml"
        inventory.write_text(
            f"settings: {{notify: {{targets: {{hook: {target}}}, default: [hook]}}}}\n{host.inventory()}"
        )
        with Service(data, inventory, *options) as hub:
            sender, analyst = Sender(receiver), Analyst(Client(data / "hub.sock"))
            sender.begin()
            analyst.begin()
            try:
                for victim in victims(chance, kills):
                    time.sleep(chance.uniform(0.2, 2.0))
                    kill(victim, hub, receiver, chance)
                time.sleep(1.0)
            finally:
                sender.end()
            assert receiver.running.stop() == 0
            receiver.kill()
            spool = Spool(data / "spool")
            eventually(
                lambda: sampled(hub) == total and not [*spool.raw_directory.glob("*.raw"), *spool.waiting()],
                _PATIENCE_SECONDS,
            )
            eventually(lambda: not analyst.untaken(), _PATIENCE_SECONDS)
            analyst.end()
            alerts = {alert["id"] for alert in hub.client.pages("/v1/alerts", filter="status:all")}
            eventually(lambda: alerts <= told(site), _PATIENCE_SECONDS)
            hub.process.terminate()
            assert hub.process.wait(60) == 0
    assert not list(spool.quarantine_directory.iterdir())
    check(data, total, receiver.event_ids(), analyst.done)


def sampled(hub: Service) -> int:
    """How many numbers have come in."""
    items = hub.get("/v1/query", expr="max(max_over_time(test_number[1d]))")["items"]
    return int(items[0]["value"]) if items else 0


def told(site: Website) -> set[str]:
    """The alerts that the webhook was told of."""
    return {notice["alert"]["id"] for post in site.requests for notice in post.document["notices"]}


def check(data: Path, total: int, received: list[str], done: list[tuple[str, str]]) -> None:
    """Everything that was promised is there, and nothing is there twice."""
    with duckdb.connect(str(data / "soc.duckdb"), read_only=True) as store:
        ask = lambda sql, *values: store.execute(sql, values or None).fetchall()  # noqa: E731
        numbers = ask(
            "SELECT value FROM sample JOIN series USING (series_id) WHERE metric = 'test_number' "
            "AND value IS NOT NULL ORDER BY value"
        )
        pulled = ask("SELECT message FROM event WHERE fields['stream'] = 'numbers'")
        events = Counter(id for (id,) in ask("SELECT id FROM event"))
        sent = Counter(ask("SELECT process, message FROM event WHERE fields['stream'] = 'syslog'"))
        canaries = ask("SELECT id, \"user\" FROM event WHERE \"user\" LIKE 'canary%' AND product = 'linux'")
        matches = Counter(ask("SELECT event_id, rule_id FROM match"))
        alerts = ask("SELECT count(*), count(DISTINCT fingerprint), sum(count) FROM alert_current")
        steps = ask("SELECT id, action, alert_id FROM alert_transition")
        notices = ask("SELECT alert_id, what FROM outbox")
    assert [value for (value,) in numbers] == [float(number) for number in range(1, total + 1)]
    assert len(pulled) == len(set(pulled)) == total
    assert len(received) > 100
    assert set(received) <= events.keys()
    assert max(events.values()) == 1
    # The canaries of one user are alike.
    assert max(count for (process, _), count in sent.items() if process == "app") == 1
    users = {user for _, user in canaries}
    assert len(users) == total // CANARY_EVERY + CANARIES
    # Shipped rules match logins too.
    assert max(matches.values()) == 1
    assert {id for id, rule in matches if rule == CANARY_RULE} == {id for id, _ in canaries}
    assert alerts == [(len(users), len(users), len(canaries))]
    assert Counter(steps) == Counter(set(steps))
    acted = Counter((action, alert) for _, action, alert in steps)
    spelled = {"acknowledge": "acknowledged", "note": "noted"}
    assert Counter((spelled[action], alert) for action, alert in done) == Counter(
        {key: count for key, count in acted.items() if key[0] in spelled.values()}
    )
    assert len(done) == 2 * len(users)
    assert Counter(notices) == Counter((alert, "opened") for action, alert in acted if action == "opened")
    documents = [frame.document for path in journal_files(data / "journal") for frame in read_file(path)]
    noted = Counter(step.transition.id for _, step in settled_steps(documents))
    assert noted == Counter(id for id, _, _ in steps)


@pytest.mark.timeout(900)
def test_everything_is_there_once_after_five_kills(tmp_path: Path, start_sshd: Callable[[str], Host]) -> None:
    """Frames that were acknowledged, samples, matches, alerts, what the analyst did, notices: none lost,
    none double, after five kills."""
    kill_at_random(tmp_path, start_sshd(""), kills=5, total=500, pulls=10)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_everything_is_there_once_after_sixty_kills(
    tmp_path: Path, start_sshd: Callable[[str], Host]
) -> None:
    """The same over sixty kills."""
    kill_at_random(tmp_path, start_sshd(""), kills=60, total=7000, pulls=70)
