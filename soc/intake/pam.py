"""PAM modules' lines inside any program's log: `pam_unix(sshd:auth): authentication failure; …`."""

from __future__ import annotations

from soc.intake.frame import AUTHENTICATION, LOGOFF, LOGON, Meaning, source


def parse(program: str, text: str) -> Meaning | None:
    """Companions of a program's own line: they carry no `outcome` (pam_unix(8), support.c of Linux-PAM)."""
    head, found, rest = text.partition("): ")
    module, opened, context = head.partition("(")
    if not found or not opened:
        return None
    fields = {"pam_module": module, "pam_type": context.rpartition(":")[2]}
    activity_id, user, address = 0, "", ""
    if rest.startswith("authentication failure;"):
        fields["pam_result"] = "failure"
        activity_id = LOGON
        address = _value(rest, " rhost=")
        # The name stands last and may hold blanks.
        user = rest.partition("  user=")[2]
        if requester := _value(rest, " ruser="):
            fields["requesting_user"] = requester
    elif rest.startswith(("session opened for user ", "session closed for user ")):
        opened_session = rest.startswith("session opened")
        activity_id = LOGON if opened_session else LOGOFF
        user = rest.split(" ", 5)[4].partition("(uid=")[0]
        fields["pam_result"] = "opened" if opened_session else "closed"
    elif rest.startswith("password changed for "):
        fields["pam_result"] = "password-changed"
        user = rest.removeprefix("password changed for ")
    else:
        return None
    source_ip, named = source(address)
    return Meaning(
        program, "authentication", AUTHENTICATION, activity_id, user, source_ip, {**fields, **named}
    )


def _value(text: str, key: str) -> str:
    return text.partition(key)[2].partition(" ")[0]
