"""soc.intake.programs.sshd; messages written from OpenSSH's auth.c, auth2.c and packet.c"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc.intake.frame import AUTHENTICATION, LOGOFF, LOGON
from soc.intake.programs.sshd import parse


@pytest.mark.parametrize(
    ("text", "user", "source_ip", "fields"),
    [
        (
            "Failed password for root from 203.0.113.7 port 4022 ssh2",
            "root", "203.0.113.7",
            {"outcome": "failure", "authentication_method": "password", "source_port": "4022"},
        ),
        (
            "Failed keyboard-interactive/pam for invalid user oracle from 2001:db8::7 port 1 ssh2",
            "oracle", "2001:db8::7",
            {
                "outcome": "failure", "authentication_method": "keyboard-interactive/pam",
                "source_port": "1", "invalid_user": "true",
            },
        ),
        (
            "Accepted publickey for ann from fe80::1%eth0 port 50000 ssh2: ED25519 SHA256:abc/+=",
            "ann", "fe80::1",
            {
                "outcome": "success", "authentication_method": "publickey", "source_port": "50000",
                "key": "ED25519 SHA256:abc/+=",
            },
        ),
        (
            "Accepted password for ann from client.example.org port 5 ssh2",
            "ann", "",
            {
                "outcome": "success", "authentication_method": "password", "source_port": "5",
                "source_host": "client.example.org",
            },
        ),
        (
            "Invalid user  from 203.0.113.7 port 4022",
            "", "203.0.113.7", {"source_port": "4022", "reason": "invalid-user"},
        ),
        (
            "error: maximum authentication attempts exceeded for root from 203.0.113.7 port 1 ssh2 [preauth]",
            "root", "203.0.113.7", {"source_port": "1", "reason": "too-many-attempts"},
        ),
    ],
)  # fmt: skip
def test_attempt(text: str, user: str, source_ip: str, fields: dict[str, str]) -> None:
    """Who tried, from where, how, and what came of it."""
    meaning = parse(text)
    assert meaning is not None
    assert (meaning.service, meaning.category, meaning.class_uid) == (
        "sshd",
        "authentication",
        AUTHENTICATION,
    )
    assert meaning.activity_id == (LOGON if "outcome" in fields else 0)
    assert (meaning.user, meaning.source_ip, meaning.fields) == (user, source_ip, fields)


@pytest.mark.parametrize(
    ("text", "user", "source_ip"),
    [
        ("Disconnected from user ann 203.0.113.7 port 22", "ann", "203.0.113.7"),
        ("Disconnected from invalid user x y 203.0.113.7 port 22 [preauth]", "x y", "203.0.113.7"),
        (
            "Connection closed by authenticating user root 203.0.113.7 port 22 [preauth]",
            "root",
            "203.0.113.7",
        ),
        ("Received disconnect from 203.0.113.7 port 22:11: Bye Bye", "", "203.0.113.7"),
        ("Connection reset by 203.0.113.7 port 22", "", "203.0.113.7"),
    ],
)
def test_ending(text: str, user: str, source_ip: str) -> None:
    """The end of a session or of an attempt is a logoff."""
    meaning = parse(text)
    assert meaning is not None
    assert (meaning.activity_id, meaning.user, meaning.source_ip) == (LOGOFF, user, source_ip)
    assert "outcome" not in meaning.fields


@settings(max_examples=60, deadline=None)
@given(
    user=st.text(max_size=20)
    | st.sampled_from(["x from 192.0.2.1 port 1 ssh2", "invalid user root", " for a from b"]),
    verdict=st.sampled_from(["Failed", "Accepted"]),
)
def test_a_user_name_cannot_forge_the_address(user: str, verdict: str) -> None:
    """Whatever name a client sends, the address is the one that sshd wrote."""
    meaning = parse(f"{verdict} password for invalid user {user} from 203.0.113.7 port 4022 ssh2")
    assert meaning is not None
    assert (meaning.user, meaning.source_ip) == (user, "203.0.113.7")
    assert meaning.fields["source_port"] == "4022"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Failed",
        "Failed to start",
        "Server listening on 0.0.0.0 port 22.",
        "Accepted key ED25519 found at x:1",
    ],
)
def test_other_messages_have_no_meaning_here(text: str) -> None:
    """Messages about something else are not taken for logins."""
    assert parse(text) is None
