"""Host certificates as ssh-keygen makes them, shown by a real sshd."""

from __future__ import annotations

import base64
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import paramiko
import pytest

from soc.collect.declare import SshCommand
from soc.collect.port import Answer, Job, ResolvedCredential
from soc.collect.ssh.certificate import CertificateError, read_certificate
from soc.model import Device

Ask = Callable[..., Answer]
HELLO = SshCommand("hello", "echo hello")


def _run(*words: str | Path) -> None:
    subprocess.run(["ssh-keygen", "-q", *words], check=True, capture_output=True)


def _key(path: Path, kind: str = "ed25519") -> Path:
    _run("-t", kind, *(["-b", "2048"] if kind == "rsa" else []), "-N", "", "-f", path)
    return path


def _blob(path: Path) -> bytes:
    return base64.b64decode(path.read_text().split()[1])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key that signs hosts' certificates."""
    return _key(tmp_path_factory.mktemp("authority") / "authority")


@pytest.fixture
def show(start_sshd, authority: Path, tmp_path: Path):
    """Start an sshd that shows a certificate made with the given words; known_hosts trusts the authority."""

    def start(*words: str, signer: Path = authority, kind: str = "ed25519", trusted: Path = authority):
        key = _key(tmp_path / "certified", kind)
        _run("-s", signer, "-I", "host certificate", *words, key.with_suffix(".pub"))
        host = start_sshd(f"HostKey {key}\nHostCertificate {key}-cert.pub\n")
        authority_key = " ".join(trusted.with_suffix(".pub").read_text().split()[:2])
        host.known_hosts.write_text(f"@cert-authority 127.0.0.* {authority_key}\n")
        return host

    return start


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_certificate_of_a_trusted_authority(show, ask: Ask, kind: str) -> None:
    """No key of the host's own needs to be on record, whatever kind it is."""
    host = show("-h", "-n", "other,127.0.0.1", "-V", "-1m:+1h", kind=kind)
    assert ask(host.job(HELLO)).values[HELLO].stdout == "hello\n"


def test_certificate_for_the_devices_name(show, ask: Ask) -> None:
    """The inventory's name of the device counts as well as the address, also as a pattern."""
    host = show("-h", "-n", "web-*")
    assert ask(host.job(HELLO, device=host.device("web-01"))).failure is None
    answer = ask(host.job(HELLO, device=host.device("db-01")))
    assert answer.failure is not None
    assert answer.failure.reason == "host-certificate"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("-h", "-n", "127.0.0.1", "-V", "-2h:-1h"), "expired"),
        (("-h", "-n", "127.0.0.1", "-V", "+1h:+2h"), "not valid yet"),
        (("-h", "-n", "127.0.0.2"), "made for 127.0.0.2, not for 127.0.0.1"),
        (("-h",), "made for nobody"),
        (("-h", "-n", "127.0.0.1", "-O", "critical:later@example.org=x"), "critical option"),
    ],
)
def test_certificate_that_does_not_hold(show, ask: Ask, words: tuple[str, ...], why: str) -> None:
    """Each way not to hold is told, and sshd never learns who we are."""
    host = show(*words)
    answer = ask(host.job(HELLO, credentials=(host.credential(user="told-to-nobody"),)))
    assert answer.failure is not None
    assert answer.failure.reason == "host-certificate"
    assert answer.failure.detail.startswith("host key: ")
    assert why in answer.failure.detail
    assert "told-to-nobody" not in host.log.read_text()


def test_users_certificate_is_no_hosts(tmp_path: Path, authority: Path) -> None:
    """sshd would not load one as its own; a thief would show it."""
    key = _key(tmp_path / "user")
    _run("-s", authority, "-I", "a user", "-n", "127.0.0.1", key.with_suffix(".pub"))
    certificate = read_certificate(_blob(tmp_path / "user-cert.pub"))
    with pytest.raises(CertificateError, match="user's certificate"):
        certificate.check(["127.0.0.1"], time.time())


class _Impostor(paramiko.Ed25519Key):
    """Shows a certificate that is not a host's, and can sign with its key."""

    certificate = b""

    def get_name(self) -> str:
        return "ssh-ed25519-cert-v01@openssh.com"

    def asbytes(self) -> bytes:
        return self.certificate


def test_users_certificate_is_shown_for_a_hosts(ask: Ask, tmp_path: Path, authority: Path) -> None:
    """Whoever has a user's certificate of the same authority cannot play a host with it."""
    path = _key(tmp_path / "user")
    _run("-s", authority, "-I", "a user", "-n", "127.0.0.1", path.with_suffix(".pub"))
    key = _Impostor.from_private_key_file(str(path))
    key.certificate = _blob(tmp_path / "user-cert.pub")
    trusted = " ".join(authority.with_suffix(".pub").read_text().split()[:2])
    (tmp_path / "known_hosts").write_text(f"@cert-authority * {trusted}\n")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def play() -> None:
            server = paramiko.Transport(listener.accept()[0])
            server._preferred_keys = (key.get_name(),)  # type: ignore[attr-defined]
            server.add_server_key(key)
            server.start_server(event=threading.Event(), server=paramiko.ServerInterface())
            server.join(20)

        thread = threading.Thread(target=play)
        thread.start()
        settings = {"user": "soc", "password": "x", "known_hosts": str(tmp_path / "known_hosts")}
        device = Device("host", "hosting", ("127.0.0.1",), options={"ssh": {"port": port}})
        answer = ask(Job(device, (ResolvedCredential("ops", "ssh", settings),), (HELLO,)))
        thread.join(20)
    assert answer.failure is not None
    assert answer.failure.reason == "host-certificate"
    assert "user's certificate" in answer.failure.detail
    assert answer.refused_credentials == ()


def test_certificate_of_another_authority_is_unknown(show, ask: Ask, tmp_path: Path) -> None:
    """Then the key itself counts: unknown without an entry, accepted with one."""
    other = _key(tmp_path / "other")
    host = show("-h", "-n", "127.0.0.1", signer=other)
    answer = ask(host.job(HELLO))
    assert answer.failure is not None
    assert answer.failure.reason == "host-key-unknown"
    key = " ".join((tmp_path / "certified.pub").read_text().split()[:2])
    with host.known_hosts.open("a") as file:
        file.write(f"[127.0.0.1]:{host.port} {key}\n")
    assert ask(host.job(HELLO)).failure is None


@pytest.mark.parametrize("revoked", ["authority", "key"])
def test_revoked_authority_or_key(show, ask: Ask, authority: Path, tmp_path: Path, revoked: str) -> None:
    """`@revoked` wins over the authority's entry, for what it signed and for the key."""
    host = show("-h", "-n", "127.0.0.1")
    path = authority if revoked == "authority" else tmp_path / "certified"
    with host.known_hosts.open("a") as file:
        file.write(f"@revoked * {' '.join(path.with_suffix('.pub').read_text().split()[:2])}\n")
    answer = ask(host.job(HELLO))
    assert answer.failure is not None
    assert answer.failure.reason == "host-key-changed"
    assert "revoked" in answer.failure.detail


def test_pinned_fingerprint_counts_alone(show, ask: Ask, tmp_path: Path) -> None:
    """With a pin no certificate is asked for, and an authority opens nothing."""
    host = show("-h", "-n", "127.0.0.1")
    answer = ask(host.job(HELLO, device=host.device(fingerprint="SHA256:" + "A" * 43)))
    assert answer.failure is not None
    assert answer.failure.reason == "host-key-changed"


def test_altered_certificate_is_refused(tmp_path: Path, authority: Path) -> None:
    """Every byte is signed: one changed anywhere, cut or added is not to be read."""
    key = _key(tmp_path / "host")
    _run("-s", authority, "-I", "x", "-h", "-n", "web-01", key.with_suffix(".pub"))
    blob = _blob(tmp_path / "host-cert.pub")
    assert read_certificate(blob).principals == ("web-01",)
    for position in range(0, len(blob), 3):
        changed = blob[:position] + bytes([blob[position] ^ 1]) + blob[position + 1 :]
        with pytest.raises(CertificateError):
            read_certificate(changed)
    for changed in (blob[:-1], blob + b"\0", blob[: len(blob) // 2], b"", b"\xff" * 40):
        with pytest.raises(CertificateError):
            read_certificate(changed)
