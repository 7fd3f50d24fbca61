"""Reading known_hosts and judging a host key."""

from __future__ import annotations

import base64
import random
import subprocess
from pathlib import Path

import pytest

from soc.collect.port import ResolvedCredential
from soc.collect.ssh.failure import SshError
from soc.collect.ssh.known_hosts import HostKeys, KnownHosts, fingerprint, pinned
from soc.collect.ssh.trust import Trust
from soc.model import Device

KEY = b"\0\0\0\x0bssh-ed25519" + bytes(range(36))
NOW = 1_800_000_000.0
OTHER = b"\0\0\0\x0bssh-ed25519" + bytes(36)


def _line(hosts: str, blob: bytes = KEY, key_type: str = "ssh-ed25519") -> str:
    return f"{hosts} {key_type} {base64.b64encode(blob).decode()}"


def _reason(keys: HostKeys, blob: bytes) -> str:
    with pytest.raises(SshError) as caught:
        keys.check(blob, NOW)
    return caught.value.reason


@pytest.mark.parametrize(
    ("hosts", "host", "port"),
    [
        ("web-01", "web-01", 22),
        ("web-01,192.0.2.7", "192.0.2.7", 22),
        ("WEB-01", "web-01", 22),
        ("[web-01]:2222", "web-01", 2222),
        ("*.example.org", "a.example.org", 22),
        ("[10.0.0.?]:2222", "10.0.0.7", 2222),
        ("2001:db8::1", "2001:db8::1", 22),
    ],
)
def test_entry_names_the_host(hosts: str, host: str, port: int) -> None:
    """Plain names, lists, ports and wildcards are found as ssh finds them."""
    KnownHosts([_line(hosts)], "test").keys(host, port).check(KEY, NOW)


@pytest.mark.parametrize(
    ("hosts", "host", "port"),
    [
        ("web-01", "web-01", 2222),
        ("[web-01]:2222", "web-01", 22),
        ("*.example.org,!bad.example.org", "bad.example.org", 22),
        ("web-0[12]", "web-01", 22),
    ],
)
def test_entry_of_another_host_is_unknown(hosts: str, host: str, port: int) -> None:
    """Another port, an exclusion, and brackets that are no wildcard name somebody else."""
    assert _reason(KnownHosts([_line(hosts)], "test").keys(host, port), KEY) == "host-key-unknown"


def test_hashed_name_as_ssh_keygen_writes_it(tmp_path: Path) -> None:
    """`ssh-keygen -H` hides names; they are still found."""
    path = tmp_path / "known_hosts"
    path.write_text(_line("[web-01]:2222") + "\n")
    subprocess.run(["ssh-keygen", "-H", "-f", path], check=True, capture_output=True)
    assert "web-01" not in path.read_text()
    known = KnownHosts.read(path)
    known.keys("web-01", 2222).check(KEY, NOW)
    assert _reason(known.keys("web-02", 2222), KEY) == "host-key-unknown"


def test_other_key_than_known_is_a_change() -> None:
    """A host with an entry that shows another key has changed; both fingerprints are named."""
    keys = KnownHosts([_line("web-01")], "the file").keys("web-01", 22)
    with pytest.raises(SshError) as caught:
        keys.check(OTHER, NOW)
    assert caught.value.reason == "host-key-changed"
    assert fingerprint(KEY) in caught.value.detail
    assert fingerprint(OTHER) in caught.value.detail


def test_revoked_key_is_refused_even_when_listed() -> None:
    """`@revoked` wins over an entry that accepts the same key."""
    known = KnownHosts([_line("web-01"), f"@revoked {_line('*')}"], "test")
    assert _reason(known.keys("web-01", 22), KEY) == "host-key-changed"


def test_unreadable_lines_hide_no_others() -> None:
    """Comments, unknown markers, unknown key types and rubbish are passed over."""
    lines = [
        "# comment", "", "web-01", "web-01 ssh-ed25519 %%%", f"@from-the-future {_line('*', OTHER)}",
        _line("web-01", b"x", "ssh-from-the-future"), "|1|rubbish ssh-ed25519 AAAA", _line("web-01"),
    ]  # fmt: skip
    KnownHosts(lines, "test").keys("web-01", 22).check(KEY, NOW)


def test_any_bytes_are_read(tmp_path: Path) -> None:
    """A file that is no known_hosts at all hides nothing of one beside it."""
    source = random.Random(3)
    garbage = tmp_path / "garbage"
    garbage.write_bytes(source.randbytes(200_000) + "web-01 ssh-ed25519 ÄÖÜ\nweb-01 x \n\x00".encode())
    good = tmp_path / "good"
    good.write_text(_line("web-01"))
    KnownHosts.read(garbage, good).keys("web-01", 22).check(KEY, NOW)


def test_types_known_of_a_host_are_asked_for_first() -> None:
    """An RSA key is signed for with SHA-2 only (RFC 8332)."""
    known = KnownHosts([_line("web-01", key_type="ssh-rsa")], "test")
    assert known.keys("web-01", 22).algorithms == ("rsa-sha2-512", "rsa-sha2-256")


def test_pinned_fingerprint_is_ssh_keygens(tmp_path: Path) -> None:
    """A fingerprint pinned as `ssh-keygen -l` prints it accepts its key and no other."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    public = tmp_path / "key.pub"
    printed = subprocess.run(["ssh-keygen", "-l", "-f", public], check=True, capture_output=True, text=True)
    keys = pinned([printed.stdout.split()[1]])
    keys.check(base64.b64decode(public.read_text().split()[1]), NOW)
    assert _reason(keys, OTHER) == "host-key-changed"


def test_changed_file_is_read_again(tmp_path: Path) -> None:
    """What was read is used again only as long as the file is the same."""
    path = tmp_path / "known_hosts"
    credential = ResolvedCredential("ops", "ssh", {"known_hosts": str(path)})
    device = Device("web-01", "hosting")
    for blob in (KEY, OTHER):
        path.write_text(_line("web-01", blob) + "\n")
        for _ in range(2):
            Trust().host_keys(device, credential, "web-01", 22).check(blob, NOW)
        path.unlink()
        assert "No such file" in Trust().host_keys(device, credential, "web-01", 22).source
