"""soc.intake.decoders.syslog; lines written from RFC 3164, RFC 5424 and rsyslog's templates"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from soc.intake.decoders.syslog import decode

RECEIVED = datetime(2025, 1, 2, 12, 0, tzinfo=UTC).timestamp()


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: float = 0) -> float:
    whole = int(second)
    moment = datetime(year, month, day, hour, minute, whole, round((second - whole) * 1e6), tzinfo=UTC)
    return moment.timestamp()


@pytest.mark.parametrize(
    ("line", "time", "program", "severity", "text"),
    [
        (
            "Jan  2 11:59:58 web-01 sshd[77]: hello: world",
            at(2025, 1, 2, 11, 59, 58),
            "sshd",
            None,
            "hello: world",
        ),
        ("<38>Jan  2 11:59:58 web-01 su: hi", at(2025, 1, 2, 11, 59, 58), "su", 6, "hi"),
        (
            "Dec 31 23:59:59 web-01 cron[1]: last year",
            at(2024, 12, 31, 23, 59, 59),
            "cron",
            None,
            "last year",
        ),
        ("2025-01-02T13:59:58.250000+02:00 web-01 sudo: x", at(2025, 1, 2, 11, 59, 58.25), "sudo", None, "x"),
        ("2025-01-02T11:59:58 web-01 sudo: no zone", at(2025, 1, 2, 11, 59, 58), "sudo", None, "no zone"),
        (
            "<165>1 2025-01-02T11:00:00.5Z h app 12 ID7 - \ufeffmessage",
            at(2025, 1, 2, 11, 0, 0.5),
            "app",
            5,
            "message",
        ),
        ('<0>1 - h app - - [a@1 k="]\\"]"][b] m', None, "app", 0, "m"),
        ("<14>1 - - - - - -", None, "", 6, ""),
        ("Jan  2 11:59:58 web-01 app: ", at(2025, 1, 2, 11, 59, 58), "app", None, ""),
    ],
)
def test_frame(line: str, time: float | None, program: str, severity: int | None, text: str) -> None:
    """Each framing gives time, program, severity and the program's text."""
    frame = decode(line + "\n", RECEIVED, UTC)
    assert frame is not None
    assert (frame.time, frame.program, frame.severity, frame.text) == (time, program, severity, text)


def test_header_fields() -> None:
    """Claimed host, process and message id are kept, absent ones are not."""
    frame = decode("<165>1 - mail-1 app 12 ID7 - x", RECEIVED, UTC)
    assert frame is not None
    assert frame.fields == {"hostname": "mail-1", "pid": "12", "message_id": "ID7"}


def test_times_without_a_zone_are_the_device_s() -> None:
    """A classic time is local time where the device is."""
    frame = decode("Jan  2 13:00:00 h app: x", RECEIVED, ZoneInfo("Europe/Berlin"))
    assert frame is not None
    assert frame.time == RECEIVED


def test_a_leap_day_is_in_the_leap_year() -> None:
    """29 February is taken in the nearest year that has one."""
    frame = decode("Feb 29 00:00:00 h app: x", RECEIVED, UTC)
    assert frame is not None
    assert frame.time == at(2024, 2, 29)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello",
        "Jan 32 11:00:00 h app: x",
        "Jan  2 25:00:00 h app: x",
        "Jan  2 11:00:00 h no tag here",
        "<999>Jan  2 11:00:00 h app: x",
        "<14>1 yesterday h app - - - x",
        "<14>1 - h app - - [unfinished x",
        "<14>1 - h app - - neither x",
        "2025-13-01T00:00:00Z h app: x",
        "Jan  2 11:00:00 h " + "a" * 65 + ": x",
    ],
)
def test_other_lines_are_not_syslog(line: str) -> None:
    """What breaks the format is refused, not guessed at."""
    assert decode(line, RECEIVED, UTC) is None
