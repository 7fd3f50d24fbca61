"""Scheduled jobs: crontab(5), the directories of run-parts(8), and systemd.timer(5)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, Partial, SshCommand, collector
from soc.collect.command_lines import without_secrets

# Users' own crontabs: Debian's, Red Hat's and SUSE's, and Alpine's. at(1) keeps its jobs, with the
# environment of whoever gave them, beside them. grep -r follows no link that it comes across, and prints
# lines of jobs alone: no other file that got in there. Its last file tells that it came to the end.
_LINES = "^Linux$|^[[:blank:]]*([0-9*~][^[:blank:]]*([[:blank:]]+[^[:blank:]]+){4}|@[a-z]+)[[:blank:]]"
SPOOL = (
    f"/bin/grep -raEHm 500 --exclude-dir=atjobs --exclude-dir=atspool '{_LINES}' "
    "/var/spool/cron /etc/crontabs /proc/sys/kernel/ostype"
)
_OWN = (
    "find /var/spool/cron /etc/crontabs -name atjobs -prune -o -name atspool -prune "
    f"-o -type f -exec grep -aEHm 500 '{_LINES}' '{{}}' +"
)
_END = "/proc/sys/kernel/ostype:Linux"
JOBS = SshCommand(
    "linux-jobs",
    "export LC_ALL=C; "
    "{ grep -aHm 500 . /etc/crontab /etc/anacrontab /etc/cron.d/*; "
    f'{{ if [ "$(id -u)" = 0 ]; then {SPOOL}; else sudo -n {SPOOL}; fi; }} | cut -c 1-4096 | '
    f"{{ grep -a . || {{ {_OWN} | cut -c 1-4096; "
    f'[ "$(id -u)" != 0 ] || echo {_END}; }}; }}; '
    "sha256sum /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/* "
    "/etc/periodic/*/* | sed 's/^/script /'; "
    "[ ! -d /run/systemd/system ] || systemctl show --no-pager "
    '--property=Id,Unit,UnitFileState,TimersCalendar,TimersMonotonic "*.timer"; } 2>/dev/null; exit 0',
    sudo=(SPOOL,),
    maximum_bytes=8_000_000,
)

_FILE = re.compile(
    r"(/(?:etc/(?:ana)?crontab|etc/cron\.d/[^:]+|var/spool/cron/(?:(?:cron)?tabs/)?[^:/]+|etc/crontabs/[^:]+)):\s*(.*)"
)
_SCRIPT = re.compile(r"script ([0-9a-f]{64}) [ *](/\S+)")
_NICKNAME = re.compile(r"(@\w+)\s+(.+)")
_FIELDS = re.compile(r"([\d*~][\w*/,~?-]*(?:\s+[\w*/,~?-]+){3}\s+[\w*/,~?-]+)\s+(.+)")
_ANACRON = re.compile(r"(\d+\s+\d+)\s+\S+\s+(.+)")
_CALENDAR = re.compile(r"\b(OnCalendar|On\w*Sec|On\w*USec)=([^;}]{1,200})[;}]")


@collector(every="posture", fetch=JOBS, facts={"scheduled_job"})
def linux_jobs(output: CommandOutput) -> Iterator[Fact | Partial]:
    """Where a job stands and what it runs -> when, and as whom; scripts of cron.daily … -> their checksum.

    Passwords and tokens in commands are blotted out.
    """
    found: dict[str, set[str]] = {}
    for name, when in _jobs(output.lines):
        found.setdefault(name, set()).add(when)
    if _END not in output.lines:
        yield Partial("scheduled_job")
    for name, times in found.items():
        yield Fact("scheduled_job", "; ".join(sorted(times)), name)


def _jobs(lines: list[str]) -> Iterator[tuple[str, str]]:
    timer: dict[str, str] = {}
    for line in [*lines, ""]:
        if match := _FILE.fullmatch(line):
            yield from _cron(match[1], match[2].strip())
        elif match := _SCRIPT.fullmatch(line):
            yield match[2], f"sha256:{match[1][:16]}"
        elif match := re.fullmatch(r"(Id|Unit|UnitFileState|Timers\w+)=(.*)", line):
            timer[match[1]] = timer.get(match[1], "") + match[2]
        elif timer:
            yield from _timer(timer)
            timer = {}


def _cron(file: str, line: str) -> Iterator[tuple[str, str]]:
    rule = _ANACRON if file.endswith("anacrontab") else _NICKNAME if line.startswith("@") else _FIELDS
    if not (match := rule.fullmatch(line)):
        return  # a comment, or a variable
    when, command = " ".join(match[1].split()), match[2]
    if file.startswith("/etc/cron") and not file.startswith("/etc/crontabs/"):
        user, _, command = command.partition(" ")
    else:
        user = "root" if file.endswith("anacrontab") else file.rpartition("/")[2]
    yield f"{file}: {without_secrets(command)}", f"{when} as {user}"


def _timer(timer: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Transient timers (systemd-run) have no unit file; next_elapse, which changes, stands behind ";"."""
    when = _CALENDAR.findall(timer.get("TimersCalendar", "") + timer.get("TimersMonotonic", ""))
    if timer.get("UnitFileState") in ("enabled", "static", "generated") and when:
        times = ", ".join(f"{kind}={value.strip()}" for kind, value in when)
        yield f"{timer.get('Id', '')}: {timer.get('Unit', '')}", times
