"""When systemd's timers ran and will run (systemctl(1) show, org.freedesktop.systemd1(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from soc.collect import CommandOutput, Sample, SshCommand, collector, text_lines

TIMERS = SshCommand(
    "linux-timers",
    "[ -d /run/systemd/system ] || exit 127; TZ=UTC LC_ALL=C systemctl show --no-pager "
    '--property=Id,ActiveState,UnitFileState,LastTriggerUSec,NextElapseUSecRealtime "*.timer"',
)

_TIME = re.compile(r"(?:\w+ )?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? UTC")


@collector(every="health", fetch=TIMERS)
def linux_timers(output: CommandOutput) -> Iterator[Sample]:
    """Last and next run of each active timer, Unix time (`timer` = its name, without .timer).

    Next is absent for timers that count from boot or from their last run. A run that failed is its
    service's `service_up` 0.
    """
    for block in output.stdout.split("\n\n"):
        timer = dict(line.split("=", 1) for line in text_lines(block) if "=" in line)
        if timer.get("ActiveState") != "active" or not timer.get("Id", "").endswith(".timer"):
            continue
        if timer.get("UnitFileState") == "transient":
            continue  # systemd-run's, under another name each time
        labels = {"timer": timer["Id"].removesuffix(".timer")}
        for field, metric in (
            ("LastTriggerUSec", "timer_last_run_timestamp_seconds"),
            ("NextElapseUSecRealtime", "timer_next_run_timestamp_seconds"),
        ):
            if match := _TIME.fullmatch(timer.get(field, "")):
                moment = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
                yield Sample(metric, moment.timestamp(), labels)
