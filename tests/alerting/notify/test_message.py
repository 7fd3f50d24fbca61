"""Messages as text and as documents."""

from __future__ import annotations

import json
import re

import pytest

from soc.alerting.notify.message import DIGEST_ABOVE, document, subject, text
from soc.model.notices import Notice
from tests.support.notices import HOSTILE, NOW, message, notice

UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]")


def test_one() -> None:
    """A single notice names its alert in the subject, and tells everything about it."""
    single = message(notice(1, runbook="https://runbooks.example.org/root", description="one\ntwo"))
    assert subject(single) == "[soc] high opened: A-1 root logged in, number 1"
    for line in ("OPENED  high  root logged in, number 1", "  device:     web-1", "  labels:     user=root",
                 "  runbook:    https://runbooks.example.org/root", "  one", "  two"):  # fmt: skip
        assert line in text(single).splitlines()


def test_several() -> None:
    """The subject counts them; the most severe stands first."""
    several = message(
        notice(1, severity="low"), notice(2, severity="critical"), notice(3, "resolved", severity="low")
    )
    assert subject(several) == "[soc] 3 notices, worst critical: 2 opened, 1 resolved"
    assert [line.split("  ")[1] for line in text(several).splitlines() if line[:1] in "OR" and line] == [
        "critical", "low", "low",
    ]  # fmt: skip


@pytest.mark.parametrize("count", [DIGEST_ABOVE, DIGEST_ABOVE + 1, 50])
def test_digest(count: int) -> None:
    """Above ten notices each has one line."""
    many = text(message(*(notice(number) for number in range(count))))
    assert all(f"A-{number} " in many for number in range(count))
    assert ("labels:" in many) == (count <= DIGEST_ABOVE)


def test_test_message() -> None:
    """A message without notices says that it is a test."""
    assert subject(message()) == "[soc] test message for ops"
    assert "test" in text(message())
    assert document(message())["test"] is True


def test_document() -> None:
    """The documented keys; a notice's own document with its id."""
    found = document(message(notice(1)))
    assert {name: found[name] for name in ("version", "id", "target", "test")} == {
        "version": 1, "id": "message-1", "target": "ops", "test": False,
    }  # fmt: skip
    assert found["notices"] == [{"id": "notice-1", **notice(1).document}]


def test_hostile_text() -> None:
    """No control character gets into a subject, a text or a document, and all of it can be encoded."""
    hostile = message(
        notice(1, summary=HOSTILE, device=HOSTILE, labels={HOSTILE: HOSTILE}, description=HOSTILE)
    )
    assert not UNSAFE.search(subject(hostile))
    assert "\n" not in subject(hostile)
    assert not UNSAFE.search(text(hostile))
    found = document(hostile)
    strings = re.findall(r"\\u[0-9a-f]{4}", json.dumps(found))
    assert not UNSAFE.search("".join(json.loads(f'"{escape}"') for escape in strings))
    json.dumps(found, ensure_ascii=False).encode()


def test_bounds() -> None:
    """Endless text and lists are cut."""
    endless = message(
        notice(
            1, summary="x" * 10**6, description="line\n" * 10**5, labels={str(n): "v" for n in range(10**4)}
        )
    )
    assert len(subject(endless)) <= 150
    assert len(text(endless)) < 10_000
    assert len(json.dumps(document(endless))) < 10_000


def test_an_incomplete_document() -> None:
    """A notice whose alert lacks everything is told with what there is."""
    bare = message(Notice("id", "ops", "ALERT", "resolved", NOW, {}))
    assert "resolved" in subject(bare)
    assert "RESOLVED" in text(bare)
