"""soc.intake.programs.sudo; lines written from sudoers(5)"""

from __future__ import annotations

from soc.intake.programs.sudo import parse


def test_command() -> None:
    """An allowed command: who, as whom, where, what; the command keeps its own separators."""
    meaning = parse("     ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/bin/sh -c a ; USER=x")
    assert meaning is not None
    assert (meaning.service, meaning.user) == ("sudo", "ann")
    assert meaning.fields == {
        "tty": "pts/0", "working_directory": "/home/ann", "target_user": "root",
        "command": "/bin/sh -c a ; USER=x", "outcome": "success",
    }  # fmt: skip


def test_refusal() -> None:
    """A refusal says why, and is a failed authentication."""
    for reason in ("user NOT in sudoers", "3 incorrect password attempts", "command not allowed"):
        meaning = parse(f"www-data : {reason} ; TTY=unknown ; PWD=/ ; USER=root ; COMMAND=/bin/sh")
        assert meaning is not None
        assert meaning.fields["outcome"] == "failure"
        assert meaning.fields["reason"] == reason
        assert meaning.class_uid == 3002


def test_other_messages_have_no_meaning_here() -> None:
    """sudo also writes plain sentences."""
    for text in ("", "unable to resolve host web-01", "a b : c"):
        assert parse(text) is None
