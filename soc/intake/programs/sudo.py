"""sudo's log line (sudoers(5), "Log format"): USER : [REASON ;] TTY=… ; PWD=… ; USER=… ; COMMAND=…"""

from __future__ import annotations

from soc.intake.frame import AUTHENTICATION, LAUNCH, LOGON, PROCESS_ACTIVITY, Meaning

PROGRAMS = ("sudo",)

_NAMES = {
    "TTY": "tty",
    "CHROOT": "root_directory",
    "PWD": "working_directory",
    "USER": "target_user",
    "GROUP": "target_group",
    "ENV": "environment",
    "TSID": "session",
}


def parse(text: str) -> Meaning | None:
    user, found, rest = text.strip().partition(" : ")
    if not found or " " in user:
        return None
    details, _, command = rest.partition("COMMAND=")
    fields: dict[str, str] = {}
    for part in details.split(" ; "):
        name, equals, value = part.strip(" ;").partition("=")
        if equals and name in _NAMES:
            fields.setdefault(_NAMES[name], value)
        elif name and "reason" not in fields:
            fields["reason"] = name
    if command:
        fields["command"] = command
    refused = "reason" in fields
    fields["outcome"] = "failure" if refused else "success"
    class_uid, activity_id = (AUTHENTICATION, LOGON) if refused else (PROCESS_ACTIVITY, LAUNCH)
    return Meaning("sudo", "authentication", class_uid, activity_id, user, fields=fields)
