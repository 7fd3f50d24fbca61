"""The authentication log of Linux hosts, pulled over SSH from where the last pull ended.

Debian writes /var/log/auth.log, Red Hat /var/log/secure. The cursor comes on standard input, the
command never changes. See docs/collectors.md for what it prints.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from soc.collect import CommandOutput, LogRecord, SshCommand, collector

FIRST_CONTACT_BYTES = 65_536
PULL_BYTES = 1_048_576

# A file is known by its inode and the checksum of its first line: inodes are used again, a file that
# is cut in place keeps its own, and its copy has the same first line. Rotated files are read, oldest
# first, from the one the cursor names; only what was compressed before it was read is lost. A line
# counts once its newline is there; one longer than a whole pull is given in part, or the log would
# stand still.
_SCRIPT = """\
read -r cursor
log=
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
    [ "$offset" -le "$size" ] || offset=0
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
[ -n "$found" ] || { identify "$log"; pull "$log" 0 0; }
"""


def script(*paths: str) -> str:
    """The shell command for the first of `paths` that exists (plain names, no blanks)."""
    text = _SCRIPT.replace("LOG_PATHS", " ".join(paths))
    text = text.replace("PULL_BYTES", str(PULL_BYTES)).replace("FIRST_BYTES", str(FIRST_CONTACT_BYTES))
    return f"LC_ALL=C sh -c {shlex.quote(text)}"


AUTH_LOG = SshCommand(
    "linux-auth-log",
    script("/var/log/auth.log", "/var/log/secure"),
    stream="auth",
    maximum_bytes=4 * PULL_BYTES,  # the cursors before the lines count as well
)

_LINE = re.compile(r"(\d+:[0-9a-f]+:\d+) (.*)")


@collector(every="reachability", fetch=AUTH_LOG)
def linux_auth_log(output: CommandOutput) -> Iterator[LogRecord]:
    """Whole lines since the cursor (inode:checksum:offset of a line's end); at first the last 64 KB."""
    *lines, _ = output.stdout.split("\n")  # what follows the last newline was cut
    for line in lines:
        if match := _LINE.fullmatch(line):
            yield LogRecord("auth", match[1], match[2])
