"""Log files of POSIX hosts, followed over SSH through rotations: what collectors/logs/ declares them with."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator

from soc.collect.declare import Collector, CommandOutput, SshCommand, collector
from soc.model import LogRecord

FIRST_CONTACT_BYTES = 65_536
PULL_BYTES = 1_048_576
PULL_LINES = 50_000
GAP = "gap"  # the format of a record that tells of lost lines; its cursor is nobody's to go on from

JOURNALD_SOCKET = "/run/systemd/journal/socket"
# Of what stands in both, the journal counts: a file that syslog writes is left alone where journald runs and
# we can read what it writes.
UNLESS_JOURNAL = f"""\
[ -S {JOURNALD_SOCKET} ] &&
  [ -n "$(journalctl --quiet --system --lines=1 --output=short 2>/dev/null)" ] && exit 127
"""

# A file is known by its inode and the checksum of its first line: inodes are used again, a file that
# is cut in place keeps its own, and its copy has the same first line. Rotated files are read, oldest
# first, from the one the cursor names; only what was compressed before it was read is lost, which the
# line "gap" tells. A line counts once its newline is there; one longer than a whole pull is given in
# part, or the log would stand still.
_SCRIPT = """\
read -r cursor
UNLESSlog=
for path in LOG_PATHS; do [ -f "$path" ] && log=$path && break; done
[ -n "$log" ] || exit 127
[ -r "$log" ] || { echo "$log: permission denied" >&2; exit 1; }
left=PULL_BYTES
identify() {
  set -- "$1" $(stat -c "%i %s" "$1") $(head -n 1 "$1" | head -c 1024 | sha256sum | head -c 12)
  file=$2:$4 size=$3
}
pull() {
  count=$((size - $2))
  [ $count -gt $left ] && count=$left
  [ $count -gt 0 ] || return 0
  left=$((left - count))
  tail -c +$(($2 + 1)) "$1" | head -c $count | tr "\\\\000" " " |
  awk -v file="$file" -v at="$2" -v end=$(($2 + count)) -v skip="$3" -v full=$((count == PULL_BYTES)) \
    "{ at += length(\\$0) + 1; line = \\$0 }
    at > end { exit }
    NR > skip { print file \\":\\" at \\" \\" substr(\\$0, 1, 8192) }
    NR > skip { whole = 1 }
    END { if (full && !whole && NR) print file \\":\\" end \\" \\" substr(line, 1, 8192) }"
}
identify "$log"
offset=${cursor##*:}
case $cursor in
  "$file":*)
    [ "$offset" -le "$size" ] || { echo "gap $cursor"; offset=0; }
    pull "$log" "$offset" 0
    exit 0;;
  *[!0-9a-f:]*|"")
    offset=$((size > FIRST_BYTES ? size - FIRST_BYTES : 0))
    pull "$log" "$offset" $((offset > 0))
    exit 0;;
esac
found=
for path in $(ls -1tr "$log".[0-9]* "$log"-[0-9]* 2>/dev/null) "$log"; do
  case $path in *.gz|*.xz|*.bz2|*.zst) continue;; esac
  identify "$path"
  if [ -n "$found" ]; then pull "$path" 0 0
  else case $cursor in *:"${file#*:}":*) found=1; pull "$path" "$offset" 0;; esac
  fi
done
[ -n "$found" ] || { echo "gap $cursor"; identify "$log"; pull "$log" 0 0; }
"""
_PATH = re.compile(r"(?:/[A-Za-z0-9._-]+)+")
_LINE = re.compile(r"(\d+:[0-9a-f]+:\d+) (.*)")


def file_script(*paths: str, unless_journal: bool = False) -> str:
    """The shell command that follows the first of `paths` that exists.

    Raises ValueError for a path that is not absolute, or of other than letters, digits and `._-`.
    """
    for path in paths:
        if not _PATH.fullmatch(path):
            raise ValueError(
                f"log file {path!r}: an absolute path of letters, digits, '.', '_', '-' expected"
            )
    text = _SCRIPT.replace("LOG_PATHS", " ".join(paths))
    text = text.replace("UNLESS", UNLESS_JOURNAL if unless_journal else "")
    text = text.replace("PULL_BYTES", str(PULL_BYTES)).replace("FIRST_BYTES", str(FIRST_CONTACT_BYTES))
    return f"LC_ALL=C sh -c {shlex.quote(text)}"


def file_records(stream: str, format: str, output: CommandOutput) -> Iterator[LogRecord]:
    """Whole lines behind their cursors, as `file_script` prints them; the next pull has what is too many."""
    *lines, _ = output.stdout.split("\n")  # what follows the last newline was cut
    for line in lines[:PULL_LINES]:
        if match := _LINE.fullmatch(line):
            yield LogRecord(stream, match[1], match[2], format)
        elif line.startswith("gap "):
            yield gap(
                stream, line[4:], "the file read last is gone; what was written to it since may be lost"
            )


def log_file(
    name: str,
    documentation: str,
    *paths: str,
    stream: str,
    format: str = "syslog",
    unless_journal: bool = False,
    join: Callable[[Iterator[LogRecord]], Iterator[LogRecord]] | None = None,
) -> Collector:
    """A collector that follows the first of `paths` that a host has, from where the last pull ended.

    The cursor is inode, checksum of the first line, and offset of a line's end; the first contact takes
    the last 64 KB. `format` names the decoder (soc/intake/decoders). `unless_journal` leaves the file
    alone where the system's journal can be read, which has the same lines. `join` makes one record of
    several lines; lines behind the last record it gives come again with the next pull.
    """

    def parse(output: CommandOutput) -> Iterator[LogRecord]:
        records = file_records(stream, format, output)
        return join(records) if join else records

    parse.__doc__ = documentation
    command = SshCommand(
        name.replace("_", "-"),
        file_script(*paths, unless_journal=unless_journal),
        stream=stream,
        maximum_bytes=4 * PULL_BYTES,  # the cursors before the lines count as well
    )
    return collector(name=name, fetch=command, every="reachability")(parse)


def gap(stream: str, after: str, what: str) -> LogRecord:
    """Tells that lines of `stream` behind the cursor `after` are lost; it becomes an event of our own."""
    return LogRecord(stream, f"gap {after}", what, GAP)
