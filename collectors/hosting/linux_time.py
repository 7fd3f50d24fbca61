"""Time synchronisation: chronyc(1), ntpq(8), timedatectl(1) or busybox's adjtimex, whichever is there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Sample, SshCommand, collector, text_lines

TIME = SshCommand(
    "linux-time",
    'export LC_ALL=C; tell() { [ -n "$2" ] && echo "$2" | sed "s/^/$1 /"; }; '
    'tell chrony "$(chronyc -nc tracking 2>/dev/null)" || '
    'tell ntp "$(ntpq -c "rv 0 leap,stratum,offset" 2>/dev/null | tr "\\n" ",")" || '
    # Where the daemon that these ask does not start, D-Bus has them wait for long.
    'tell timedate "$({ timeout 3 timedatectl show --property=NTPSynchronized && '
    'timeout 3 timedatectl timesync-status; } 2>/dev/null)" || '
    'tell kernel "$(adjtimex 2>/dev/null || busybox adjtimex 2>/dev/null)" || exit 127',
    maximum_bytes=64_000,
)

_OWN_CLOCK = "7F7F0101"  # 127.127.1.1, chronyd's `local` without a source
_LEAP_NOT_SYNCHRONISED = "3"  # RFC 5905, figure 9
_STA_UNSYNC = 0x40  # adjtimex(2)
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
_SPAN = re.compile(r"([+-]?)((?:\d+(?:\.\d+)?(?:us|ms|s|min) ?)+)")


@collector(every="health", fetch=TIME)
def linux_time(output: CommandOutput) -> Iterator[Sample]:
    """Whether the clock is synchronised, and how far it is ahead of its source (negative: behind).

    The daemons tell what they would add to the clock, hence the other sign.
    """
    text = output.stdout
    synchronised: bool | None = None
    correction: float | None = None  # seconds
    if match := re.search(r"^chrony (\S+,){3}", text, re.MULTILINE):
        # reference, name, stratum, reference time, correction, …, leap status
        fields = text_lines(text[match.start() :])[0].split(",")
        synchronised = fields[-1] != "Not synchronised" and not fields[0].endswith(_OWN_CLOCK)
        correction = float(fields[4])
    elif match := re.search(
        r"^ntp .*\bleap=(\d+).*\bstratum=(\d+).*\boffset=([+-]?[\d.]+)", text, re.MULTILINE
    ):
        synchronised = match[1].lstrip("0") != _LEAP_NOT_SYNCHRONISED
        correction = float(match[3]) / 1000
    elif match := re.search(r"^timedate NTPSynchronized=(yes|no)$", text, re.MULTILINE):
        synchronised = match[1] == "yes"
        if offset := re.search(r"^timedate\s+Offset: (\S.*?)\s*$", text, re.MULTILINE):
            correction = _span(offset[1])
    elif match := re.search(r"^kernel\s+status:\s+(\d+)", text, re.MULTILINE):
        synchronised = not int(match[1]) & _STA_UNSYNC
    if synchronised is not None:
        yield Sample("time_synchronized", int(synchronised))
    if synchronised and correction is not None:
        yield Sample("time_offset_seconds", -correction)


def _span(text: str) -> float | None:
    """systemd.time(7)'s spans with a sign, as "+1.234ms" or "-1min 2.5s"."""
    match = _SPAN.fullmatch(text + " " if not text.endswith(" ") else text) or _SPAN.fullmatch(text)
    if not match:
        return None
    seconds = sum(float(n) * _UNITS[unit] for n, unit in re.findall(r"([\d.]+)(us|ms|s|min)", match[2]))
    return -seconds if match[1] == "-" else seconds
