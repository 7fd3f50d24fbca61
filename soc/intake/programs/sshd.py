"""OpenSSH's server (auth.c, auth2.c, packet.c; sshd-session since 9.8).

A client chooses the user name, blanks and all: whatever follows the name is sought from the right.
One line per attempt carries an outcome; its companions ("Invalid user", PAM) do not, so that
counting outcomes counts attempts.
"""

from __future__ import annotations

from soc.intake.frame import AUTHENTICATION, LOGOFF, LOGON, Meaning, source

PROGRAMS = ("sshd", "sshd-session", "sshd-auth")

_ATTEMPTS = {"Failed": "failure", "Accepted": "success"}
# What else names a user and a peer: (beginning, reason)
_REFUSALS = (
    ("Invalid user ", "invalid-user"),
    ("maximum authentication attempts exceeded for ", "too-many-attempts"),
    ("error: maximum authentication attempts exceeded for ", "too-many-attempts"),
    ("ROOT LOGIN REFUSED FROM ", "root-refused"),
)
_ENDINGS = (
    "Disconnected from ",
    "Connection closed by ",
    "Connection reset by ",
    "Received disconnect from ",
)
_PRELUDES = ("authenticating user ", "invalid user ", "user ")


def parse(text: str) -> Meaning | None:
    word, _, rest = text.partition(" ")
    if word in _ATTEMPTS:
        return _attempt(_ATTEMPTS[word], rest)
    for beginning, reason in _REFUSALS:
        if text.startswith(beginning):
            user, address, fields = _peer(text[len(beginning) :])
            return _meaning(0, user, address, {**fields, "reason": reason})
    for beginning in _ENDINGS:
        if text.startswith(beginning):
            user, address, fields = _named_peer(text[len(beginning) :])
            return _meaning(LOGOFF, user, address, fields)
    return None


def _attempt(outcome: str, rest: str) -> Meaning | None:
    """`password for [invalid user ]NAME from ADDRESS port N ssh2[: key]`"""
    method, found, rest = rest.partition(" for ")
    if not found or " " in method:
        return None
    user, address, fields = _peer(rest)
    return _meaning(LOGON, user, address, {**fields, "outcome": outcome, "authentication_method": method})


def _peer(text: str) -> tuple[str, str, dict[str, str]]:
    """(user, address, fields) of `NAME from ADDRESS port N ...`"""
    user, _, where = text.rpartition(" from ")
    fields: dict[str, str] = {}
    if user.startswith("invalid user "):
        user = user.removeprefix("invalid user ")
        fields["invalid_user"] = "true"
    address, _, rest = where.partition(" ")
    keyword, _, rest = rest.partition(" ")
    if keyword == "port":
        port, _, rest = rest.partition(" ")
        fields["source_port"] = port
    if ": " in rest:
        fields["key"] = rest.partition(": ")[2]
    return user, address, fields


def _named_peer(text: str) -> tuple[str, str, dict[str, str]]:
    """(user, address, fields) of `[invalid user |authenticating user |user NAME ]ADDRESS port N ...`"""
    before, found, rest = text.rpartition(" port ")
    if not found:
        return "", "", {}
    user, _, address = before.rpartition(" ")
    fields = {"source_port": rest.partition(" ")[0].partition(":")[0]}
    for prelude in _PRELUDES:
        if user.startswith(prelude):
            return user.removeprefix(prelude), address, fields
    return "", address, fields


def _meaning(activity_id: int, user: str, address: str, fields: dict[str, str]) -> Meaning:
    source_ip, named = source(address)
    return Meaning(
        "sshd", "authentication", AUTHENTICATION, activity_id, user, source_ip, {**fields, **named}
    )
