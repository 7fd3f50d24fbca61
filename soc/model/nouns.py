"""The nouns that every part shares: frozen values without I/O.

Times are UTC seconds since the epoch (float) unless a name says otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple

Tower = Literal["network", "hosting", "end-user", "print", "power", "mobile", "security", "service"]
TOWERS: tuple[str, ...] = (
    "network", "hosting", "end-user", "print", "power", "mobile", "security", "service",
)  # fmt: skip
SEVERITIES: tuple[str, ...] = ("informational", "low", "medium", "high", "critical")
SEVERITY_IDS: dict[str, int] = {name: number for number, name in enumerate(SEVERITIES, start=1)}
# A stream that answers "is the device there": a device is down when all that apply failed.
REACHABILITY_COLLECTORS: tuple[str, ...] = ("snmp", "ssh", "ping", "local")

# Why a poll failed; `soc status` counts failures under these words.
REASONS: tuple[str, ...] = (
    "timeout",  # nothing came back in time
    "refused",  # RST or ICMP unreachable: no answer
    "resolve",  # the name has no address
    "connect",  # no route, network error
    "jump",  # the jump host on the way failed: says nothing about the device
    "authentication",  # the device answered and did not accept the credential
    "credential",  # our secret reference did not resolve; nothing was sent
    "host-key-unknown",
    "host-key-changed",
    "host-certificate",  # of an authority we trust, but expired, for another name, or no host's
    "protocol",  # the answer broke the protocol (BER, SSH banner, key exchange)
    "algorithms",  # what the SSH server offers is too weak for us, or unknown to us
    "command",  # the command failed or does not exist there
    "limit",  # row cap, byte cap, non-increasing OIDs
    "type",  # a value of another type than declared
    "parser",  # the collector raised
    "deadline",  # the cycle's or session's total deadline cut it
    "internal",  # collection itself broke: says nothing about the device
    "resting",  # not tried: the credential rests after two authentication failures
)

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def canonical_labels(labels: Mapping[str, str]) -> str:
    """Labels as JSON with sorted keys and no blanks: equal sets have equal text."""
    return _ENCODER.encode(dict(labels))


_NONE: Mapping[str, str] = MappingProxyType({})


# The two nouns of which there are millions are tuples: made at a third of a frozen dataclass's cost.
class Sample(NamedTuple):
    """One measured value. `value` None is a staleness marker. `time` 0 = filled in by the worker.

    `attributes` describe the sample beyond its series' identity (an interface's ifIndex): shown by
    `soc poll`, no part of the labels.
    """

    metric: str
    value: float | None
    labels: Mapping[str, str] = _NONE
    time: float = 0.0
    attributes: Mapping[str, str] = _NONE


@dataclass(frozen=True, slots=True)
class Fact:
    """What a device says of itself; history is kept and a change makes an event.

    `key` names the set ("identity", "account"), `instance` the member ("serial", "root").
    """

    key: str
    value: str
    instance: str = ""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One raw log line pulled from a device, before decoding.

    `cursor` is unique and increasing within (device, stream): the event's identity comes from it.
    """

    stream: str  # for example "auth"
    cursor: str
    message: str
    format: str = "syslog"  # which decoder of intake/ understands it
    time: float | None = None  # as the source gave it, if it did outside the line


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next pull of (device, stream) begins; travels in the segment with its records."""

    device: str
    stream: str
    value: str


class Poll(NamedTuple):
    """The outcome of one collector on one device at one time."""

    device: str
    collector: str
    time: float
    ok: bool
    answered: bool  # any answer at all, an authentication error included
    reason: str = ""  # one of REASONS when not ok
    detail: str = ""  # for people; no secret
    duration_seconds: float = 0.0
    interval_seconds: float = 0.0
    fact_keys: tuple[str, ...] = ()  # fact sets this poll read completely


@dataclass(frozen=True, slots=True)
class Event:
    """A normalised event (docs/reference.md, events). Empty text = absent."""

    id: str
    time: float  # claimed by the source
    received: float  # ours
    device: str = ""
    source_address: str = ""
    relayed: bool = False
    product: str = ""
    category: str = ""
    service: str = ""
    class_uid: int = 0  # OCSF
    activity_id: int = 0  # OCSF
    severity_id: int = 1  # OCSF, 1..5
    message: str = ""
    user: str = ""
    source_ip: str = ""
    target_ip: str = ""
    process: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A detection rule matched one event."""

    event_id: str
    rule_id: str
    rule_version: str  # hash of the rule's text
    time: float  # the event's time
    received: float
    device: str
    labels: Mapping[str, str]  # the rule's own group labels with their values
    fields: Mapping[str, str]  # values of the fields that correlations over this rule group by


@dataclass(frozen=True, slots=True)
class Device:
    """One inventory entry."""

    name: str
    tower: str
    addresses: tuple[str, ...] = ()  # tried in order
    kind: str = ""
    site: str = ""
    supplier: str = ""
    state: str = "active"  # staged | active | retired
    availability: str = "expected"  # or best-effort
    credentials: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    log_names: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    renamed_from: str = ""
    timezone: str = ""
    every: Mapping[str, float] = field(default_factory=dict)  # interval class -> seconds
    options: Mapping[str, object] = field(default_factory=dict)  # snmp, ssh, logs, plugins, maintenance
