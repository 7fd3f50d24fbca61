"""Services and failed units (systemctl(1); rc-status(8) of OpenRC)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Sample, SshCommand, collector

# Exit code 127, as for a command that is not there: PID 1 is another one.
UNITS = SshCommand(
    "linux-services",
    "export LC_ALL=C; if [ -d /run/systemd/system ]; then "
    "systemctl list-units --state=failed --plain --no-legend --no-pager --full && "
    "systemctl show --all --no-pager --property=Id,Type,ActiveState,UnitFileState,ConditionResult,"
    'TriggeredBy,ActiveEnterTimestampMonotonic,ActiveExitTimestampMonotonic "*.service"; '
    "elif command -v rc-status >/dev/null; then rc-status --nocolor --servicelist; "
    "else exit 127; fi",
)

_FAILED = re.compile(r"(\S+)\s+\S+\s+failed(?:\s.*)?")
# What ran for less was to be done once, whatever its type.
_DONE_MICROSECONDS = 5_000_000
_OPENRC = re.compile(r"\s*(\S+)\s+\[\s*(started|crashed)\b.*\]\s*")


@collector(every="health", fetch=UNITS)
def linux_services(output: CommandOutput) -> Iterator[Sample]:
    """1 for an enabled service that runs; 0 for one that did and does not any more, and for each failed unit.

    `service` is the unit's name, without .service. Services that were done after some seconds, whose
    condition did not hold, or that another unit starts when they are needed count only where they failed.
    """
    found: dict[str, int] = {}
    unit: dict[str, str] = {}
    for line in [*output.lines, ""]:
        name, equals, value = line.partition("=")
        if equals and name.isalpha():
            unit[name] = value
        elif match := _FAILED.fullmatch(line):
            found[match[1]] = 0
        elif match := _OPENRC.fullmatch(line):
            found[match[1]] = int(match[2] == "started")
        elif unit:
            if (state := _state(unit)) is not None:
                found.setdefault(unit["Id"], state)
            unit = {}
    for service, up in found.items():
        yield Sample("service_up", up, {"service": service.removesuffix(".service")})


def _state(unit: dict[str, str]) -> int | None:
    """Whether an enabled service runs; None where nothing says that it should."""
    if "Id" not in unit or not unit.get("UnitFileState", "").startswith("enabled"):
        return None
    state = unit.get("ActiveState")
    if state in ("active", "reloading"):
        return 1
    began, ended = (_microseconds(unit, name) for name in ("ActiveEnter", "ActiveExit"))
    lasted = ended - began > _DONE_MICROSECONDS and unit.get("Type") not in ("oneshot", "idle")
    needed = unit.get("ConditionResult") == "yes" and not unit.get("TriggeredBy")
    return 0 if state in ("inactive", "failed") and needed and lasted else None


def _microseconds(unit: dict[str, str], name: str) -> int:
    """A time since boot; 0 = never."""
    text = unit.get(f"{name}TimestampMonotonic", "")
    return int(text[:18]) if text.isdigit() else 0
