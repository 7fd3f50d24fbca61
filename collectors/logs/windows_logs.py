"""Windows' event logs, pulled over SSH from where the last pull ended (EventLogReader).

The account must be a member of `Event Log Readers`. Security is a command of its own, so that a host which
keeps it from us says so.
"""

from __future__ import annotations

from soc.collect.windows_logs import windows_log

windows_security_log = windows_log(
    "windows_security_log",
    "Logons, accounts, policies: what the host's audit policy records.",
    stream="windows-security",
    channels={"sec": "Security"},
)
windows_system_logs = windows_log(
    "windows_system_logs",
    "System and applications; PowerShell, Defender, OpenSSH and Sysmon where there are such logs.",
    stream="windows-system",
    channels={
        "sys": "System",
        "app": "Application",
        "ps": "Microsoft-Windows-PowerShell/Operational",
        "def": "Microsoft-Windows-Windows Defender/Operational",
        "ssh": "OpenSSH/Operational",
        "mon": "Microsoft-Windows-Sysmon/Operational",
    },
)
