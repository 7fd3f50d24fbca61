"""`soc inventory trust`: compare host keys with the record, ask, and put them on record."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from soc.model import ConfigurationError
from soc.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soc.collect.port import Hop
    from soc.collect.ssh.trusting import Place
    from soc.inventory import Inventory
    from soc.model import Device

EXAMPLES = (
    "examples:\n"
    "  soc inventory trust web-01\n"
    "  soc inventory trust web-01 --fingerprint SHA256:HpW3Xn0B3bGkYHLw8jLhV1cV0Yk5rTqzYzv2Ivo2BlE\n"
    "  soc inventory trust --from ~/.ssh/known_hosts\n"
    "  soc inventory trust web-01 --replace"
)
DESCRIPTION = (
    "Show the fingerprints of the host keys that a device presents, ask whether they are the right ones, and "
    "write them into the known_hosts of its SSH credentials, or into known_hosts in the data directory where "
    "a credential names none. Compare them with what the device's console says (ssh-keygen -lf FILE) before "
    "you answer. Nothing is sent to the device but the key exchange. Exit code 1 if a device is not trusted."
)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="devices (with --from: default all)")
    parser.add_argument(
        "--fingerprint", action="append", default=[], metavar="SHA256:…",
        help="trust the key with this fingerprint, if the device presents it, and ask nothing (repeatable)",
    )  # fmt: skip
    parser.add_argument(
        "--from", dest="source", metavar="KNOWN_HOSTS",
        help="take over what this file says of the devices; nothing is connected to",
    )  # fmt: skip
    parser.add_argument(
        "--replace", action="store_true", help="put the keys in the place of others that are on record"
    )


def run(args: argparse.Namespace) -> int:
    """0 when every named device is trusted now."""
    from soc.cli._load import inventory_of
    from soc.cli._places import data_directory
    from soc.collect.ssh.trusting import places
    from soc.inventory.report import hint, quoted
    from soc.spool.layout import KNOWN_HOSTS

    if not args.names and not args.source:
        raise ConfigurationError("name the devices to trust, or a file to take over: --from KNOWN_HOSTS")
    if args.source and args.fingerprint:
        raise ConfigurationError("--from and --fingerprint exclude each other")
    inventory = inventory_of(args)
    for name in args.names:
        if name not in inventory.devices:
            raise ConfigurationError(f"no device {quoted(name)}{hint(name, inventory.devices)}")
    data = data_directory(args) / KNOWN_HOSTS
    trusting = _Trusting(args, inventory, data)
    for name in dict.fromkeys(args.names) or inventory.devices:
        found = places(inventory, inventory.devices[name], data)
        if not found and args.names:
            trusting.tell(name, "", "failed", "no SSH credential, or no address")
        for place in found:
            try:
                trusting.place(place)
            except OSError as error:
                detail = f"{error.filename}: {error.strerror}"
                trusting.tell(name, place.address, "failed", detail)
    return 1 if trusting.failed else 0


def _fingerprint(text: str) -> str:
    from soc.inventory.values import fingerprint

    try:
        return fingerprint(text).rstrip("=")
    except ValueError as error:
        raise ConfigurationError(f"--fingerprint: {error}") from None


class _Trusting:
    def __init__(self, args: argparse.Namespace, inventory: Inventory, known_hosts: Path) -> None:
        from soc.collect.ssh.known_hosts import KnownHosts

        self.failed = False
        self._args = args
        self._inventory = inventory
        self._known_hosts = known_hosts
        self._fingerprints = {_fingerprint(item) for item in args.fingerprint}
        self._source: KnownHosts | None = None
        if args.source:
            path = Path(args.source).expanduser()
            try:
                self._source = KnownHosts.read(path)
            except OSError as error:
                raise ConfigurationError(f"{path}: {error.strerror}") from None

    def tell(self, device: str, address: str, state: str, detail: str = "", keys: Sequence[str] = ()) -> None:
        """A line of the answer. State: trusted, known, noted, skipped, failed, changed, revoked, declined."""
        self.failed |= state not in ("trusted", "known", "noted", "skipped")
        if self._args.json:
            document = {"device": device, "address": address, "state": state, "detail": detail}
            print(json.dumps(document | {"keys": list(keys)}))
        elif state != "skipped":
            print(clean(f"{device} {address}: {state}{': ' if detail else ''}{detail}"))

    def place(self, place: Place) -> None:
        """Raises OSError."""
        from soc.collect.ssh.failure import SshError
        from soc.collect.ssh.known_hosts import fingerprint

        name = place.device.name
        try:
            keys = self._keys(place)
        except SshError as error:
            self.tell(name, place.address, "failed", error.detail)
            return
        if self._fingerprints:
            shown = [fingerprint(key) for key in keys]
            keys = [key for key in keys if fingerprint(key) in self._fingerprints]
            if not keys:
                self.tell(
                    name, place.address, "failed", f"presents {', '.join(shown)}, none of which was given"
                )
                return
        marked = self._take_markers(place)
        if keys:
            self._settle(place, keys)
        elif not marked:
            self.tell(name, place.address, "skipped", f"{self._args.source} has no key of it")

    def _keys(self, place: Place) -> list[bytes]:
        from soc.collect.credentials import ssh_options
        from soc.collect.ssh.jumps import Jumps
        from soc.collect.ssh.limits import Limits
        from soc.collect.ssh.probe import shown_keys
        from soc.collect.ssh.trust import Trust

        if self._source is not None:
            record = self._source.keys(place.address, place.port)
            return sorted(record.accepted - record.revoked)
        legacy = bool(ssh_options(place.device).get("legacy", False))
        limits, jumps = Limits(), Jumps()
        try:
            jump = jumps.reach(
                self._way(place.device), limits, Trust(self._known_hosts),
                time.monotonic() + limits.session_seconds, lambda *_: None,
            )  # fmt: skip
            return shown_keys(place.address, place.port, limits, time.monotonic, legacy=legacy, jump=jump)
        finally:
            jumps.close()

    def _way(self, device: Device) -> Sequence[Hop]:
        """The jump hosts to the device, with their credentials. Raises CredentialError."""
        from soc.collect import credentials
        from soc.model import CredentialError

        needed = credentials.needed(self._inventory, credentials.jump_hosts(device, self._inventory))
        resolved, unresolved = credentials.resolve_all(self._inventory, needed)
        if unresolved and not resolved:
            raise CredentialError("; ".join(unresolved.values()))
        return credentials.hops(device, self._inventory, resolved, credentials.NO_RESTS, time.time())

    def _take_markers(self, place: Place) -> bool:
        """Take over which keys are revoked and who may sign certificates, if anything; raises OSError."""
        from soc.collect.ssh.known_hosts import describe
        from soc.collect.ssh.trusting import on_record, take_markers

        if self._source is None:
            return False
        source = self._source.keys(place.address, place.port, place.device.name)
        for path in place.files:
            take_markers(path, place, source)
        revoked = source.revoked.union(*(on_record(path, place).revoked for path in place.read))
        authorities = [describe(key) for key in sorted(source.authorities - revoked)]
        if authorities:
            detail = f"certificates signed by {', '.join(authorities)}"
            self.tell(place.device.name, place.address, "trusted", detail)
        if source.revoked:
            detail = f"revoked: {', '.join(describe(key) for key in sorted(source.revoked))}"
            self.tell(place.device.name, place.address, "noted", detail)
        return bool(authorities or source.revoked)

    def _settle(self, place: Place, keys: list[bytes]) -> None:
        from soc.collect.ssh.known_hosts import describe
        from soc.collect.ssh.trusting import compare, on_record, still_accepted, write

        name = place.device.name
        compared = {path: compare(on_record(path, place), keys) for path in place.read}
        described = [describe(key) for key in keys]
        if revoked := [describe(key) for found in compared.values() for key in found.revoked]:
            self.tell(name, place.address, "revoked", ", ".join(dict.fromkeys(revoked)), described)
            return
        lacking = {path for path in place.files if compared[path].new}
        others = list(dict.fromkeys(key for found in compared.values() for key in found.replaced))
        replacing = bool(self._args.replace and others)
        if not lacking and not replacing:
            self.tell(name, place.address, "known", ", ".join(described), described)
            return
        if not replacing and any(found.replaced and not found.known for found in compared.values()):
            old = ", ".join(describe(key) for key in others)
            detail = f"presents {', '.join(described)}; on record: {old}; --replace puts the new ones there"
            self.tell(name, place.address, "changed", detail, described)
            return
        if not (self._source or self._fingerprints or self._agreed(place, described, replacing)):
            self.tell(name, place.address, "declined", keys=described)
            return
        for path, found in compared.items():
            if replacing and found.replaced:
                write(path, place, keys if path in place.files else found.known, instead=True)
            elif path in lacking:
                write(path, place, found.new)
        if replacing and (left := still_accepted(place, keys)):
            detail = f"others are still accepted: {', '.join(left)}; take them out there"
            self.tell(name, place.address, "failed", detail, described)
            return
        files = ", ".join(str(path) for path in place.files)
        self.tell(name, place.address, "trusted", f"{', '.join(described)} → {files}", described)

    def _agreed(self, place: Place, described: list[str], replacing: bool) -> bool:
        if not sys.stdin.isatty():
            raise ConfigurationError(
                f"{place.device.name} {place.address} presents {', '.join(described)}; there is no terminal "
                "to ask on: give the right one by --fingerprint SHA256:…"
            )
        print(clean(f"{place.device.name} {place.address} port {place.port} presents"), file=sys.stderr)
        for line in described:
            print(f"  {clean(line)}", file=sys.stderr)
        if replacing:
            print("Other keys on record are taken out.", file=sys.stderr)
        print("Are these its keys? [y/N] ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip().lower() in ("y", "yes")
