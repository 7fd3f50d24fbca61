"""Text to checked values; each raises ValueError saying what was expected."""

from __future__ import annotations

import ipaddress
import re
import sys
import zoneinfo
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from soc.inventory.report import quoted
from soc.inventory.schema import checked_text
from soc.model.durations import parse_duration

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
# RFC 1123 section 2.1, and the underscore that directories of Windows hosts are full of.
_HOST_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,63}")
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_ENDPOINT = re.compile(r"(?:\[([0-9a-fA-F:.]{2,45})\]|([^:\[\]]{1,253})):(\d{1,5})")
# Names that every series or query already gives a meaning.
RESERVED_LABELS = frozenset(
    {"device", "tower", "site", "supplier", "kind", "availability", "collector", "alertname", "severity"}
)


def name(text: str) -> str:
    """A name that devices, sites and others refer to each other by; equal names share one object."""
    return sys.intern(checked_text(text, 128))


def address(text: str) -> str:
    """An IPv4 or IPv6 address (canonical), or a host name (lower case)."""
    try:
        number = ipaddress.ip_address(text)
    except ValueError:
        return _host_name(text)
    if number.is_unspecified or number.is_multicast or text == "255.255.255.255":
        raise ValueError(f"expected the address of one device, found {quoted(text)}")
    return str(number)


def _host_name(text: str) -> str:
    labels = text.removesuffix(".").split(".")
    # A name that ends in digits is a mistyped IPv4 address, and resolvers treat it as one.
    if len(text) > 253 or labels[-1].isdigit() or not all(map(_HOST_LABEL.fullmatch, labels)):
        advice = ""
        if _ENDPOINT.fullmatch(text):
            advice = "; a port is given as snmp: {port: …} or ssh: {port: …}"
        raise ValueError(f"expected an IPv4 or IPv6 address or a host name, found {quoted(text)}{advice}")
    return text.lower()


def network(text: str) -> IPNetwork:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        reason = "host bits are set" if "host bits" in str(error) else f"found {quoted(text)}"
        raise ValueError(f"expected a network such as 10.9.0.0/24 or 2001:db8::/64; {reason}") from None


def endpoint(text: str) -> tuple[str, int]:
    """`ADDRESS:PORT` with a numeric address, IPv6 in brackets -> (address, port)."""
    match = _ENDPOINT.fullmatch(text)
    try:
        if match is None or not 1 <= int(match[3]) <= 65535:
            raise ValueError
        return str(ipaddress.ip_address(match[1] or match[2])), int(match[3])
    except ValueError:
        raise ValueError(
            f"expected ADDRESS:PORT such as 127.0.0.1:5514 or [::1]:5514, found {quoted(text)}"
        ) from None


def duration(text: str) -> float:
    """Seconds, above zero."""
    try:
        seconds = parse_duration(text)
    except ValueError:
        seconds = 0.0
    if seconds <= 0:
        raise ValueError(f"expected a duration above zero such as 30s, 5m, 1h30m or 7d, found {quoted(text)}")
    return seconds


def label_name(text: str) -> str:
    if not _LABEL_NAME.fullmatch(text) or text.startswith("__"):
        raise ValueError("expected a label name: letters, digits and '_', not beginning with a digit or '__'")
    if text in RESERVED_LABELS:
        raise ValueError("this label's name is taken; choose another")
    return sys.intern(text)


def fingerprint(text: str) -> str:
    """A host key's fingerprint as `ssh-keygen -l` prints it."""
    if not _FINGERPRINT.fullmatch(text):
        raise ValueError(
            f"expected SHA256: and 43 base64 characters, as ssh-keygen -l prints, found {quoted(text)}"
        )
    return text


@lru_cache(maxsize=1024)
def timezone(text: str) -> str:
    """A name of the IANA time zone database; not compared where the system has none."""
    try:
        zoneinfo.ZoneInfo(text)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        if any(Path(directory, "UTC").exists() for directory in zoneinfo.TZPATH):
            raise ValueError(f"expected a time zone such as Europe/London, found {quoted(text)}") from None
    return text


def moment(text: str) -> float:
    """RFC 3339 with an offset -> UTC seconds."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = datetime.min
    if time.tzinfo is None:
        raise ValueError(
            f"expected a time with its offset such as 2030-01-31T22:00:00+01:00, found {quoted(text)}"
        )
    return time.astimezone(UTC).timestamp()


def web_address(text: str) -> str:
    """An http or https URL; the text may hold a token, so messages do not show it."""
    if not re.fullmatch(r"https?://[^\s/]{1,255}[^\s]{0,2000}", text):
        raise ValueError("expected a URL beginning with https:// or http://")
    return text


def mail_address(text: str) -> str:
    if not re.fullmatch(r"[^\s@<>,;]{1,64}@[^\s@<>,;]{1,253}", checked_text(text, 320)):
        raise ValueError(f"expected a mail address, found {quoted(text)}")
    return text
