"""soc inventory trust, against a real sshd."""

from __future__ import annotations

import base64
import io
import json
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from soc.cli import main
from soc.collect.declare import SshCommand
from soc.collect.port import Answer
from soc.collect.ssh.transport import SshTransport
from tests.support.sshd import Host

HELLO = SshCommand("hello", "echo hello")


def _fingerprint(host: Host, key: str = "host_key") -> str:
    path = host.directory / f"{key}.pub"
    done = subprocess.run(["ssh-keygen", "-lf", path], check=True, capture_output=True, text=True)
    return done.stdout.split()[1]


class Site:
    """An inventory with the host as its one device, and what is on record in the data directory."""

    def __init__(self, directory: Path, host: Host) -> None:
        self.host = host
        self.record = directory / "data" / "known_hosts"
        self.inventory = directory / "inventory.yaml"
        self.write(known_hosts=None)

    def write(self, *, known_hosts: Path | None) -> None:
        text = self.host.inventory().replace(f", known_hosts: {self.host.known_hosts}", "")
        if known_hosts:
            text = text.replace("key_file:", f"known_hosts: {known_hosts}, key_file:")
        self.inventory.write_text(text)

    def run(self, *words: str) -> int:
        return main(["inventory", "trust", *words, "--inventory", str(self.inventory)])

    def logs_in(self) -> bool:
        """Whether the transport trusts the host by what is on record."""
        answers: list[Answer] = []
        job = self.host.job(HELLO, credentials=(self.host.credential(known_hosts=None),))
        SshTransport(known_hosts=self.record).run([job], answers.append, time.monotonic() + 30)
        return answers[0].failure is None


@pytest.fixture
def site(sshd: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Nothing is on record yet; standard input is no terminal."""
    monkeypatch.setenv("SOC_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return Site(tmp_path, sshd)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_right_fingerprint_needs_no_question(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The key is written for its owner only, is what the transport reads, and is known from then on."""
    assert site.run("host", "--fingerprint", _fingerprint(site.host)) == 0
    assert "trusted: ssh-ed25519 SHA256:" in capsys.readouterr().out
    assert stat.S_IMODE(site.record.stat().st_mode) == 0o600
    assert site.record.read_text().startswith(f"[127.0.0.1]:{site.host.port} ssh-ed25519 ")
    assert site.logs_in()
    capsys.readouterr()
    assert site.run("host", "--json") == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document["state"] == "known"


def test_wrong_fingerprint_changes_nothing(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The host's own fingerprint is shown, and nothing is put on record."""
    assert site.run("host", "--fingerprint", "SHA256:" + "A" * 43) == 1
    assert _fingerprint(site.host) in capsys.readouterr().out
    assert not site.record.exists()


def test_script_without_a_fingerprint_is_refused(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody can answer, so nothing is trusted; what to give is said."""
    assert site.run("host") == 2
    assert f"presents ssh-ed25519 {_fingerprint(site.host)}" in capsys.readouterr().err
    assert not site.record.exists()


@pytest.mark.parametrize(("answer", "trusted"), [("y\n", True), ("\n", False), ("no\n", False)])
def test_terminal_is_asked(site: Site, monkeypatch: pytest.MonkeyPatch, answer: str, trusted: bool) -> None:
    """Only a yes puts the keys on record."""
    monkeypatch.setattr("sys.stdin", _Terminal(answer))
    assert site.run("host") == (0 if trusted else 1)
    assert site.record.exists() == trusted


def _other_key(directory: Path) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / "other"], check=True)
    return " ".join((directory / "other.pub").read_text().split()[:2])


@pytest.mark.parametrize("hashed", [False, True])
def test_changed_key_needs_replace(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str], hashed: bool
) -> None:
    """Other hosts, other lines and hashing stay as they are; the old key goes."""
    path, other = tmp_path / "own_known_hosts", _other_key(tmp_path)
    path.write_text(f"# mine\nweb-01,[127.0.0.1]:{site.host.port} {other}\n@revoked elsewhere {other}")
    if hashed:
        path.write_text(f"[127.0.0.1]:{site.host.port} {other}\nweb-01 {other}\n")
        subprocess.run(["ssh-keygen", "-q", "-H", "-f", path], check=True, capture_output=True)
    path.chmod(0o644)
    site.write(known_hosts=path)
    before, pin = path.read_text(), _fingerprint(site.host)
    assert site.run("host", "--fingerprint", pin) == 1
    assert "changed: presents" in capsys.readouterr().out
    assert path.read_text() == before
    assert site.run("host", "--fingerprint", pin, "--replace") == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o644

    def found(name: str) -> str:
        done = subprocess.run(["ssh-keygen", "-F", name, "-f", path], capture_output=True, text=True)
        return done.stdout

    key = " ".join((site.host.directory / "host_key.pub").read_text().split()[1:2])
    assert key in found(f"[127.0.0.1]:{site.host.port}")
    assert other.split()[1] not in found(f"[127.0.0.1]:{site.host.port}")
    assert other.split()[1] in found("web-01")
    assert path.read_text().startswith("|1|" if hashed else "# mine\nweb-01 ")
    assert ("127.0.0.1" in path.read_text()) != hashed
    assert not site.record.exists()


def test_replaced_key_is_accepted_by_no_file(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The data directory's record counts beside the credential's own, so the old key goes there as well."""
    path, other = tmp_path / "own_known_hosts", _other_key(tmp_path)
    name = f"[127.0.0.1]:{site.host.port}"
    site.record.parent.mkdir(mode=0o700)
    site.record.write_text(f"{name} {other}\nweb-01 {other}\n")
    site.write(known_hosts=path)
    pin = _fingerprint(site.host)
    assert site.run("host", "--fingerprint", pin) == 1
    assert "changed: presents" in capsys.readouterr().out
    assert site.run("host", "--fingerprint", pin, "--replace") == 0
    assert site.record.read_text() == f"web-01 {other}\n"
    assert path.read_text().startswith(f"{name} ssh-ed25519 ")
    with site.record.open("a") as file:
        file.write(f"{name} {other}\n")
    assert site.run("host", "--fingerprint", pin, "--replace") == 0
    assert site.record.read_text() == f"web-01 {other}\n"


def test_old_key_of_a_pattern_is_named(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for other hosts, too, is not ours to change, but says that the old key is still accepted."""
    other = _other_key(site.inventory.parent)
    site.record.parent.mkdir(mode=0o700)
    site.record.write_text(f"# ours\n[127.0.0.*]:* {other}\n")
    assert site.run("host", "--fingerprint", _fingerprint(site.host), "--replace") == 1
    assert f"by {site.record} line 2; take them out there" in capsys.readouterr().out
    assert site.record.read_text().startswith(f"# ours\n[127.0.0.*]:* {other}\n[127.0.0.1]:")
    with site.record.open("a") as file:
        file.write(f"@revoked * {other}\n")
    assert site.run("host", "--fingerprint", _fingerprint(site.host), "--replace") == 0
    assert "known: " in capsys.readouterr().out


def test_revoked_key_is_never_trusted(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Not even with its fingerprint and --replace."""
    site.record.parent.mkdir(mode=0o700)
    public = " ".join((site.host.directory / "host_key.pub").read_text().split()[:2])
    site.record.write_text(f"@revoked * {public}\n")
    assert site.run("host", "--fingerprint", _fingerprint(site.host), "--replace") == 1
    assert "revoked: ssh-ed25519" in capsys.readouterr().out
    assert site.record.read_text() == f"@revoked * {public}\n"


def test_entries_of_a_known_hosts_are_taken_over(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Keys and authorities of the inventory's devices, without a connection; other hosts stay away."""
    other = _other_key(tmp_path)
    source = tmp_path / "source"
    source.write_text(
        site.host.known_hosts.read_text() + f"somebody-else {other}\n@cert-authority 127.0.0.* {other}\n"
    )
    assert site.run("--from", str(source)) == 0
    assert "trusted: certificates signed by" in capsys.readouterr().out
    lines = site.record.read_text().splitlines()
    name = f"[127.0.0.1]:{site.host.port}"
    assert [line.split()[:2] for line in lines] == [["@cert-authority", name], [name, "ssh-ed25519"]]
    assert site.run("--from", str(source)) == 0
    assert site.record.read_text().splitlines() == lines


def test_revocations_are_taken_over(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A revoked key is put on record as such, and a revoked authority is not told as trusted."""
    other = _other_key(tmp_path)
    source = tmp_path / "source"
    source.write_text(f"@cert-authority 127.0.0.* {other}\n@revoked * {other}\n")
    for _ in range(2):
        assert site.run("--from", str(source)) == 0
        said = capsys.readouterr().out
        assert "noted: revoked: ssh-ed25519 SHA256:" in said
        assert "trusted" not in said
        assert site.record.read_text() == f"@revoked [127.0.0.1]:{site.host.port} {other}\n"


def test_every_kind_of_key_is_shown(
    start_sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A server with several keys shows them all; the one that was compared is put on record."""
    monkeypatch.setenv("SOC_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("sys.stdin", io.StringIO())
    keys = []
    for kind in ("ecdsa", "rsa"):
        bits = "2048" if kind == "rsa" else "256"
        words = ["ssh-keygen", "-q", "-t", kind, "-b", bits, "-N", "", "-f", tmp_path / kind]
        subprocess.run(words, check=True, capture_output=True)
        keys.append(f"HostKey {tmp_path / kind}\n")
    site = Site(tmp_path, start_sshd("".join(keys)))
    assert site.run("host") == 2
    error = capsys.readouterr().err
    assert all(kind in error for kind in ("ssh-ed25519 ", "ecdsa-sha2-nistp256 ", "ssh-rsa "))
    printed = subprocess.run(["ssh-keygen", "-lf", tmp_path / "rsa.pub"], capture_output=True, text=True)
    assert site.run("host", "--fingerprint", printed.stdout.split()[1]) == 0
    blob = base64.b64decode(site.record.read_text().split()[2])
    assert b"ssh-rsa" in blob
    assert site.logs_in()


def test_nothing_to_do_is_an_error(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither names nor a file, an unknown name, no fingerprint, an unreadable file: usage errors."""
    for words in (
        (),
        ("hots",),
        ("host", "--fingerprint", "nonsense"),
        ("--from", str(site.inventory.parent / "missing")),
    ):
        assert site.run(*words) == 2
    assert "did you mean 'host'?" in capsys.readouterr().err


def test_key_behind_a_jump_host(
    site: Site, start_sshd, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is looked at through the jump host, whose own key must be on record already."""
    inner = start_sshd("")
    text = site.host.inventory().rstrip().removesuffix("]")
    site.inventory.write_text(
        f"{text}, {{name: inner, address: 127.0.0.1, tower: hosting, credentials: [ops],"
        f" ssh: {{port: {inner.port}, jump: host}}}}]\n"
    )
    before = site.host.log.read_text().count("Accepted publickey")
    assert site.run("inner", "--fingerprint", _fingerprint(inner)) == 0
    assert site.host.log.read_text().count("Accepted publickey") == before + 1
    site.inventory.write_text(site.inventory.read_text().replace(f"{site.host.known_hosts}", "/nowhere"))
    capsys.readouterr()
    assert site.run("inner", "--fingerprint", _fingerprint(inner)) == 1
    assert "failed: jump host host: host-key-unknown" in capsys.readouterr().out
