"""su of util-linux (login-utils/su-common.c): `[FAILED SU ](to TARGET) USER on TTY`."""

from __future__ import annotations

from soc.intake.frame import AUTHENTICATION, LOGON, Meaning

PROGRAMS = ("su", "runuser")


def parse(text: str) -> Meaning | None:
    failed = text.startswith("FAILED SU ")
    rest = text.removeprefix("FAILED SU ")
    target, found, rest = rest.partition(") ")
    if not found or not target.startswith("(to "):
        return None
    user, _, tty = rest.rpartition(" on ")
    fields = {
        "target_user": target.removeprefix("(to "),
        "tty": tty,
        "outcome": "failure" if failed else "success",
    }
    return Meaning("su", "authentication", AUTHENTICATION, LOGON, user, fields=fields)
