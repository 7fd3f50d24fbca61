"""soc.intake.programs.accounts; lines written from shadow-utils"""

from __future__ import annotations

import pytest

from soc.intake.programs.accounts import parse


@pytest.mark.parametrize(
    ("text", "user", "fields"),
    [
        (
            "new user: name=eve, UID=1001, GID=1001, home=/home/eve, shell=/bin/bash, from=/dev/pts/0",
            "eve",
            {"action": "user-created", "target_uid": "1001", "home": "/home/eve", "shell": "/bin/bash"},
        ),
        ("delete user 'eve'", "eve", {"action": "user-deleted"}),
        ("add 'eve' to group 'sudo'", "eve", {"action": "group-member-added", "group": "sudo"}),
        ("add 'eve' to shadow group 'sudo'", "eve", {"action": "shadow-group-member-added", "group": "sudo"}),
        (
            "user eve added by root to group sudo",
            "eve",
            {"action": "group-member-added", "group": "sudo", "actor": "root"},
        ),
    ],
)
def test_change(text: str, user: str, fields: dict[str, str]) -> None:
    """Which account, what was done to it, which group."""
    meaning = parse(text)
    assert meaning is not None
    assert (meaning.service, meaning.category) == ("accounts", "account-change")
    assert (meaning.user, meaning.fields) == (user, fields)


@pytest.mark.parametrize(
    "text", ["", "add 'eve' to nothing", "add '", "user eve removed", "new group: name=x"]
)
def test_other_messages_have_no_meaning_here(text: str) -> None:
    """Anything else is left alone."""
    assert parse(text) is None
