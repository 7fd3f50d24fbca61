"""Secret references: how they are written, and how they resolve.

A Secret never shows what it refers to: repr, str and formatting give its kind only, and JSON refuses it.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

from soc.inventory.files import read_regular_file
from soc.inventory.nodes import MappingNode, Node, ScalarNode, is_null
from soc.inventory.report import Report
from soc.inventory.schema import listing, scalar
from soc.model import CredentialError
from soc.model.text import clean

KINDS: Final = ("env", "file", "keyring", "systemd", "command")
MAXIMUM_SECRET_BYTES = 65536
COMMAND_TIMEOUT_SECONDS = 10.0
_REFERENCES = (
    "{env: NAME}, {file: PATH}, {keyring: SERVICE/USER}, {systemd: NAME} or {command: [PROGRAM, ARGUMENT, …]}"
)
_EXPECTED = f"expected a secret reference: {_REFERENCES}"


class Secret:
    """A reference to a secret, or (kind "literal") the secret itself."""

    __slots__ = ("_target", "kind")

    def __init__(self, kind: str, target: str | tuple[str, ...]) -> None:
        self.kind = kind
        self._target = target

    def __repr__(self) -> str:
        return f"Secret({self.kind})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and (self.kind, self._target) == (other.kind, other._target)

    def __hash__(self) -> int:
        return hash((self.kind, self._target))

    def resolve(self) -> str:
        """The secret. Raises CredentialError naming the reference, and nothing that was read through it."""
        target = self._target
        if isinstance(target, tuple):
            where = f"command {clean(target[0], 200)}"
            return _text(_command_output(target, where), where)
        if self.kind == "literal":
            return target
        if self.kind == "env":
            return _from_environment(target)
        if self.kind == "keyring":
            return _from_keyring(target)
        if self.kind == "systemd":
            where = f"systemd credential {target}"
            return _text(_file_content(_systemd_path(target), where, guarded=True), where)
        where = f"file {clean(target, 400)}"
        return _text(_file_content(Path(target), where), where)


def secret(report: Report, node: Node) -> Secret:
    """Reader of a secret. Messages here never show what stands in the file: it may be the secret."""
    if isinstance(node, ScalarNode) and node.text:
        message = f"{report.key}: a secret is written here in plain; refer to it by {_REFERENCES}"
        report.warning(node.line, message, "literal-secret")
        return Secret("literal", node.text)
    if not isinstance(node, MappingNode) or len(node.entries) != 1:
        raise ValueError(_EXPECTED)
    ((kind, child),) = node.entries.items()
    if kind not in KINDS or is_null(child):
        raise ValueError(_EXPECTED)
    if kind == "command":
        argv: tuple[str, ...] = listing(scalar(str))(report, child)
        if not argv or not argv[0] or "\0" in "".join(argv):
            raise ValueError("command: expected a program and its arguments as a list")
        return Secret(kind, argv)
    if not isinstance(child, ScalarNode):
        raise ValueError(_EXPECTED)
    return Secret(kind, _reference(kind, child.text, report))


def _reference(kind: str, text: str, report: Report) -> str:
    if kind == "file":
        return report.absolute(text)
    expected = {
        "env": (r"[A-Za-z_][A-Za-z0-9_]{0,127}", "env: expected the name of an environment variable"),
        "keyring": (r"[^\s/]{1,128}/[^\s]{1,128}", "keyring: expected SERVICE/USER"),
        "systemd": (r"(?!\.)[A-Za-z0-9._-]{1,255}", "systemd: expected the name of a credential"),
    }
    pattern, message = expected[kind]
    if not re.fullmatch(pattern, text):
        raise ValueError(message)
    return text


def _text(data: bytes, where: str) -> str:
    """What was read, without the newline that editors and programs end it with."""
    try:
        text = data.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        text = "\0"
    failure = "expected UTF-8 text" if "\0" in text else "" if text else "it is empty"
    if failure:
        # Tools that print the locals of a traceback must not find what was read.
        del data, text
        raise CredentialError(f"{where}: {failure}")
    return text


def _from_environment(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise CredentialError(f"environment variable {name}: it is not set")
    return value


def _from_keyring(reference: str) -> str:
    service, _, user = reference.partition("/")
    try:
        import keyring  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise CredentialError(
            f"keyring {reference}: the Python package keyring is missing (pip install 'soc[keyring]')"
        ) from None
    value: str | None = None
    failure = "there is no such entry"
    try:
        value = keyring.get_password(service, user)
    except Exception as error:  # back ends raise their own types; their texts are not ours to trust
        failure = type(error).__name__
    if not value:
        raise CredentialError(f"keyring {reference}: {failure}")
    return value


def _systemd_path(name: str) -> Path:
    """Where systemd puts it; systemd itself guards that directory, with modes that differ by version."""
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if not directory:
        raise CredentialError(
            f"systemd credential {name}: CREDENTIALS_DIRECTORY is not set; "
            "the service needs LoadCredential= or SetCredential="
        )
    return Path(directory, name)


def _file_content(path: Path, where: str, *, guarded: bool = False) -> bytes:
    """Read a file that only its owner, and for reading its group, has access to."""
    forbidden = 0 if guarded else 0o027
    try:
        return read_regular_file(
            path, MAXIMUM_SECRET_BYTES, forbidden, "is open to other users; chmod 0600 it"
        )
    except OSError as error:
        failure = error.strerror
    except ValueError as error:
        failure = str(error)
    raise CredentialError(f"{where}: {failure}")


def _command_output(argv: tuple[str, ...], where: str) -> bytes:
    """Standard output of a program run without a shell, within COMMAND_TIMEOUT_SECONDS."""
    try:
        process = subprocess.Popen(  # noqa: S603 - argv comes from the inventory, never from a device
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise CredentialError(f"{where}: {error.strerror}") from None
    deadline = time.monotonic() + COMMAND_TIMEOUT_SECONDS
    data, exit_code = _read_until(process, deadline)
    if exit_code is None:
        # A program that runs as another user cannot be ended, and is not waited for.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if exit_code == 0:
        return data
    too_long = len(data) > MAXIMUM_SECRET_BYTES
    del data
    if too_long:
        raise CredentialError(f"{where}: printed more than {MAXIMUM_SECRET_BYTES} bytes")
    if exit_code is None:
        raise CredentialError(f"{where}: not done within {COMMAND_TIMEOUT_SECONDS:g} s")
    raise CredentialError(f"{where}: ended with exit code {exit_code}")


def _read_until(process: subprocess.Popen[bytes], deadline: float) -> tuple[bytes, int | None]:
    """What it printed, and its exit code unless it printed too much or ran out of time."""
    output, data = process.stdout, b""
    assert output is not None
    with output, selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            chunk = os.read(output.fileno(), MAXIMUM_SECRET_BYTES + 1 - len(data))
            data += chunk
            if len(data) > MAXIMUM_SECRET_BYTES:
                break
            if not chunk:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return data, process.wait(max(0.0, deadline - time.monotonic()))
                break
    return data, None
