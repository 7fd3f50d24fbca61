"""The section `settings`."""

from __future__ import annotations

import ipaddress
from typing import Any

from soc.collect.declare import INTERVAL_CLASSES
from soc.inventory import (
    DEFAULT_INTERVALS,
    Heartbeat,
    Listener,
    MailServer,
    MailTarget,
    Notify,
    Pack,
    Retention,
    Settings,
    WebhookTarget,
    load_inventory,
)
from soc.inventory.secrets import Secret

DAY = 86400.0


def settings(write: Any, text: str) -> Settings:
    """The settings of an inventory that says `text` under `settings`."""
    return load_inventory(write(f"version: 1\nsettings: {{{text}}}\n")).settings


def test_silence_means_the_defaults(write: Any) -> None:
    """Without the section nothing listens or notifies; intervals and retention are the documented ones."""
    inventory = load_inventory(write("version: 1\n"))

    assert inventory.settings == Settings()
    assert dict(inventory.settings.intervals) == {
        "reachability": 60, "health": 300, "interfaces": 300,
        "supplies": 900, "posture": 21600, "configuration": 86400,
    }  # fmt: skip
    assert inventory.settings.collection == "internal"
    assert inventory.settings.retention == Retention(
        400 * DAY, {"default": 365 * DAY, "debug": 14 * DAY, "execution": 90 * DAY}, 90 * DAY
    )


def test_interval_classes_are_those_collectors_declare() -> None:
    """Every class that a collector may name has a default interval, and no other."""
    assert tuple(DEFAULT_INTERVALS) == INTERVAL_CLASSES


def test_given_intervals_replace_single_defaults(write: Any) -> None:
    """Classes that are not mentioned keep their default."""
    intervals = settings(write, "intervals: {health: 1m}").intervals

    assert intervals == {**DEFAULT_INTERVALS, "health": 60.0}


def test_listeners(write: Any) -> None:
    """ADDRESS:PORT, IPv6 in brackets, or a mapping with the files that TLS needs."""
    tls = "{address: '[::1]:6514', certificate: /t/c.pem, key: /t/k.pem, client_authority: /t/ca.pem}"
    found = settings(write, f"listen: {{syslog_udp: '127.0.0.1:5514', syslog_tls: {tls}}}").listen

    assert found == {
        "syslog_udp": Listener("127.0.0.1", 5514),
        "syslog_tls": Listener("::1", 6514, "/t/c.pem", "/t/k.pem", "/t/ca.pem"),
    }


def test_relays_retention_and_packs(write: Any) -> None:
    """Networks of both families, seconds by class, packs with their defaults."""
    found = settings(
        write,
        "relays: [10.9.0.0/24, '2001:db8::/32', 10.8.0.1], own_addresses: [192.0.2.128/25], "
        "retention: {samples: 30d, events: {debug: 1d, audit: 7y}}, "
        "packs: [{path: /etc/soc/sigma}, "
        "{path: /p, minimum_level: high, include: [a], exclude: [b], mode: shadow}]",
    )

    assert found.relays == tuple(map(ipaddress.ip_network, ("10.9.0.0/24", "2001:db8::/32", "10.8.0.1/32")))
    assert found.own_addresses == (ipaddress.ip_network("192.0.2.128/25"),)
    assert found.retention == Retention(
        30 * DAY,
        {"default": 365 * DAY, "debug": DAY, "execution": 90 * DAY, "audit": 7 * 365 * DAY},
        90 * DAY,
    )
    assert found.packs == (Pack("/etc/soc/sigma"), Pack("/p", "high", ("a",), ("b",), "shadow"))


def test_heartbeat_and_notification(write: Any) -> None:
    """Targets by name; URLs and passwords are secrets."""
    smtp = "{host: m.example.org, port: 465, tls: tls, user: soc, password: {file: /etc/soc/smtp}}"
    found = settings(
        write,
        "heartbeat: {url: {env: BEAT}}, notify: {default: [ops], targets: {"
        f"ops: {{mail: {{to: [a@example.org], from: soc@example.org, smtp: {smtp}}}}},"
        "hook: {webhook: {url: {env: HOOK}}}}}",
    )

    assert found.heartbeat == Heartbeat(Secret("env", "BEAT"), 300.0)
    server = MailServer("m.example.org", 465, "tls", "soc", Secret("file", "/etc/soc/smtp"))
    assert found.notify == Notify(
        {
            "ops": MailTarget(("a@example.org",), "soc@example.org", server),
            "hook": WebhookTarget(Secret("env", "HOOK")),
        },
        ("ops",),
    )
