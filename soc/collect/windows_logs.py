"""Channels of Windows' event log, pulled over SSH by PowerShell from where the last pull ended."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from soc.collect.declare import Collector, CommandOutput, SshCommand, collector
from soc.collect.logs import gap
from soc.collect.powershell import encoded
from soc.model import LogRecord

FORMAT = "windows"
FIRST_CONTACT_EVENTS = 200
PULL_EVENTS = 4000  # of each channel
PULL_CHARACTERS = 6_000_000  # of all channels, in equal shares
MAXIMUM_BYTES = 8_000_000

# PowerShell itself reads standard input where a command comes encoded, and gives its lines as $input.
# A line for each event: the channel's key, the record id, the event as XML. It reads by EventLogReader:
# Get-WinEvent puts each event's message into words first, which takes its time, and stops at one whose
# publisher is gone. Record ids begin anew when a log is cleared. An empty log and one that is not there are
# no failures, but a host that lets us read none of them is.
_SCRIPT = """\
$ErrorActionPreference='Stop';$ProgressPreference='SilentlyContinue'
$line="$(@($input)[0])".Trim();$after=@{}
foreach($p in $line -split ';'){if($p -match '^(\\w+)=(\\d{1,18})'){$after[$matches[1]]=[long]$matches[2]}}
$w=New-Object IO.StreamWriter([Console]::OpenStandardOutput(),(New-Object Text.UTF8Encoding $false))
function Events($n,$xpath,$newestFirst){
$q=New-Object Diagnostics.Eventing.Reader.EventLogQuery($n,'LogName',$xpath)
$q.ReverseDirection=$newestFirst
New-Object Diagnostics.Eventing.Reader.EventLogReader($q)
}
$w.WriteLine("after $line");$read=0;$said=@()
foreach($c in CHANNELS){
$k,$n=$c -split '=',2
try{
$e=(Events $n '*' $true).ReadEvent();$read++
if(!$e){continue}
$newest=$e.RecordId;$a=$newest-FIRST
if($after.ContainsKey($k)){$a=$after[$k];if($newest -lt $a){$w.WriteLine("restarted $k");$a=0}}
if($newest -eq $a){continue}
$r=Events $n "*[System[EventRecordID>$a]]" $false;$left=CHARACTERS
for($i=0;$i -lt EVENTS -and ($e=$r.ReadEvent());$i++){
$x=$e.ToXml() -replace "`r",'&#13;' -replace "`n",'&#10;'
$left-=$x.Length;if($left -lt 0){break}
$w.WriteLine("$k $($e.RecordId) $x")
}
}catch{if($_.Exception.GetBaseException().GetType().Name -ne 'EventLogNotFoundException'){$said+="${n}: $_"}}
}
$w.Flush()
if(!$read){if($said){[Console]::Error.WriteLine($said -join "`n");exit 1};exit 127}
"""
_EVENT = re.compile(r"(\w{1,16}) (\d{1,18}) (<Event[ >].*)")
_TIME = re.compile(r"<TimeCreated SystemTime=['\"]([0-9T:.Z+-]{1,40})['\"]")
_POSITION = re.compile(r"(\w{1,16})=(\d{1,18})")


def windows_log(name: str, documentation: str, *, stream: str, channels: Mapping[str, str]) -> Collector:
    """A collector of some channels, by short keys that stand for them in the cursor.

    The cursor is the record id reached in each channel, and the time of the event reached last, which
    tells it from one of the same id before the log was cleared: `app=7;sys=11@2026-03-01T10:00:00Z`. The
    first contact takes the last 200 events of each channel, a pull at most 4000. Raises ValueError for what
    cmd.exe could not start.
    """
    script = windows_script(channels)

    def parse(output: CommandOutput) -> Iterator[LogRecord]:
        return windows_records(stream, output)

    parse.__doc__ = documentation
    id = name.replace("_", "-")
    fetch = SshCommand(
        id, encoded(id, script), platforms=("windows",), stream=stream, maximum_bytes=MAXIMUM_BYTES,
        script=script,
    )  # fmt: skip
    return collector(name=name, fetch=fetch, every="reachability")(parse)


def windows_script(channels: Mapping[str, str]) -> str:
    """The PowerShell script, before it is encoded."""
    listed = ",".join(f"'{key}={channel}'" for key, channel in channels.items())
    script = _SCRIPT.replace("CHANNELS", f"@({listed})").replace("FIRST", str(FIRST_CONTACT_EVENTS))
    share = PULL_CHARACTERS // len(channels)
    return script.replace("EVENTS", str(PULL_EVENTS)).replace("CHARACTERS", str(share))


def windows_records(stream: str, output: CommandOutput) -> Iterator[LogRecord]:
    """The events behind the cursor that the first line names; what lies between record ids is lost."""
    reached: dict[str, int] = {}
    place = ""
    restarted: set[str] = set()
    begun: set[str] = set()
    *lines, _ = output.stdout.split("\n")  # what follows the last newline was cut
    for line in lines:
        line = line.rstrip("\r")
        if line.startswith("after "):
            place = line.removeprefix("after ")
            reached = {key: int(number) for key, number in _POSITION.findall(place)}
        elif line.startswith("restarted "):
            restarted.add(line.removeprefix("restarted "))
        elif match := _EVENT.fullmatch(line):
            key, number = match[1], int(match[2])
            if key not in begun:
                begun.add(key)
                if what := _lost(reached.get(key), number, key in restarted):
                    yield gap(stream, f"{key} of {place}", f"{key}: {what}")
            reached[key] = number
            places = ";".join(f"{name}={reached[name]}" for name in sorted(reached))
            time = _TIME.search(match[3])
            cursor = f"{places}@{time[1]}" if time else places
            yield LogRecord(stream, cursor, match[3], FORMAT)


def _lost(before: int | None, first: int, restarted: bool) -> str:
    if before is None:
        return ""
    if restarted:
        return f"the log was cleared; its records begin anew, behind record {before}"
    missed = first - before - 1
    return (
        f"{missed} events behind record {before} were overwritten before they were read" if missed > 0 else ""
    )
