"""soc.intake.programs.su; lines written from util-linux's su-common.c"""

from __future__ import annotations

import pytest

from soc.intake.programs.su import parse


@pytest.mark.parametrize(
    ("text", "outcome"),
    [("(to root) ann on pts/1", "success"), ("FAILED SU (to root) ann on pts/1", "failure")],
)
def test_switch(text: str, outcome: str) -> None:
    """Who became whom, or failed to."""
    meaning = parse(text)
    assert meaning is not None
    assert meaning.user == "ann"
    assert meaning.fields == {"target_user": "root", "tty": "pts/1", "outcome": outcome}


def test_other_messages_have_no_meaning_here() -> None:
    """Anything else is left alone."""
    assert parse("ignore request") is None
    assert parse("(to root") is None
