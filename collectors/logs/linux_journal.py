"""The systemd journal of Linux hosts, pulled over SSH from where the last pull ended.

journalctl(1) with `--output=json`; the fields are those of systemd.journal-fields(7). The account must be a
member of `systemd-journal` or `adm`. See docs/collectors.md for what the command prints.
"""

from __future__ import annotations

from soc.collect.journal import journal_log

linux_journal = journal_log(
    "linux_journal",
    "Entries since the cursor; at first the last 1000. Records of the audit system are left to auditd's log.",
    stream="journal",
)
