"""What decoders and program parsers hand over, and how their files are found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import cache
from ipaddress import ip_address
from types import ModuleType

# OCSF class_uid and activity_id (schema.ocsf.io, 1.x)
AUTHENTICATION = 3002
LOGON, LOGOFF = 1, 2
ACCOUNT_CHANGE = 3001
CREATE, PASSWORD_CHANGE, DELETE = 1, 3, 6
GROUP_MANAGEMENT = 3006
ADD_USER, REMOVE_USER = 3, 4
PROCESS_ACTIVITY = 1007
LAUNCH = 1


@dataclass(frozen=True, slots=True)
class Frame:
    """A log line taken apart: its header, and the text the program wrote."""

    text: str
    program: str = ""
    time: float | None = None  # UTC seconds, as claimed
    severity: int | None = None  # of syslog, 0 (emergency) to 7 (debug)
    fields: Mapping[str, str] = field(default_factory=dict)
    meaning: Meaning | None = None  # where the format says itself what the text means


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a program's text says, in the terms of an event."""

    service: str
    category: str
    class_uid: int = 0
    activity_id: int = 0
    user: str = ""
    source_ip: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    product: str = "linux"


# (line, when it was received as UTC seconds, zone of times without one) -> Frame; None = not this format
Decode = Callable[[str, float, tzinfo], Frame | None]
Parse = Callable[[str], Meaning | None]  # None = nothing known about this text


def _modules(package: str) -> Iterator[ModuleType]:
    parent = importlib.import_module(package)
    for module in pkgutil.iter_modules(parent.__path__):
        yield importlib.import_module(f"{package}.{module.name}")


@cache
def decoders() -> Mapping[str, Decode]:
    """By format: each file in decoders/ defines FORMAT and decode."""
    return {module.FORMAT: module.decode for module in _modules("soc.intake.decoders")}


@cache
def programs() -> Mapping[str, Parse]:
    """By program name: each file in programs/ defines PROGRAMS and parse."""
    return {name: module.parse for module in _modules("soc.intake.programs") for name in module.PROGRAMS}


def source(address: str) -> tuple[str, dict[str, str]]:
    """(source_ip, fields) for what a daemon logs of its peer: an address, or with DNS a name."""
    try:
        return str(ip_address(address.partition("%")[0])), {}
    except ValueError:
        return "", {"source_host": address} if address else {}
