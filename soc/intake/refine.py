"""From raw log records to normalised, matched events: one function for workers and refiners."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network
from zoneinfo import ZoneInfo

from soc.collect.logs import GAP
from soc.detection import RuleSet, match_events
from soc.intake import pam
from soc.intake.frame import AUTHENTICATION, Frame, Meaning, decoders, programs
from soc.intake.own_logins import OwnLogins, local_addresses
from soc.intake.senders import Senders
from soc.inventory import Inventory
from soc.model import Device, Event, LogRecord, Match
from soc.model.ids import digest
from soc.model.own import own_event
from soc.model.text import MAXIMUM_TEXT_CHARACTERS

UNPARSED = "unparsed"
SENT_FORMAT = "syslog"  # what is sent to us
FUTURE_SECONDS = 5.0  # how far ahead of ours a claimed time may be
LATENESS_SECONDS = 120.0  # how far behind ours, in a line that was sent to us
_MAXIMUM_FIELDS = 64
# Of what is pulled some is structured, and longer than what is kept of it.
_MAXIMUM_PULLED_CHARACTERS = 262_144
# syslog severity -> OCSF severity_id
_SEVERITIES = (5, 5, 5, 4, 3, 2, 1, 1)
_DEBUG = 7
_OWN_LOGIN = "own_login"


@dataclass(frozen=True, slots=True)
class ReceivedLine:
    """One log line that was sent to us; `id` becomes its event's."""

    id: str
    message: str
    received: float  # UTC seconds
    source_address: str
    transport: str
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class _Origin:
    """What of an event does not come from its line."""

    id: str
    received: float
    device: str
    source_address: str
    fields: Mapping[str, str]
    relayed: bool = False


class Refiner:
    """Decodes, normalises and matches. `devices` tell which address is one of ours; what a relay sends
    is told apart by the host its messages name."""

    def __init__(
        self,
        devices: Mapping[str, Device],
        rules: RuleSet,
        relays: Sequence[IPv4Network | IPv6Network] = (),
        own_logins: OwnLogins | None = None,
    ) -> None:
        self._rules = rules
        self._own_logins = own_logins or OwnLogins()
        self._names = {address: device.name for device in devices.values() for address in device.addresses}
        self._senders = Senders(devices.values(), relays)

    @classmethod
    def of(cls, inventory: Inventory, rules: RuleSet) -> Refiner:
        """For all devices of the inventory, on the machine that collects."""
        own_logins = OwnLogins.of(inventory, local_addresses())
        return cls(inventory.devices, rules, inventory.settings.relays, own_logins)

    def refine(self, records: Sequence[tuple[Device, LogRecord, float]]) -> tuple[list[Event], list[Match]]:
        """Records as (device, record, received as UTC seconds); an event for each, in their order.

        Never raises for what a line says: one that no decoder understands is an event of service
        "unparsed" that holds the line.
        """
        events = [self._pulled(*record) for record in records]
        # Events of our own are matched where they are stored.
        return events, match_events(self._rules, [event for event in events if event.product != "soc"])

    def refine_received(self, lines: Sequence[ReceivedLine]) -> tuple[list[Event], list[Match]]:
        """Likewise for lines that were sent to us. A sender we do not know is device ""."""
        events = [self._sent(line) for line in lines]
        return events, match_events(self._rules, events)

    def _pulled(self, device: Device, record: LogRecord, received: float) -> Event:
        if record.format == GAP:
            return _gap(device, record, received)
        line = record.message[:_MAXIMUM_PULLED_CHARACTERS]
        frame = _decode(record.format, line, received, device.timezone)
        claimed = record.time if record.time is not None else frame.time if frame else None
        origin = _Origin(
            digest(device.name, record.stream, record.cursor),
            received,
            device.name,
            device.addresses[0] if device.addresses else "",
            {"stream": record.stream},
        )
        return self._event(origin, line, frame, _time(claimed, received))

    def _sent(self, sent: ReceivedLine) -> Event:
        line = sent.message[:MAXIMUM_TEXT_CHARACTERS]
        by_address = self._senders.by_address(sent.source_address)
        zone = by_address.timezone if by_address else ""
        frame = _decode(SENT_FORMAT, line, sent.received, zone)
        host = frame.fields.get("hostname", "") if frame else ""
        device, relayed = self._senders.device(sent.source_address, host)
        if device and device.timezone != zone:
            frame = _decode(SENT_FORMAT, line, sent.received, device.timezone)
        fields = {"stream": SENT_FORMAT, "transport": sent.transport}
        if sent.truncated or len(line) < len(sent.message):
            fields["truncated"] = "true"
        name = device.name if device else ""
        origin = _Origin(sent.id, sent.received, name, sent.source_address, fields, relayed)
        time = max(_time(frame.time if frame else None, sent.received), sent.received - LATENESS_SECONDS)
        return self._event(origin, line, frame, time)

    def _event(self, origin: _Origin, line: str, frame: Frame | None, time: float) -> Event:
        if frame is None:
            frame, meaning = Frame(line), Meaning(UNPARSED, "")
        else:
            meaning = _meaning(frame)
        fields = {**frame.fields, **meaning.fields, **origin.fields}
        if frame.severity == _DEBUG:  # OCSF has no such severity; it is kept for a shorter time
            fields = {"level": "debug", **fields}
        if name := self._names.get(meaning.source_ip):
            fields["source_device"] = name
        fields.pop(_OWN_LOGIN, None)  # nobody else says so
        if meaning.class_uid == AUTHENTICATION and self._own_logins.made(
            origin.device, meaning.user, meaning.source_ip
        ):
            fields = {_OWN_LOGIN: "true", **fields}
        return Event(
            id=origin.id,
            time=time,
            received=origin.received,
            device=origin.device,
            source_address=origin.source_address,
            relayed=origin.relayed,
            product="" if meaning.service == UNPARSED else meaning.product,
            category=meaning.category,
            service=meaning.service,
            class_uid=meaning.class_uid,
            activity_id=meaning.activity_id,
            severity_id=1 if frame.severity is None else _SEVERITIES[frame.severity],
            message=frame.text[:MAXIMUM_TEXT_CHARACTERS],
            user=meaning.user,
            source_ip=meaning.source_ip,
            process=frame.program,
            fields=dict(list(fields.items())[:_MAXIMUM_FIELDS]),
            raw="" if frame.text == line else line[:MAXIMUM_TEXT_CHARACTERS],
        )


def _gap(device: Device, record: LogRecord, received: float) -> Event:
    """Lines were lost before we read them: an event of our own."""
    return own_event(
        (device.name, record.stream, record.cursor),
        received,
        "collection",
        record.stream,
        f"lines of {record.stream} are lost: {record.message}",
        severity_id=3,
        device=device.name,
        fields={"reason": GAP, "detail": record.message, "after": record.cursor.removeprefix(f"{GAP} ")},
    )


def _decode(format: str, line: str, received: float, zone: str) -> Frame | None:
    decode = decoders().get(format)
    return decode(line, received, _zone(zone)) if decode else None


def _meaning(frame: Frame) -> Meaning:
    """What the frame's program means by its text; its name alone where nothing is known."""
    if frame.meaning is not None:
        return frame.meaning
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
