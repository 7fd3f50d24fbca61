"""Log files of Linux hosts, pulled over SSH from where the last pull ended.

The cursor comes on standard input, the command never changes. See docs/collectors.md for what it prints.
"""

from __future__ import annotations

from soc.collect.logs import log_file

# Debian writes the first, Red Hat the second.
linux_auth_log = log_file(
    "linux_auth_log",
    "Logins, sudo and accounts, as syslog writes them; where the journal can be read, that is read instead.",
    "/var/log/auth.log",
    "/var/log/secure",
    stream="auth",
    unless_journal=True,
)

# Both leave out what they write to the files above.
linux_system_log = log_file(
    "linux_system_log",
    "What else syslog writes; where the journal can be read, that is read instead.",
    "/var/log/syslog",
    "/var/log/messages",
    stream="system",
    unless_journal=True,
)
