"""Secret references resolve, and neither they nor secrets show anywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import traceback
from pathlib import Path

import pytest

from soc.inventory import secrets
from soc.inventory.secrets import Secret
from soc.model import CredentialError

SECRET = "hunter2-in-the-clear"


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    """A file that holds the secret and a newline, readable by its owner only."""
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    path.chmod(0o600)
    return path


def test_an_environment_variable_resolves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable's value is the secret, blanks included."""
    monkeypatch.setenv("SOC_TEST_SECRET", f" {SECRET} ")

    assert Secret("env", "SOC_TEST_SECRET").resolve() == f" {SECRET} "


def test_an_unset_or_empty_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the variable."""
    for value in ("", None):
        if value is None:
            monkeypatch.delenv("SOC_TEST_SECRET")
        else:
            monkeypatch.setenv("SOC_TEST_SECRET", value)
        with pytest.raises(CredentialError, match="environment variable SOC_TEST_SECRET"):
            Secret("env", "SOC_TEST_SECRET").resolve()


def test_a_file_resolves_without_its_last_newline(secret_file: Path) -> None:
    """One line ending goes, what else the file holds stays."""
    assert Secret("file", str(secret_file)).resolve() == SECRET
    secret_file.write_bytes(b" a b \n\r\n")
    assert Secret("file", str(secret_file)).resolve() == " a b \n"


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o644, 0o602])
def test_a_file_open_to_others_is_refused(secret_file: Path, mode: int) -> None:
    """Others may not read it, and only the owner may write it."""
    secret_file.chmod(mode)

    with pytest.raises(
        CredentialError, match=f"mode {mode:04o} is open to other users; chmod 0600"
    ) as caught:
        Secret("file", str(secret_file)).resolve()
    assert SECRET not in str(caught.value)


def test_a_group_may_read_the_file(secret_file: Path) -> None:
    """Mode 0640 is how a service's group is given a secret."""
    secret_file.chmod(0o640)

    assert Secret("file", str(secret_file)).resolve() == SECRET


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\n", "it is empty"),
        (b"a\xff", "expected UTF-8"),
        (b"a\0b", "expected UTF-8"),
        (b"x" * 65537, "larger"),
    ],
)
def test_a_file_that_holds_no_secret_is_refused(secret_file: Path, content: bytes, message: str) -> None:
    """Empty, binary and oversized files are told apart."""
    secret_file.write_bytes(content)

    with pytest.raises(CredentialError, match=message):
        Secret("file", str(secret_file)).resolve()


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    """A directory, a missing file and a pipe that nobody writes to fail at once."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)

    for path, message in (
        (tmp_path, "regular file"),
        (pipe, "regular file"),
        (tmp_path / "none", "No such file"),
    ):
        with pytest.raises(CredentialError, match=message):
            Secret("file", str(path)).resolve()


def test_a_systemd_credential_resolves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read from $CREDENTIALS_DIRECTORY whatever mode systemd gave it."""
    (tmp_path / "community").write_text(SECRET)
    (tmp_path / "community").chmod(0o444)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    assert Secret("systemd", "community").resolve() == SECRET
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    with pytest.raises(
        CredentialError, match="systemd credential community: CREDENTIALS_DIRECTORY is not set"
    ):
        Secret("systemd", "community").resolve()


def test_a_keyring_entry_resolves() -> None:
    """The real keyring library is asked for the service and user."""
    keyring = pytest.importorskip("keyring", reason="needs the Python package keyring")
    backend = pytest.importorskip("keyring.backend")

    class Memory(backend.KeyringBackend):  # type: ignore[misc, name-defined]
        priority = 1

        def set_password(self, service: str, username: str, password: str) -> None:
            raise NotImplementedError

        def get_password(self, service: str, username: str) -> str | None:
            if service == "broken":
                raise RuntimeError(SECRET)
            return SECRET if (service, username) == ("soc", "core/priv") else None

    before = keyring.get_keyring()
    keyring.set_keyring(Memory())
    try:
        assert Secret("keyring", "soc/core/priv").resolve() == SECRET
        with pytest.raises(CredentialError, match="keyring soc/other: there is no such entry"):
            Secret("keyring", "soc/other").resolve()
        with pytest.raises(CredentialError, match="keyring broken/x: RuntimeError") as caught:
            Secret("keyring", "broken/x").resolve()
        assert SECRET not in "".join(traceback.format_exception(caught.value))
    finally:
        keyring.set_keyring(before)


def test_a_missing_keyring_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the optional package the error says what to install."""
    monkeypatch.setitem(sys.modules, "keyring", None)

    with pytest.raises(CredentialError, match="package keyring is missing"):
        Secret("keyring", "soc/x").resolve()


def test_a_command_resolves_without_a_shell() -> None:
    """Arguments are passed as they are: nothing in them is expanded or run."""
    script = "import sys; print(sys.argv[1])"

    assert Secret("command", (sys.executable, "-c", script, "$(id) *;'")).resolve() == "$(id) *;'"


def test_a_commands_secret_is_in_no_process_list(secret_file: Path) -> None:
    """While the command runs, the secret that it prints is nobody's argument."""
    script = "import sys, pathlib, subprocess; s = pathlib.Path(sys.argv[1]).read_text(); print(s, end='');"
    script += "sys.stderr.write(s); subprocess.run(['ps', 'axww'], stdout=open(sys.argv[2], 'w'))"
    listing = secret_file.with_name("ps.txt")

    assert (
        Secret("command", (sys.executable, "-c", script, str(secret_file), str(listing))).resolve() == SECRET
    )
    assert str(secret_file) in listing.read_text()
    assert SECRET not in listing.read_text()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("print(os.environ['SOC_TEST_SECRET']); exit(3)", "ended with exit code 3"),
        ("print(os.environ['SOC_TEST_SECRET'] * 10000)", "printed more than 65536 bytes"),
        ("print(os.environ['SOC_TEST_SECRET'], flush=True); time.sleep(60)", "not done within"),
        ("os.close(1); time.sleep(60)", "not done within"),
        ("sys.stdout.buffer.write(os.environb[b'SOC_TEST_SECRET'] + b'\\xff')", "expected UTF-8"),
        ("pass", "it is empty"),
    ],
)
def test_a_failing_command_is_ended_and_named(
    script: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failure, flood, silence and delay are told apart; what was printed is in no message and no local."""
    monkeypatch.setattr(secrets, "COMMAND_TIMEOUT_SECONDS", 0.5)
    monkeypatch.setenv("SOC_TEST_SECRET", SECRET)
    argv = (sys.executable, "-c", f"import os, sys, time; {script}")

    with pytest.raises(CredentialError, match=message) as caught:
        Secret("command", argv).resolve()
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert sys.executable in str(caught.value)
    assert SECRET not in shown


def test_a_command_and_its_children_are_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that keeps the output open does not outlive the deadline."""
    monkeypatch.setattr(secrets, "COMMAND_TIMEOUT_SECONDS", 1.0)
    pid_file = tmp_path / "pid"
    script = (
        "import subprocess, sys, pathlib; child = subprocess.Popen(['sleep', '60']);"
        "pathlib.Path(sys.argv[1]).write_text(str(child.pid))"
    )

    with pytest.raises(CredentialError, match="not done within"):
        Secret("command", (sys.executable, "-c", script, str(pid_file))).resolve()
    status = Path(f"/proc/{pid_file.read_text()}/status")
    for _ in range(100):
        if not status.exists() or "State:\tZ" in status.read_text():
            return
        time.sleep(0.05)
    pytest.fail("the child still runs")


def test_a_command_that_is_not_there_is_named() -> None:
    """The error names the program."""
    with pytest.raises(CredentialError, match="command /no/such/program: No such file"):
        Secret("command", ("/no/such/program", SECRET)).resolve()


@pytest.mark.parametrize(
    "reference",
    [
        Secret("literal", SECRET),
        Secret("env", SECRET),
        Secret("file", SECRET),
        Secret("command", ("x", SECRET)),
    ],
    ids=lambda reference: reference.kind,
)
def test_a_secret_shows_its_kind_only(reference: Secret) -> None:
    """repr, str, format and percent formatting give the kind; JSON refuses it."""
    for shown in (
        repr(reference),
        str(reference),
        f"{reference}",
        f"{[reference]}",
    ):
        assert reference.kind in shown
        assert SECRET not in shown
    with pytest.raises(TypeError) as caught:
        json.dumps({"community": reference})
    assert SECRET not in str(caught.value)


def test_equal_references_are_equal() -> None:
    """A changed reference is told from an unchanged one without resolving it."""
    assert Secret("env", "A") == Secret("env", "A")
    assert len({Secret("env", "A"), Secret("env", "A"), Secret("env", "B"), Secret("file", "A")}) == 3


def test_an_uncaught_error_shows_no_secret(secret_file: Path) -> None:
    """A program that dies on an unresolvable credential prints a traceback without the resolved ones."""
    program = (
        "from soc.inventory import Credential, Secret, resolve_credential\n"
        "auth = {'protocol': 'sha', 'key': Secret('file', " + repr(str(secret_file)) + ")}\n"
        "priv = {'protocol': 'des', 'key': Secret('env', 'SOC_NOT_SET')}\n"
        "resolve_credential(Credential('v3', 'snmp', {'auth': auth, 'priv': priv}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )

    assert (
        "CredentialError: credential v3: priv: key: environment variable SOC_NOT_SET: it is not set"
        in done.stderr
    )
    assert SECRET not in done.stderr + done.stdout
