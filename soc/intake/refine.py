"""From raw log records to normalised, matched events: one function for workers and refiners."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from soc.detection import RuleSet, match_events
from soc.intake import pam
from soc.intake.frame import Frame, Meaning, decoders, programs
from soc.model import Device, Event, LogRecord, Match
from soc.model.ids import digest
from soc.model.text import MAXIMUM_TEXT_CHARACTERS

UNPARSED = "unparsed"
FUTURE_SECONDS = 5.0  # how far ahead of ours a claimed time may be
_MAXIMUM_FIELDS = 64
# syslog severity -> OCSF severity_id
_SEVERITIES = (5, 5, 5, 4, 3, 2, 1, 1)


class Refiner:
    """Decodes, normalises and matches. `devices` tell which address is one of ours."""

    def __init__(self, devices: Mapping[str, Device], rules: RuleSet) -> None:
        self._rules = rules
        self._names = {address: device.name for device in devices.values() for address in device.addresses}

    def refine(self, records: Sequence[tuple[Device, LogRecord, float]]) -> tuple[list[Event], list[Match]]:
        """Records as (device, record, received as UTC seconds); an event for each, in their order.

        Never raises for what a line says: one that no decoder understands is an event of service
        "unparsed" that holds the line.
        """
        events = [self._event(*record) for record in records]
        return events, match_events(self._rules, events)

    def _event(self, device: Device, record: LogRecord, received: float) -> Event:
        line = record.message[:MAXIMUM_TEXT_CHARACTERS]
        decode = decoders().get(record.format)
        frame = decode(line, received, _zone(device.timezone)) if decode else None
        if frame is None:
            frame, meaning = Frame(line), Meaning(UNPARSED, "")
        else:
            meaning = _meaning(frame)
        fields = {**frame.fields, **meaning.fields, "stream": record.stream}
        if name := self._names.get(meaning.source_ip):
            fields["source_device"] = name
        return Event(
            id=digest(device.name, record.stream, record.cursor),
            time=_time(frame.time if record.time is None else record.time, received),
            received=received,
            device=device.name,
            source_address=device.addresses[0] if device.addresses else "",
            product="" if meaning.service == UNPARSED else "linux",
            category=meaning.category,
            service=meaning.service,
            class_uid=meaning.class_uid,
            activity_id=meaning.activity_id,
            severity_id=1 if frame.severity is None else _SEVERITIES[frame.severity],
            message=frame.text,
            user=meaning.user,
            source_ip=meaning.source_ip,
            process=frame.program,
            fields=dict(list(fields.items())[:_MAXIMUM_FIELDS]),
            raw="" if frame.text == line else line,
        )


def _meaning(frame: Frame) -> Meaning:
    """What the frame's program means by its text; its name alone where nothing is known."""
    text = frame.text
    if text.startswith("message repeated ") and text.endswith("]"):  # rsyslog folds equal lines
        text = text.partition(": [ ")[2].removesuffix("]")
    found = None
    if text.startswith("pam_"):
        found = pam.parse(frame.program.lower(), text)
    elif parse := programs().get(frame.program):
        found = parse(text)
    return found or Meaning(frame.program.lower(), "")


def _time(claimed: float | None, received: float) -> float:
    if claimed is None or not math.isfinite(claimed) or claimed < 0:
        return received
    return min(claimed, received + FUTURE_SECONDS)


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    """The zone of a device's clock; UTC where none is given (the inventory checks names)."""
    try:
        return ZoneInfo(name) if name else UTC
    except (KeyError, ValueError, OSError):
        return UTC
