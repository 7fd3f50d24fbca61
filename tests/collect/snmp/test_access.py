"""soc.collect.snmp.access"""

from __future__ import annotations

import pytest

from soc.collect.port import ResolvedCredential
from soc.collect.snmp.access import Access, read_access
from soc.collect.snmp.gufo import master_key


def _access(**settings: object) -> Access:
    return read_access(ResolvedCredential("lab", "snmp", settings), {}, master_key)


def test_waits_grow_and_add_up() -> None:
    """Later tries wait longer; together they take timeout x tries, which is what a dead device costs."""
    waits = _access(version="2c", community="x", timeout=2, tries=3).waits()
    assert waits == sorted(waits)
    assert sum(waits) == pytest.approx(6)
    assert len(waits) == 3


def test_passwords_become_master_keys() -> None:
    """RFC 3414 A.3.1: the key of "maplesyrup" before it is bound to an engine."""
    assert master_key("md5", b"maplesyrup").hex() == "9faf3283884e92834ebc9847d8edd963"
    assert master_key("sha1", b"maplesyrup").hex() == "9fb5cc0381497b3793528939ff788d5d79145211"
    auth = {"protocol": "SHA", "key": "maplesyrup"}
    access = _access(version="3", user="u", auth=auth, priv={"protocol": "AES", "key": "maplesyrup"})
    assert (access.auth_protocol, access.priv_protocol) == ("sha1", "aes128")
    assert access.auth_key == access.priv_key == master_key("sha1", b"maplesyrup")


def test_no_secret_is_shown() -> None:
    """Neither community nor keys stand in a repr."""
    access = _access(version="3", user="u", auth={"protocol": "md5", "key": "maplesyrup"})
    assert "maplesyrup" not in repr(access)
    assert access.auth_key.hex() not in repr(access)
    assert repr(access.auth_key) not in repr(access)
    assert "hush" not in repr(_access(version="1", community="hush"))


@pytest.mark.parametrize("spelling", ["SHA-256", "sha_256", "sha256"])
def test_protocols_in_their_usual_spellings(spelling: str) -> None:
    """Case and separators do not matter."""
    assert (
        _access(user="u", version="3", auth={"protocol": spelling, "key": "12345678"}).auth_protocol
        == "sha256"
    )


def test_a_device_may_speak_another_version() -> None:
    """The device's own snmp.version overrides the credential's."""
    credential = ResolvedCredential("lab", "snmp", {"version": "2c", "community": "x"})
    assert read_access(credential, {"version": "1"}, master_key).version == "1"


def test_3des_is_refused_by_name() -> None:
    """What is not supported is said, not guessed."""
    with pytest.raises(ValueError, match="3DES"):
        _access(
            version="3", user="u", auth={"protocol": "md5", "key": "k"}, priv={"protocol": "3des", "key": "k"}
        )


@pytest.mark.parametrize("version", ["1", "2c"])
def test_a_context_without_version_3_goes_with_the_community(version: str) -> None:
    """Switches answer for a VLAN where it is named behind the community."""
    credential = ResolvedCredential("lab", "snmp", {"version": version, "community": "public"})
    access = read_access(credential, {"context": "100"}, master_key)
    assert (access.community, access.context) == ("public@100", "")
