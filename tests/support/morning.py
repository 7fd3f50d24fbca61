"""A morning of a small estate, minute by minute, with alerts of both kinds and people who act on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from soc.alerting import acknowledge, close
from soc.model import Device
from soc.model.alerts import Actor
from soc.pipeline.actions import apply_action
from soc.store import Store
from soc.store.alerts import AlertFilter
from tests.support.estate import START, Estate, availability_rules, event, rule
from tests.support.rules import load_documents, rule_document

ALL = AlertFilter(state="all")
MIA = Actor(1001, "mia", "cli")


def make(directory: Path) -> Estate:
    """An estate with rules of both kinds, one of which watches what people do."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "sigma").mkdir(exist_ok=True)
    login = rule_document(
        {"selection": {"service": "sshd"}, "condition": "selection"},
        title="Login", logsource={"product": "linux"}, group_by=["user"],
    )  # fmt: skip
    acted = rule_document(
        {"selection": {"category": "alert", "action": "acknowledged"}, "condition": "selection"},
        title="Somebody acted", id="00000000-0000-4000-8000-000000000002", logsource={"product": "soc"},
    )  # fmt: skip
    rules = load_documents(directory / "sigma", login, acted)
    groups = availability_rules(directory, rule("DeviceDown", "max by (device) (up) == 0", "2m"))
    devices = (Device("web-1", "hosting", supplier="hostco", site="hq"), Device("sw-1", "network"))
    return Estate(directory, devices, groups, rules)


def act(store: Store, title: str, action: Callable[..., Any], now: float, *more: str) -> None:
    [alert] = [found for found in store.alerts.select(ALL) if found.rule_title == title and found.is_open]
    apply_action(store, alert, lambda found: action(found, MIA, now, f"request-{now}", *more), now)


def live(estate: Estate, first: int = 0, last: int = 10) -> None:
    """A morning, minute by minute, in which alerts open, are taken, resolve, are closed and open again."""
    with estate.store() as store:
        for number in range(first, last):
            at = START + 60 * number
            builder = estate.poll(at + 5, {"web-1": True, "sw-1": not 2 <= number < 8})
            estate.seal(estate.events([event(number, at + 6, user=f"user-{number // 4}")], builder), at + 10)
            estate.run(at + 30, store)
            if number == 1:
                act(store, "Login", acknowledge, at + 40, "mine")
            elif number == 2:
                act(store, "Login", close, at + 40, "benign", "a test")
            elif number == 6:
                act(store, "DeviceDown", acknowledge, at + 40)
