"""The section `settings`: what it may say, and the values it takes when it is silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from soc.inventory.credentials import path
from soc.inventory.nodes import Node, ScalarNode, is_null
from soc.inventory.report import Report, hint, quoted
from soc.inventory.schema import (
    Reader,
    choice,
    integer,
    listing,
    mapping,
    named,
    one_of,
    record,
    scalar,
    text,
)
from soc.inventory.secrets import Secret, secret
from soc.inventory.values import IPNetwork, duration, endpoint, mail_address, name, network, web_address
from soc.model import SEVERITIES

DEFAULT_INTERVALS: Mapping[str, float] = MappingProxyType(
    {
        "reachability": 60.0,
        "health": 300.0,
        "interfaces": 300.0,
        "supplies": 900.0,
        "posture": 21600.0,
        "configuration": 86400.0,
    }
)
_DAY_SECONDS = 86400.0
_DEFAULT_EVENT_RETENTION = {
    "default": 365 * _DAY_SECONDS,
    "debug": 14 * _DAY_SECONDS,
    "execution": 90 * _DAY_SECONDS,
}


@dataclass(frozen=True, slots=True)
class Listener:
    """Where a receiver listens; TLS where `certificate` and `key` (paths) are given."""

    address: str
    port: int
    certificate: str = ""
    key: str = ""
    client_authority: str = ""  # path of the CA that senders' certificates must come from


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept, in seconds; `events` by retention class, "default" always among them."""

    samples: float = 400 * _DAY_SECONDS
    events: Mapping[str, float] = field(default_factory=lambda: dict(_DEFAULT_EVENT_RETENTION))
    raw: float = 90 * _DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Pack:
    """A directory of Sigma rules; `mode` "shadow" records matches, opens and notifies nothing."""

    path: str
    minimum_level: str = "informational"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    mode: str = "alert"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    url: Secret
    every: float  # seconds


@dataclass(frozen=True, slots=True)
class MailServer:
    host: str
    port: int = 587
    tls: str = "starttls"  # or "tls" (from the first byte) or "none"
    user: str = ""
    password: Secret | None = None


@dataclass(frozen=True, slots=True)
class MailTarget:
    to: tuple[str, ...]
    sender: str
    smtp: MailServer


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    url: Secret


Target = MailTarget | WebhookTarget


@dataclass(frozen=True, slots=True)
class Notify:
    targets: Mapping[str, Target] = field(default_factory=dict)
    default: tuple[str, ...] = ()  # names of targets


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything about the installation that is not a device. Intervals are seconds by class."""

    intervals: Mapping[str, float] = field(default_factory=lambda: DEFAULT_INTERVALS)
    collection: str = "internal"  # or "external": cron polls
    listen: Mapping[str, Listener] = field(default_factory=dict)
    relays: tuple[IPNetwork, ...] = ()
    own_addresses: tuple[IPNetwork, ...] = ()  # where hosts see us come from, behind address translation
    retention: Retention = field(default_factory=Retention)
    packs: tuple[Pack, ...] = ()
    heartbeat: Heartbeat | None = None
    notify: Notify = field(default_factory=Notify)


interval_overrides: Reader = named(one_of(tuple(DEFAULT_INTERVALS)), scalar(duration))
_TLS_FILES: dict[str, Reader] = {"certificate": path, "key": path, "client_authority": path}
_LISTENER = record({"address": scalar(endpoint), **_TLS_FILES}, "listener", required=("address",))


def _listener(report: Report, node: Node) -> Listener:
    if isinstance(node, ScalarNode):
        return Listener(*endpoint(node.text))
    values = _LISTENER(report, node)
    if ("certificate" in values) != ("key" in values):
        report.error(node.line, "certificate and key are given together")
    return Listener(*values.pop("address", ("", 0)), **values)


def _intervals(report: Report, node: Node) -> Mapping[str, float]:
    return {**DEFAULT_INTERVALS, **interval_overrides(report, node)}


def _events_retention(report: Report, node: Node) -> dict[str, float]:
    return {**_DEFAULT_EVENT_RETENTION, **named(name, scalar(duration))(report, node)}


_RETENTION = record(
    {"samples": scalar(duration), "events": _events_retention, "raw": scalar(duration)}, "retention"
)
_PACK = record(
    {
        "path": path,
        "minimum_level": choice(SEVERITIES),
        "include": listing(text(256)),
        "exclude": listing(text(256)),
        "mode": choice(("alert", "shadow")),
    },
    "pack", required=("path",),
)  # fmt: skip


def _pack(report: Report, node: Node) -> Pack:
    return Pack(**{"path": "", **_PACK(report, node)})


def _url(report: Report, node: Node) -> Secret:
    if isinstance(node, ScalarNode):
        web_address(node.text)
    return secret(report, node)


_HEARTBEAT = record({"url": _url, "every": scalar(duration)}, "heartbeat", required=("url",))


def _heartbeat(report: Report, node: Node) -> Heartbeat | None:
    values = {"every": 300.0, **_HEARTBEAT(report, node)}
    return Heartbeat(**values) if "url" in values else None


_SMTP = record(
    {
        "host": text(253),
        "port": integer(1, 65535),
        "tls": choice(("starttls", "tls", "none")),
        "user": text(320),
        "password": secret,
    },
    "smtp", required=("host",),
)  # fmt: skip


def _smtp(report: Report, node: Node) -> MailServer:
    values = _SMTP(report, node)
    if "password" in values and values.get("tls") == "none":
        report.error(node.line, "a password is not sent without TLS; expected tls: starttls or tls: tls")
    return MailServer(**{"host": "", **values})


_MAIL = record(
    {"to": listing(scalar(mail_address)), "from": scalar(mail_address), "smtp": _smtp},
    "mail", required=("to", "from", "smtp"),
)  # fmt: skip
_WEBHOOK = record({"url": _url}, "webhook", required=("url",))
_TARGET = record({"mail": _MAIL, "webhook": _WEBHOOK}, "target")


def _target(report: Report, node: Node) -> Target | None:
    given = [key for key, child in mapping(node).entries.items() if not is_null(child)]
    if len(given) != 1:
        raise ValueError("expected either mail: {…} or webhook: {…}")
    values: dict[str, Any] = _TARGET(report, node).get(given[0], {})
    if given[0] == "webhook":
        return WebhookTarget(values["url"]) if "url" in values else None
    complete = {"to", "from", "smtp"} <= values.keys()
    return MailTarget(values["to"], values["from"], values["smtp"]) if complete else None


_NOTIFY = record({"targets": named(name, _target), "default": listing(scalar(name))}, "notify")


def _notify(report: Report, node: Node) -> Notify:
    values = _NOTIFY(report, node)
    notify = Notify(**values)
    for target in notify.default:
        if target not in notify.targets:
            line = mapping(node).line_of("default")
            report.error(line, f"default: unknown target {quoted(target)}{hint(target, notify.targets)}")
    return notify


_SETTINGS = record(
    {
        "intervals": _intervals,
        "collection": choice(("internal", "external")),
        "listen": named(one_of(("syslog_udp", "syslog_tcp", "syslog_tls", "traps", "http")), _listener),
        "relays": listing(scalar(network)),
        "own_addresses": listing(scalar(network)),
        "retention": lambda report, node: Retention(**_RETENTION(report, node)),
        "packs": listing(_pack),
        "heartbeat": _heartbeat,
        "notify": _notify,
    },
    "settings",
)


def settings(report: Report, node: Node) -> Settings:
    return Settings(**_SETTINGS(report, node))
