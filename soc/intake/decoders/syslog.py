"""Syslog lines: RFC 5424, RFC 3164, and the files of rsyslog (either, with RFC 3339 times, no priority)."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from soc.intake.frame import Frame

FORMAT = "syslog"

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
_MAXIMUM_PRIORITY = 191
_MAXIMUM_TAG_CHARACTERS = 64


def decode(line: str, received: float, zone: tzinfo) -> Frame | None:
    severity, rest = _priority(line.rstrip("\r\n"))
    if severity is not None and rest.startswith("1 "):
        return _rfc5424(rest[2:], severity, zone)
    time, rest = _rfc3164_time(rest, received, zone)
    if time is None:
        stamp, _, rest = rest.partition(" ")
        time = _rfc3339_time(stamp, zone)
    if time is None:
        return None
    host, _, rest = rest.partition(" ")
    program, process_id, text = _tag(rest)
    if not host or not program:
        return None
    fields = {"hostname": host, "pid": process_id}
    return Frame(text, program, time, severity, {name: value for name, value in fields.items() if value})


def _priority(line: str) -> tuple[int | None, str]:
    digits, closed, _ = line[1:5].partition(">")
    if line.startswith("<") and closed and digits.isascii() and digits.isdigit():
        priority = int(digits)
        if priority <= _MAXIMUM_PRIORITY:
            return priority & 7, line[len(digits) + 2 :]
    return None, line


def _rfc3164_time(text: str, received: float, zone: tzinfo) -> tuple[float | None, str]:
    """`Mmm dd hh:mm:ss`, in the year nearest to when it was received (RFC 3164 section 4.1.2)."""
    month = _MONTHS.get(text[:3])
    stamp = text[4:15]
    if month is None or text[3:4] != " " or len(stamp) != 11 or text[15:16] != " ":
        return None, text
    day, clock = stamp[:2].strip(), stamp[3:].split(":")
    if len(clock) != 3 or not all(part.isascii() and part.isdigit() for part in (day, *clock)):
        return None, text
    hour, minute, second = clock
    year = datetime.fromtimestamp(received, UTC).year
    candidates = []
    for candidate in (year - 1, year, year + 1):
        try:
            moment = datetime(candidate, month, int(day), int(hour), int(minute), int(second), tzinfo=zone)
            candidates.append(moment.timestamp())
        except (ValueError, OverflowError):
            continue  # 29 February, or no such hour
    if not candidates:
        return None, text
    return min(candidates, key=lambda time: abs(time - received)), text[16:]


def _rfc3339_time(text: str, zone: tzinfo) -> float | None:
    if len(text) < 19 or text[4:5] != "-" or text[10:11] != "T":
        return None
    try:
        moment = datetime.fromisoformat(text[:40])
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        return None


def _tag(text: str) -> tuple[str, str, str]:
    """(program, process id, message) of `program[pid]: message`."""
    tag, colon, message = text.partition(":")
    if not colon or len(tag) > _MAXIMUM_TAG_CHARACTERS or " " in tag:
        return "", "", text
    program, _, process_id = tag.partition("[")
    return program, process_id.rstrip("]"), message.removeprefix(" ")


def _rfc5424(text: str, severity: int, zone: tzinfo) -> Frame | None:
    """RFC 5424 section 6, after the version: TIMESTAMP HOSTNAME APP-NAME PROCID MSGID SD [MSG]."""
    parts = text.split(" ", 5)
    if len(parts) < 6:
        return None
    stamp, host, program, process_id, message_id, rest = parts
    time = None if stamp == "-" else _rfc3339_time(stamp, zone)
    if time is None and stamp != "-":
        return None
    message = _after_structured_data(rest)
    if message is None:
        return None
    fields = {"hostname": host, "pid": process_id, "message_id": message_id}
    return Frame(
        message.removeprefix("\ufeff"),
        "" if program == "-" else program[:_MAXIMUM_TAG_CHARACTERS],
        time,
        severity,
        {name: value for name, value in fields.items() if value not in ("", "-")},
    )


def _after_structured_data(text: str) -> str | None:
    """The message behind `-` or `[id name="value"]...`; None where the data never end."""
    if text.startswith("-"):
        return text[1:].removeprefix(" ")
    position = 0
    while text[position : position + 1] == "[":
        quoted = escaped = False
        for position in range(position + 1, len(text)):  # noqa: B020 (continues where the element began)
            character = text[position]
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = quoted
            elif character == '"':
                quoted = not quoted
            elif character == "]" and not quoted:
                break
        else:
            return None
        position += 1
    return text[position:].removeprefix(" ") if position else None
