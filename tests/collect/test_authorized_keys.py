"""Lines of authorized_keys, whatever stands in them."""

from __future__ import annotations

import pytest

from soc.collect.authorized_keys import key_fact
from soc.model import Fact

BLOB = "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
FINGERPRINT = "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA"  # as ssh-keygen -l prints it


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"ssh-ed25519 {BLOB} ann@laptop", "ssh-ed25519 ann@laptop"),
        (f"ssh-ed25519 {BLOB}", "ssh-ed25519"),
        (f'from="10.0.0.0/8",command="a \\"b\\" c" ssh-ed25519 {BLOB} x y', None),
    ],
)
def test_a_key(line: str, said: str | None) -> None:
    """Type, comment and options are told, the key itself by its fingerprint."""
    fact = key_fact("/root/.ssh/authorized_keys", line)
    assert fact is not None
    said = said or 'ssh-ed25519 x y [from="10.0.0.0/8",command="a \\"b\\" c"]'
    assert fact == Fact("authorized_key", said, f"/root/.ssh/authorized_keys {FINGERPRINT}")


@pytest.mark.parametrize(
    "line", ["", "# ssh-ed25519 AAAA", "ssh-ed25519 AAAA***", "root:$6$abc:1:0", "x" * 5000]
)
def test_no_key(line: str) -> None:
    """A comment, a broken key and lines of other files are none."""
    assert key_fact("f", line) is None
