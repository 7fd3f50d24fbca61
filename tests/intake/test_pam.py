"""soc.intake.pam; lines written from pam_unix(8) and Linux-PAM's support.c"""

from __future__ import annotations

import pytest

from soc.intake.frame import LOGOFF, LOGON
from soc.intake.pam import parse


@pytest.mark.parametrize(
    ("text", "user", "source_ip", "activity_id", "result"),
    [
        (
            "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= "
            "rhost=203.0.113.7  user=a b",
            "a b",
            "203.0.113.7",
            LOGON,
            "failure",
        ),
        (
            "pam_unix(sudo:session): session opened for user root(uid=0) by ann(uid=1000)",
            "root",
            "",
            LOGON,
            "opened",
        ),
        ("pam_unix(cron:session): session closed for user root", "root", "", LOGOFF, "closed"),
        ("pam_unix(passwd:chauthtok): password changed for ann", "ann", "", 0, "password-changed"),
    ],
)
def test_line(text: str, user: str, source_ip: str, activity_id: int, result: str) -> None:
    """A PAM line belongs to its program and never carries an outcome of its own."""
    meaning = parse("sshd", text)
    assert meaning is not None
    assert (meaning.service, meaning.user, meaning.source_ip) == ("sshd", user, source_ip)
    assert (meaning.activity_id, meaning.fields["pam_result"]) == (activity_id, result)
    assert "outcome" not in meaning.fields


@pytest.mark.parametrize("text", ["pam_", "pam_unix(sshd:auth): check pass; user unknown", "pam_x: y"])
def test_other_messages_have_no_meaning_here(text: str) -> None:
    """Anything else is left alone."""
    assert parse("sshd", text) is None
