"""Who a device is, from what standard MIBs and its vendor's own objects say.

A vendor is a file in data/vendors: its enterprise numbers, how its systems are told apart (by sysDescr
or sysObjectID), and the scalars that hold model, version and serial number where ENTITY-MIB does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from soc.collect.declare import Row, SnmpScalars, text

PARTS = ("vendor", "os", "model", "version", "serial", "kind")
_ENTERPRISES = "1.3.6.1.4.1."
_MAXIMUM_DESCRIPTION = 1024  # of sysDescr, so much is looked at
_NO_VALUE = {
    "",
    "-",
    "none",
    "n/a",
    "na",
    "unknown",
    "not available",
    "not specified",
    "null",
    "0",
    "to be filled by o.e.m.",
}
_VERSION_WORD = re.compile(r"(?i)\b(?:version|release|firmware|ver|fw)[:. ]{1,3}v?(\d[\w.()\-]*)")


@dataclass(frozen=True, slots=True)
class System:
    """One operating system of a vendor. `match` is searched in sysDescr; its groups name identity parts."""

    os: str
    kind: str = ""
    match: re.Pattern[str] | None = None
    object_id: str = ""


@dataclass(frozen=True, slots=True)
class Vendor:
    """One file of data/vendors."""

    key: str  # the file's name
    enterprises: tuple[int, ...]
    name: str
    systems: tuple[System, ...]
    objects: Mapping[str, tuple[str, ...]]  # identity part -> scalars to try in order

    def scalars(self) -> SnmpScalars | None:
        """The vendor's own objects, asked only of its agents."""
        columns = {
            f"{part}_{number}": text(oid)
            for part, oids in self.objects.items()
            for number, oid in enumerate(oids)
        }
        if not columns:
            return None
        return SnmpScalars(**columns).where(*(f"{_ENTERPRISES}{number}" for number in self.enterprises))


@cache
def vendors() -> dict[str, Vendor]:
    """Vendors by key. Raises ValueError or re.error for a broken file, naming it."""
    found = {}
    for path in sorted(files("soc.collect").joinpath("data/vendors").iterdir(), key=lambda path: path.name):
        if path.name.endswith(".yaml"):
            key = path.name.removesuffix(".yaml").replace("-", "_")
            try:
                found[key] = _vendor(key, yaml.safe_load(path.read_text("utf-8")))
            except (KeyError, TypeError, re.error) as error:
                raise ValueError(f"{path.name}: {error!r}") from error
    return found


@cache
def enterprise_names() -> dict[int, str]:
    """Organisations by IANA enterprise number."""
    lines = files("soc.collect").joinpath("data/enterprises.tsv").read_text("utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {int(number): name for number, name in pairs}


def enterprise(object_id: str) -> int | None:
    """The enterprise number in a sysObjectID, None outside the enterprises' subtree."""
    if not object_id.startswith(_ENTERPRISES):
        return None
    return int(object_id.removeprefix(_ENTERPRISES).partition(".")[0])


def identify(
    object_id: str, description: str, sources: Iterable[tuple[str, Mapping[str, Any]]]
) -> dict[str, str]:
    """The PARTS that are known.

    `sources` are (vendor key or "", values by part), best first; of a vendor's own objects only
    those of the vendor that sysObjectID names count. sysDescr stands between those and the others.
    """
    number = enterprise(object_id)
    vendor = next((item for item in vendors().values() if number in item.enterprises), None)
    found: dict[str, str] = {}
    ordered = list(sources)
    if vendor is not None:
        for key, values in ordered:
            if key == vendor.key:
                _merge(found, values)
        _merge(found, _described(vendor, object_id, description[:_MAXIMUM_DESCRIPTION]))
        _merge(found, {"vendor": vendor.name})
    if number is not None and not (vendor and vendor.key == "net_snmp"):
        _merge(found, {"vendor": enterprise_names().get(number, "")})
    for key, values in ordered:
        if not key:
            _merge(found, values)
    if "version" not in found and (word := _VERSION_WORD.search(description[:_MAXIMUM_DESCRIPTION])):
        found["version"] = word[1]
    return found


def vendor_values(vendor: Vendor, row: Row) -> dict[str, str]:
    """The first non-empty scalar of each part."""
    values: dict[str, str] = {}
    for part, oids in vendor.objects.items():
        for number in range(len(oids)):
            _merge(values, {part: getattr(row, f"{part}_{number}")})
    return values


def _merge(found: dict[str, str], values: Mapping[str, Any]) -> None:
    for part, value in values.items():
        cleaned = " ".join(str(value or "").split())
        if part not in found and cleaned.lower() not in _NO_VALUE:
            found[part] = cleaned


def _described(vendor: Vendor, object_id: str, description: str) -> dict[str, str]:
    for system in vendor.systems:
        if system.object_id and not f"{object_id}.".startswith(f"{system.object_id}."):
            continue
        matched = system.match.search(description) if system.match else None
        if system.match and not matched:
            continue
        parts = {name: value or "" for name, value in matched.groupdict().items()} if matched else {}
        return {"os": system.os, "kind": system.kind, **parts}
    return {}


def _vendor(key: str, document: dict[str, Any]) -> Vendor:
    numbers = document["enterprise"]
    systems = []
    for item in document.get("systems", []):
        pattern = re.compile(item["match"], re.DOTALL) if "match" in item else None
        if pattern and (unknown := set(pattern.groupindex) - set(PARTS)):
            raise ValueError(f"{key}: groups {sorted(unknown)} are no part of an identity")
        systems.append(System(item["os"], item.get("kind", ""), pattern, item.get("object_id", "")))
    objects = {
        part: tuple(oids) if isinstance(oids, list) else (oids,)
        for part, oids in document.get("objects", {}).items()
    }
    enterprises = tuple(numbers) if isinstance(numbers, list) else (numbers,)
    return Vendor(key, enterprises, document["vendor"], tuple(systems), objects)
