"""What may be shown of command lines."""

from __future__ import annotations

import pytest

from soc.collect.command_lines import without_secrets


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("backup  --password hunter2 --all", "backup --password *** --all"),
        ("curl -H 'Authorization: Bearer abc.def' https://ann:s3cret@example.org/x", None),
        ("tidy --keep 7", "tidy --keep 7"),
        ("run API_KEY=abc TOKEN: def", "run API_KEY=*** TOKEN: ***"),
    ],
)
def test_secrets_are_blotted_out(command: str, shown: str | None) -> None:
    """Passwords, tokens and keys are not shown, whatever stands between them and their name."""
    found = without_secrets(command)
    assert not {"hunter2", "s3cret", "abc.def"} & set(found.replace("@", " ").replace("'", " ").split())
    assert shown is None or found == shown
