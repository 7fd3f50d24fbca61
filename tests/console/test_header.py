"""soc.console.header: whether what you see is so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from soc.console.header import header
from soc.console.session import Live
from soc.console.words import clock
from tests.support.console_estate import rfc3339

NOW = 1_700_000_000.0
STATUS: dict[str, Any] = {
    "alerts": {"open": 12}, "collection": {"lag_seconds": 0.8}, "you": {"name": "mia", "role": "analyst"},
    "hub": {"blind_since": None},
}  # fmt: skip
LIVE = Live("live", NOW - 60, "", 1012.0, STATUS)


def said(live: Live, width: int = 80) -> str:
    return "".join(text for text, _ in header("OVERVIEW", live, 3, NOW, width))


def test_live() -> None:
    """Open alerts, unowned critical ones, the time, events per second, lag, who you are; in 80 cells."""
    text = said(LIVE)
    assert text == f" OVERVIEW   12 open 3 unowned crit  ● live {clock(NOW)}  1 012 ev/s lag 0.8s  mia"
    assert len(text) <= 80
    assert "1 overview" in said(LIVE, 120)


@pytest.mark.parametrize(
    "live",
    [
        Live("live", NOW, "", 5.0, STATUS | {"hub": {"blind_since": rfc3339(NOW - 600)}}),
        Live("lost", NOW - 60, "gone", None, STATUS),
        Live("connecting", NOW),
    ],
)
def test_never_green_when_it_does_not_see(live: Live) -> None:
    """Blind, lost or not yet connected: nothing says live, and nothing has the colour of it."""
    spans = header("OVERVIEW", live, 0, NOW, 200)
    assert not [text for text, style in spans if style == "ok" or "live" in text]
    assert [text for text, style in spans if style in ("blind", "stale")]


def test_blind_and_stale_say_since_when() -> None:
    """The time at which the seeing ended, not the time it is."""
    blind = replace(LIVE, status=STATUS | {"hub": {"blind_since": rfc3339(NOW - 600)}})
    assert f"BLIND since {clock(NOW - 600)[:5]}" in said(blind)
    lost = Live("lost", NOW - 60, "gone", None, STATUS)
    assert f"? STALE since {clock(NOW - 60)}, read-only" in said(lost)
    assert "ev/s" not in said(lost)
