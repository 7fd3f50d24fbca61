"""Credentials: their settings, and what resolving them gives."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import pytest

from soc.inventory import Credential, check_inventory, load_inventory, resolve_credential
from soc.inventory.credentials import AUTH_PROTOCOLS, PRIV_PROTOCOLS
from soc.inventory.secrets import Secret
from soc.model import CredentialError

HEAD = "version: 1\ncredentials:\n"


def test_snmp_v2c_resolves(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Version and community as text, timeout in seconds, tries as a number."""
    monkeypatch.setenv("SOC_COMMUNITY", "public")
    text = '  lab: {snmp: {version: "2c", community: {env: SOC_COMMUNITY}, timeout: 1500ms, tries: 2}}\n'
    credential = load_inventory(write(HEAD + text)).credentials["lab"]

    assert (credential.name, credential.kind) == ("lab", "snmp")
    assert resolve_credential(credential) == {
        "version": "2c", "community": "public", "timeout": 1.5, "tries": 2,
    }  # fmt: skip


@pytest.mark.parametrize("auth", AUTH_PROTOCOLS)
@pytest.mark.parametrize("priv", [*PRIV_PROTOCOLS, ""])
def test_snmp_v3_resolves_with_every_pair_of_protocols(
    auth: str, priv: str, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """authPriv and authNoPriv resolve to protocol and key."""
    monkeypatch.setenv("SOC_KEY", "long enough")
    text = f"  v3: {{snmp: {{version: 3, user: m, auth: {{protocol: {auth}, key: {{env: SOC_KEY}}}}"
    text += f", priv: {{protocol: {priv}, key: {{env: SOC_KEY}}}}}}}}\n" if priv else "}}\n"

    resolved = resolve_credential(load_inventory(write(HEAD + text)).credentials["v3"])

    assert resolved["auth"] == {"protocol": auth, "key": "long enough"}
    assert resolved.get("priv") == ({"protocol": priv, "key": "long enough"} if priv else None)
    assert (resolved["version"], resolved["user"]) == ("3", "m")


def test_ssh_paths_are_absolute(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` is the user's home, other paths are relative to the inventory."""
    monkeypatch.setenv("HOME", "/home/soc")
    path = write(HEAD + "  ops: {ssh: {user: soc, key_file: ~/.ssh/id, known_hosts: hosts}}\n")

    assert resolve_credential(load_inventory(path).credentials["ops"]) == {
        "user": "soc", "key_file": "/home/soc/.ssh/id", "known_hosts": str(path.parent / "hosts"),
    }  # fmt: skip


def test_a_literal_is_accepted_with_a_warning_that_does_not_show_it(write: Any) -> None:
    """The secret works, and stands neither in the warning nor in the repr of the inventory."""
    text = (
        '  lab: {snmp: {version: "2c", community: hunter2}}\n'
        "  ops: {ssh: {user: s, known_hosts: k, password: hunter2}}\n"
    )
    inventory, problems = check_inventory(write(HEAD + text))

    assert inventory is not None
    assert [(problem.line, problem.severity, problem.code) for problem in problems] == [
        (3, "warning", "literal-secret"), (4, "warning", "literal-secret"),
    ]  # fmt: skip
    assert resolve_credential(inventory.credentials["lab"])["community"] == "hunter2"
    assert inventory.credentials["lab"].secret_kinds() == {"community": "literal"}
    assert "hunter2" not in repr(inventory) + str(problems)


def test_a_short_snmp_v3_key_is_refused_without_showing_it() -> None:
    """RFC 3414 wants passwords of at least eight characters."""
    auth = {"protocol": "sha", "key": Secret("literal", "hunter2")}

    with pytest.raises(CredentialError, match=r"credential v3: auth: key: shorter than 8") as caught:
        resolve_credential(Credential("v3", "snmp", {"version": "3", "auth": auth}))
    assert "hunter2" not in str(caught.value)


def test_locals_of_a_failed_resolution_hold_no_secret(tmp_path: Path) -> None:
    """A traceback printed with its locals shows none of the secrets resolved before the one that failed."""
    settings = {"community": Secret("literal", "hunter2"), "other": Secret("file", str(tmp_path / "none"))}

    with pytest.raises(CredentialError) as caught:
        resolve_credential(Credential("lab", "snmp", settings))
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    library = [frame for frame in shown.stack if "soc/inventory" in frame.filename]
    assert library
    assert "hunter2" not in str([frame.locals for frame in library])


def test_secret_kinds_name_nested_places() -> None:
    """What may be shown of a credential: where its secrets come from."""
    credential = Credential(
        "v3", "snmp", {"user": "m", "auth": {"protocol": "sha", "key": Secret("file", "/x")}}
    )

    assert credential.secret_kinds() == {"auth.key": "file"}


def test_agent_is_true_or_a_path(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """`true` is the environment's agent; a path is made absolute."""
    text = "  one: {ssh: {user: soc, agent: true}}\n  two: {ssh: {user: soc, agent: run/agent}}\n"
    path = write(HEAD + text)
    credentials = load_inventory(path).credentials

    assert resolve_credential(credentials["one"])["agent"] is True
    assert resolve_credential(credentials["two"])["agent"] == str(path.parent / "run/agent")


def test_ssh_without_known_hosts_is_a_warning(write: Any) -> None:
    """It works with what `soc inventory trust` put on record, which the warning says."""
    inventory, problems = check_inventory(write(HEAD + "  ops: {ssh: {user: s, key_file: k}}\n"))

    assert inventory is not None
    assert [(problem.line, problem.severity, problem.code) for problem in problems] == [
        (3, "warning", "no-known-hosts")
    ]
