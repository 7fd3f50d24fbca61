"""Credentials: what the inventory says of them, and their secrets resolved for a transport."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from soc.inventory.nodes import Node, ScalarNode, is_null
from soc.inventory.report import Report, quoted
from soc.inventory.schema import Reader, choice, integer, mapping, record, scalar, text
from soc.inventory.secrets import Secret, secret
from soc.inventory.values import duration
from soc.model import CredentialError

AUTH_PROTOCOLS = ("md5", "sha", "sha224", "sha256", "sha384", "sha512")  # RFC 3414, RFC 7860
# RFC 3414, RFC 3826, and the Blumenthal draft; with c Cisco's extension of a short hash's key.
PRIV_PROTOCOLS = ("des", "aes128", "aes192", "aes256", "aes192c", "aes256c")
# RFC 3414 section 11.2: passwords shorter than this are not to be accepted.
MINIMUM_KEY_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class Credential:
    """One entry of `credentials`, its secrets still references.

    snmp: {version "1"|"2c"|"3", community, user, auth {protocol, key}, priv {protocol, key},
    timeout (seconds), tries}; ssh: {user, key_file, passphrase, agent (bool or path), password,
    known_hosts}. Paths are absolute; keys that were not given are absent.
    """

    name: str
    kind: str  # "snmp" or "ssh"
    settings: Mapping[str, Any]

    def secret_kinds(self) -> dict[str, str]:
        """Where each secret comes from: {"auth.key": "file"}; nothing about the secret itself."""
        return dict(_secret_kinds(self.settings))


def _secret_kinds(settings: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found = []
    for key, value in settings.items():
        if isinstance(value, Secret):
            found.append((prefix + key, value.kind))
        elif isinstance(value, Mapping):
            found += _secret_kinds(value, f"{prefix}{key}.")
    return found


def resolve_credential(credential: Credential) -> dict[str, Any]:
    """The credential's settings with every secret as plain text, for ResolvedCredential and nothing else.

    Raises CredentialError that names the credential and the reference, never a secret.
    """
    return _resolved(credential.settings, f"credential {credential.name}")


def _resolved(settings: Mapping[str, Any], where: str) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    failure = ""
    for key, value in settings.items():
        try:
            if isinstance(value, Mapping):
                plain[key] = _resolved(value, f"{where}: {key}")
            elif isinstance(value, Secret):
                plain[key] = value.resolve()
                if key == "key" and len(plain[key]) < MINIMUM_KEY_CHARACTERS:
                    failure = f"{where}: {key}: shorter than {MINIMUM_KEY_CHARACTERS} characters (RFC 3414)"
            else:
                plain[key] = value
        except CredentialError as error:
            failure = str(error) if isinstance(value, Mapping) else f"{where}: {key}: {error}"
        if failure:
            # Tools that print the locals of a traceback must not find the secrets resolved so far.
            plain.clear()
            raise CredentialError(failure)
    return plain


def _version(written: str) -> str:
    if written == "2":
        raise ValueError('expected "1", "2c" or "3", found 2; did you mean "2c"?')
    if written not in ("1", "2c", "3"):
        raise ValueError(f'expected "1", "2c" or "3", found {quoted(written)}')
    return written


snmp_version: Reader = scalar(_version)


def path(report: Report, node: Node) -> str:
    if not isinstance(node, ScalarNode):
        raise ValueError("expected a path")
    return report.absolute(node.text)


def agent(report: Report, node: Node) -> str | bool:
    """True = the agent that SSH_AUTH_SOCK names; a path = that of its socket."""
    if isinstance(node, ScalarNode) and node.text in ("true", "false"):
        return node.text == "true"
    try:
        return path(report, node)
    except ValueError:
        raise ValueError("expected true, or the path of an ssh-agent's socket") from None


def _keys(protocols: tuple[str, ...], what: str) -> Reader:
    fields = {"protocol": choice(protocols), "key": secret}
    return record(fields, what, required=("protocol", "key"))


_SNMP = record(
    {
        "version": snmp_version,
        "community": secret,
        "user": text(255),
        "auth": _keys(AUTH_PROTOCOLS, "auth"),
        "priv": _keys(PRIV_PROTOCOLS, "priv"),
        "timeout": scalar(duration),
        "tries": integer(1, 10),
    },
    "snmp", required=("version",),
)  # fmt: skip
_SSH = record(
    {
        "user": text(255), "key_file": path, "passphrase": secret, "agent": agent, "password": secret,
        "known_hosts": path,
    },
    "ssh", required=("user",),
)  # fmt: skip


def _snmp(report: Report, node: Node) -> dict[str, Any]:
    settings: dict[str, Any] = _SNMP(report, node)
    table, version = mapping(node), settings.get("version")
    if version is None:
        return settings
    foreign = ("community",) if version == "3" else ("user", "auth", "priv")
    for key in foreign:
        if key in table.entries:
            report.error(table.line_of(key), f"{key} does not belong to SNMP version {version}")
    needed = "user" if version == "3" else "community"
    if is_null(table.entries.get(needed)):
        report.error(table.line, f"SNMP version {version} needs the key '{needed}'", "missing-key")
    if "priv" in table.entries and "auth" not in table.entries:
        report.error(
            table.line_of("priv"), "priv needs auth as well (RFC 3411: noAuthNoPriv, authNoPriv, authPriv)"
        )
    return settings


def _ssh(report: Report, node: Node) -> dict[str, Any]:
    settings: dict[str, Any] = _SSH(report, node)
    table = mapping(node)
    if "passphrase" in table.entries and "key_file" not in table.entries:
        report.error(table.line_of("passphrase"), "passphrase belongs to key_file, which is not given")
    if is_null(table.entries.get("known_hosts")):
        report.warning(
            table.line,
            "no known_hosts: accepted are host keys that `soc inventory trust` put on record, and "
            "fingerprints that devices pin",
            "no-known-hosts",
        )
    return settings


_CREDENTIAL = record({"snmp": _snmp, "ssh": _ssh}, "credential")


def credential(report: Report, node: Node) -> Credential:
    """Reader of one entry; its name is the key being read."""
    name = report.key
    given = [key for key, child in mapping(node).entries.items() if not is_null(child)]
    if len(given) != 1:
        raise ValueError("expected either snmp: {…} or ssh: {…}; a second one needs a name of its own")
    settings = _CREDENTIAL(report, node)
    return Credential(name, given[0], settings.get(given[0], {}))
