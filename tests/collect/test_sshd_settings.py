"""sshd's settings, as facts."""

from __future__ import annotations

from soc.collect.sshd_settings import effective


def test_the_first_counts_and_match_ends() -> None:
    """Keywords in any case, repeated ones, lists, and nothing that holds for some only."""
    lines = [
        "PasswordAuthentication no",
        "passwordauthentication yes",
        "Port = 22",
        "Port 2222",
        "PrintMotd no",
        'Banner "/etc/issue  net"',
        "Match User bob",
        "PermitRootLogin yes",
    ]
    assert {fact.instance: fact.value for fact in effective(lines)} == {
        "passwordauthentication": "no",
        "port": "22, 2222",
        "banner": "/etc/issue net",
    }
