"""soc.collect.snmp.anew"""

from __future__ import annotations

import pytest

from soc.collect import SnmpScalars, text
from soc.collect.port import Answer, Job
from soc.collect.snmp.anew import note_beginning
from soc.demo import ber
from soc.model import Device

from .agents import Agent, honest, serving
from .conftest import poll

NOW = 1_700_000_000.0
SYSTEM = SnmpScalars(name=text("1.3.6.1.2.1.1.5.0"))


def noted(uptime: object, before: dict[str, object], **hints: object) -> tuple[bool, object]:
    """Whether it began anew, and the hint that is left."""
    answer = Answer(Job(Device("d", "network"), (), (), hints=before), NOW, answered=True, hints=hints)
    note_beginning(answer, uptime)
    return answer.anew, answer.hints.get("booted")


@pytest.mark.parametrize(
    ("uptime_seconds", "before", "anew", "hint"),
    [
        (1000, None, False, NOW - 1000),  # a stranger
        (1000, NOW - 1030, False, None),  # within the drift: nothing to write
        (1000, NOW - 1200, False, NOW - 1000),  # the clocks drift apart
        (1000, NOW - 900, False, NOW - 1000),
        (10, NOW - 1000, True, NOW - 10),
        (10, NOW - 100, False, NOW - 10),  # it had run for two minutes
    ],
)
def test_uptime_that_went_back_is_a_beginning(
    uptime_seconds: int, before: float | None, anew: bool, hint: float | None
) -> None:
    """Clocks that differ a little are not; the hint is written where it changed."""
    known = {} if before is None else {"booted": before}
    assert noted(uptime_seconds * 100, known) == (anew, hint)


@pytest.mark.parametrize("uptime", [None, b"x", "1", -5, True])
def test_an_uptime_that_is_none_says_nothing(uptime: object) -> None:
    """Agents send anything."""
    assert noted(uptime, {"booted": 5.0}) == (False, None)


def test_another_engine_or_kind_is_another_device() -> None:
    """Where they were known before; a poll that did not read them says nothing."""
    before = {"engine_id": "80001f88", "object_id": "1.3.6.1.4.1.9.1.1"}
    assert noted(None, before, engine_id="80001f89") == (True, None)
    assert noted(None, before, object_id="1.3.6.1.4.1.9.1.2") == (True, None)
    assert noted(None, before, **before) == (False, None)
    assert noted(None, before) == (False, None)
    assert noted(None, {}, **before) == (False, None)


def _agent(uptime_seconds: int) -> Agent:
    return honest(
        {
            "1.3.6.1.2.1.1.3.0": (ber.TIME_TICKS, uptime_seconds * 100),
            "1.3.6.1.2.1.1.5.0": (ber.OCTET_STRING, b"example"),
        }
    )


def test_a_restart_is_seen_by_the_poll_after_it() -> None:
    """By the single GET of a known agent, too."""
    agents = [_agent(10_000)]
    with serving(lambda request: [agents[-1].respond(request.datagram, 0.0) or b""]) as port:
        first = poll(port, (SYSTEM,))
        second = poll(port, (SYSTEM,), hints=first.hints)
        agents.append(_agent(20))
        third = poll(port, (SYSTEM,), hints={**first.hints, **second.hints})
        fourth = poll(port, (SYSTEM,), hints={**first.hints, **second.hints, **third.hints})
    assert [answer.anew for answer in (first, second, third, fourth)] == [False, False, True, False]
