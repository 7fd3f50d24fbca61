"""Echo requests by Debian's `ping` (iputils-ping), run by argument list with a numeric address."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from soc.collect.ping.icmp import INTERVAL_SECONDS, WAIT_SECONDS
from soc.model.text import clean, decode

_COUNTS = re.compile(r"(\d{1,9}) packets transmitted, (\d{1,9}) (?:packets )?received")
_ROUND_TRIP = re.compile(r"min/avg/max\S* = [\d.]{1,20}/([\d.]{1,20})/")  # iputils and busybox; milliseconds
_ENVIRONMENT: Mapping[str, str] = {"LC_ALL": "C", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}


@dataclass(frozen=True, slots=True)
class Statistics:
    """What `ping` counted. `error` is what it said where it counted nothing."""

    sent: int = 0
    received: int = 0
    round_trip_seconds: float | None = None
    error: str = ""


def find_program() -> str:
    """Path of `ping`, "" where there is none."""
    return shutil.which("ping", path=_ENVIRONMENT["PATH"]) or ""


def run_program(program: str, address: str, count: int, seconds: float) -> Statistics:
    """Ping a numeric address; at most `seconds`, then it is killed and has counted nothing."""
    arguments = [
        program,
        "-n",
        "-q",
        "-c",
        str(count),
        "-i",
        str(INTERVAL_SECONDS),
        "-W",
        f"{WAIT_SECONDS:.0f}",
    ]
    try:
        done = subprocess.run(  # noqa: S603 - an argument list; the address is numeric
            [*arguments, address],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=max(0.01, seconds),
            env=_ENVIRONMENT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Statistics(error="no end of it in time")
    except OSError as error:
        return Statistics(error=f"{program}: {error.strerror}")
    return parse(decode(done.stdout), decode(done.stderr))


def parse(stdout: str, stderr: str) -> Statistics:
    """The summary that iputils and busybox print."""
    counts = _COUNTS.search(stdout)
    if counts is None:
        return Statistics(error=clean(stderr.strip() or stdout.strip(), 200) or "ping printed nothing")
    trip = _ROUND_TRIP.search(stdout)
    return Statistics(int(counts[1]), int(counts[2]), float(trip[1]) / 1000 if trip else None)
