"""An estate as the API tells of it: a bad afternoon in every tower, and text that attacks terminals."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

Document = dict[str, Any]
TOWERS = ("network", "hosting", "end-user", "print", "power", "mobile", "security", "service")
SEVERITIES = ("critical", "high", "medium", "low", "informational")

# severity, tower, entity, rule, summary, seconds ago, count, owner, kind, labels
_CASES: tuple[tuple[str, str, str, str, str, int, int, str, str, dict[str, str]], ...] = (
    ("critical", "network", "sw-core-01", "InterfaceDown",
     "Core uplink TenGigE1/1 down, 38 devices behind it unreachable",
     41, 1, "", "availability", {"interface": "TenGigE1/1"}),
    ("critical", "security", "dc02", "Password spray",
     "Password spray: 41 users from one source", 127, 41, "", "security",
     {"source_ip": "10.20.4.77"}),
    ("critical", "hosting", "web-03", "SSH login after brute force",
     "root logged in from 203.0.113.9 after 40 failures", 204, 40, "", "security",
     {"source_ip": "203.0.113.9", "user": "root"}),
    ("critical", "power", "ups-hq-2", "UpsOnBattery",
     "UPS on battery for 12 minutes, 31 % charge left", 743, 1, "sam", "availability", {}),
    ("high", "hosting", "esx-07", "FilesystemFull",
     "Datastore /vmfs/volumes/ds2 is 96 % full", 390, 1, "mia", "availability",
     {"filesystem": "/vmfs/volumes/ds2"}),
    ("high", "network", "fw-01", "InterfaceErrors",
     "outside: 2.1 % of received frames are broken", 1_512, 1, "", "availability", {"interface": "outside"}),
    ("high", "security", "vdi-pool-2", "Encoded PowerShell",
     "powershell -enc started by winword.exe for j.doe", 2_280, 3, "", "security",
     {"user": "j.doe", "process": "powershell.exe"}),
    ("high", "hosting", "db-01", "BackupOld",
     "Last good backup is 31 hours old", 5_400, 1, "", "availability", {}),
    ("high", "mobile", "vpn-gw-1", "VpnTunnelDown",
     "Tunnel to branch Leipzig down", 6_100, 1, "sam", "availability", {"tunnel": "leipzig"}),
    ("medium", "print", "prn-4-017", "TonerLow",
     "Black toner 4 %, about 60 pages", 7_300, 1, "", "availability", {"supply": "Black Toner"}),
    ("medium", "end-user", "pc-2231", "DiskFilling",
     "C: will be full in 9 hours at this rate", 8_100, 1, "", "availability", {"filesystem": "C:"}),
    ("medium", "network", "ap-3-12", "AccessPointFlapping",
     "Access point left its controller 6 times in an hour", 9_200, 6, "", "availability", {}),
    ("medium", "service", "proxy-02", "CertificateExpires",
     "TLS certificate of portal.example.org expires in 6 days", 39_000, 1, "ben", "availability",
     {"endpoint": "portal.example.org:443"}),
    ("medium", "security", "mail-01", "Mail rule forwards outside",
     "Inbox rule of a.novak forwards to an outside address", 44_000, 1, "", "security", {"user": "a.novak"}),
    ("low", "print", "prn-2-003", "PrinterError", "Tray 2: paper jam", 1_300, 1, "", "availability",
     {"error": "jammed"}),
    ("low", "hosting", "app-11", "ServiceFailed", "systemd unit report.service failed", 14_000, 2, "",
     "availability", {"service": "report.service"}),
    ("low", "power", "pdu-b-04", "LoadHigh", "Phase 2 at 83 % of its rating", 52_000, 1, "",
     "availability", {}),
    ("informational", "network", "sw-dist-2", "FirmwareChanged", "Firmware 17.9.4a is now 17.9.5", 86_000,
     1, "", "availability", {}),
)  # fmt: skip


def rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def alert(number: int, now: float, **fields: Any) -> Document:
    """The alert of case `number`, as `GET /v1/alerts` lists it."""
    round_, case = divmod(number, len(_CASES))
    severity, tower, entity, rule, summary, ago, count, owner, kind, labels = _CASES[case]
    first = now - ago - 900 * round_
    return {
        "id": f"01J{number:023}",
        "label": f"A-{4812 - number if number < 4000 else number + 1000}",
        "rule": rule,
        "rule_id": rule.lower().replace(" ", "-"),
        "kind": kind,
        "severity": severity,
        "entity": entity,
        "device": entity,
        "tower": tower,
        "labels": {"device": entity, **labels},
        "workflow": "acknowledged" if owner else "open",
        "condition": "firing",
        "suppressed_by": "",
        "first_seen": rfc3339(first),
        "last_seen": rfc3339(now - ago / 3),
        "count": count,
        "summary": summary,
        "supplier": {"network": "netco", "print": "prints", "power": "voltwerk"}.get(tower, ""),
        "site": ("hq", "dc-1", "branch-3")[case % 3],
        "owner": owner,
        "disposition": "",
        "version": 1 if owner else 0,
        "fingerprint": f"{number:032x}",
    } | fields


def alerts(count: int, now: float) -> list[Document]:
    """Alerts in the hub's order: the most severe first, then the newest."""
    made = [alert(number, now) for number in range(count)]
    made.sort(key=lambda row: row["first_seen"], reverse=True)
    return sorted(made, key=lambda row: SEVERITIES.index(row["severity"]))


HOSTILE = {
    "osc": "title \x1b]0;owned\x07 and clipboard \x1b]52;c;cm0gLXJmIC8=\x1b\\",
    "csi": "clear \x1b[2J\x1b[31mred\x1b[0m cursor \x1b[6n",
    "c1": "c1 \x9b31mred\x9d0;owned\x9c",
    "bidi": "bidi \u202egnp.exe\u202c \u2066isolate\u2069 \u200fmark",
    "markup": "closing [/x] [bold] [link=file:///etc/passwd]x[/link] [@click=app.quit]press[/]",
    "wide": "宽字符漢字テスト 한국어 e\u0301\u0301\u0301 \U0001f4a3 line\nbreak\ttab\r\0nul",
}  # fmt: skip


def hostile_alerts(now: float) -> list[Document]:
    """One alert a kind of attack, in every field that a device or a log can write."""
    return [
        alert(
            900_000 + number, now, label=f"A-6{number}", severity="critical", owner="", workflow="open",
            version=0, first_seen=rfc3339(now - 60 - number), last_seen=rfc3339(now - 9),
            summary=text, entity=text, device=text, rule=text, tower=text, site=text, supplier=text,
            labels={text: text},
        )
        for number, text in enumerate(HOSTILE.values())
    ]  # fmt: skip


def alert_details(found: Document, now: float) -> Document:
    """As `GET /v1/alerts/{id}`: description, runbook, history, evidence."""
    first = datetime.fromisoformat(found["first_seen"]).timestamp()
    source = found["labels"].get("source_ip", "")
    opened = {
        "time": found["first_seen"],
        "action": "opened",
        "name": "system",
        "reason": "",
        "disposition": "",
    }
    history = [opened]
    if found["owner"]:
        history.append(
            {**opened, "time": rfc3339(first + 95), "action": "acknowledged", "name": found["owner"]}
        )
    evidence = [
        {
            "id": f"event-{number}",
            "time": rfc3339(first + 2 * number),
            "device": found["device"],
            "user": user,
            "source_ip": source,
            "service": "sshd",
            "message": f"Failed password for {user} from {source or '10.0.0.9'} port {50000 + number} ssh2",
        }
        for number, user in enumerate(
            ("a.abe", "b.bos", "c.cox", "d.dahl", "e.ek", "f.fox", "g.gil", "h.hoa")
        )
    ]
    why = {
        "Password spray": "At least 20 users failed to log in from one source within 10 minutes: "
        "41 users in 6 min 12 s, threshold 20.",
        "InterfaceDown": "interface_up has been 0 for 2 minutes while interface_enabled is 1.",
    }.get(found["rule"], "")
    return found | {
        "description": why,
        "runbook": "https://runbooks.example.org/" + found["rule_id"],
        "rule_version": "9f2c41d07a",
        "history": history,
        "evidence": evidence[: found["count"]] if found["kind"] == "security" else [],
    }


def devices(count: int, now: float) -> list[Document]:
    """`count` devices over every tower; nine in a hundred are not up."""
    kinds = {
        "network": "switch", "hosting": "server", "end-user": "pc", "print": "printer",
        "power": "ups", "mobile": "gateway", "security": "firewall", "service": "proxy",
    }  # fmt: skip
    found = []
    for number in range(count):
        tower = TOWERS[number % len(TOWERS)]
        state, cause = {
            7: ("down", "snmp: timeout"),
            23: ("unreachable", "behind rt-branch-3, which is down"),
            41: ("unreachable", "behind rt-branch-3, which is down"),
            58: ("unknown", "not polled of late"),
            77: ("maintenance", "until 18:00, firmware"),
        }.get(number % 97, ("up", ""))
        found.append(
            {
                "device": f"{kinds[tower][:4]}-{number:04}",
                "tower": tower,
                "kind": kinds[tower],
                "site": ("hq", "dc-1", "branch-3")[number % 3],
                "supplier": "netco" if tower == "network" else "",
                "state": state,
                "cause": cause,
                "since": rfc3339(now - 300 - 3600 * (number % 50)),
                "open_alerts": int(number % 19 == 7) + int(state == "down"),
                "last_seen": rfc3339(now - 7 - number % 50),
            }
        )
    return found


def device_details(found: Document, now: float) -> Document:
    """As `GET /v1/devices/{name}`: facts, series of late, events."""
    minutes = range(20)

    def series(metric: str, values: Iterable[float], **labels: str) -> Document:
        return {
            "metric": metric,
            "labels": labels,
            "values": [
                [rfc3339(now - 60 * (20 - at)), value] for at, value in zip(minutes, values, strict=True)
            ],
        }

    return found | {
        "alerts": [alert(5 + at, now, device=found["device"]) for at in range(found["open_alerts"])],
        "facts": [
            {"key": "identity", "instance": name, "value": value}
            for name, value in (
                ("vendor", "Example Networks"),
                ("model", "EX-4300-48T"),
                ("os", "exos"),
                ("version", "17.9.4a"),
                ("serial", "FOC2231X0QK"),
                ("description", "Example Networks EX-4300-48T, EXOS 17.9.4a, hq rack 12"),
            )
        ],
        "samples": [
            series("up", [float(found["state"] == "up")] * 20, collector="snmp"),
            series("cpu_utilization_ratio", [0.12 + 0.02 * (at % 7) for at in minutes], cpu="0"),
            series("memory_used_bytes", [6.1e9 + 1e8 * at for at in minutes], pool="physical"),
            series("temperature_celsius", [41 + at % 3 for at in minutes], sensor="inlet"),
            series("interface_receive_bytes_total", [1.2e12 + 9e9 * at for at in minutes], interface="Te1/1"),
        ],
        "events": [
            {
                "id": f"change-{at}",
                "time": rfc3339(now - 900 * at - 60),
                "device": found["device"],
                "message": f"interface Gi1/0/{at + 3} changed from up to down",
            }
            for at in range(6)
        ],
    }


def overview(device_rows: Iterable[Document], alert_rows: Iterable[Document]) -> Document:
    """As `GET /v1/overview`."""
    devices_, alerts_ = list(device_rows), list(alert_rows)
    opened = [row for row in alerts_ if row["condition"] == "firing" and row["workflow"] != "closed"]
    towers = []
    for number, tower in enumerate(TOWERS):
        own = [row for row in devices_ if row["tower"] == tower]
        mine = [row for row in opened if row["tower"] == tower]
        up = sum(row["state"] == "up" for row in own)
        towers.append(
            {
                "tower": tower,
                "worst": min((row["severity"] for row in mine), key=SEVERITIES.index, default=""),
                "open_alerts": len(mine),
                "availability_ratio": 1 - (len(own) - up) / max(1, 3 * len(own)),
                "up": up,
                "total": len(own),
                "events_per_minute": [
                    (3 + number * at * at + at * 7 % 11) % (40 + 13 * number) for at in range(20)
                ],
            }
        )
    return {
        "towers": towers,
        "needs_you": [row for row in opened if not row["owner"] and row["workflow"] == "open"][:50],
    }


def status(
    device_rows: Iterable[Document], opened: list[Document], events: int, blind_since: str | None, now: float
) -> Document:
    """As `GET /v1/status`, without `you`."""
    states = [row["state"] for row in device_rows]
    names = ("up", "down", "unreachable", "unknown", "maintenance")
    return {
        "devices": {"total": len(states), **{name: states.count(name) for name in names}},
        "towers": {},
        "alerts": {
            "open": len(opened),
            "by_severity": {name: sum(row["severity"] == name for row in opened) for name in SEVERITIES},
            "by_rule": {},
        },
        "collection": {
            "last": rfc3339(now - 0.8),
            "lag_seconds": 0.8,
            "failing": 2,
            "reasons": {"timeout": 2},
        },
        "store": {"bytes": 1 << 27, "samples": 4_000_000, "events": events},
        "hub": {
            "running": True,
            "pid": 4711,
            "started": rfc3339(now - 86_400),
            "version": "0.1.0",
            "blind_since": blind_since,
        },
    }
