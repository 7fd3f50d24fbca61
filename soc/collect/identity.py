"""Who a device is, from what standard MIBs and its vendor's own objects say.

Files in data/vendors hold one vendor or a list of them: enterprise numbers, how the vendor's systems are told
apart (by sysDescr or sysObjectID), and the objects that hold model, version and serial number where
ENTITY-MIB does not.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from typing import Any

import yaml

from soc.collect.declare import Row, SnmpScalars, SnmpTable, text
from soc.collect.description import told_in_words

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
_NET_SNMP = (8072, 2021)
_WHOLE_COLUMN = ".*"  # at the end of an object: the first row that has it


@dataclass(frozen=True, slots=True)
class System:
    """One operating system of a vendor. `match` is searched in sysDescr; its groups name identity parts."""

    os: str
    kind: str = ""
    match: str = ""  # a regular expression; few of them all are ever needed, and compiled
    object_id: str = ""

    def searched(self, description: str) -> re.Match[str] | None:
        return _compiled(self.match).search(description)


@dataclass(frozen=True)
class Vendor:
    """One file of data/vendors."""

    key: str  # the file's name
    enterprises: tuple[int, ...]
    name: str
    systems: tuple[System, ...]
    objects: Mapping[str, tuple[str, ...]]  # identity part -> objects to try in order
    lent: bool = False  # its devices run net-snmp's agent and may keep net-snmp's sysObjectID
    rewrite: Mapping[str, tuple[tuple[re.Pattern[str], str], ...]] = field(default_factory=dict)  # by part

    def scalars(self) -> SnmpScalars | None:
        """The vendor's own objects, asked only of its agents."""
        columns = {name: text(oid) for name, oid in self._named if not oid.endswith(_WHOLE_COLUMN)}
        return SnmpScalars(**columns).where(*self._asked()) if columns else None

    @cached_property
    def columns(self) -> Mapping[str, SnmpTable]:
        """Those of the vendor's objects that are columns, by name."""
        found = {}
        for name, oid in self._named:
            if oid.endswith(_WHOLE_COLUMN):
                base, _, column = oid.removesuffix(_WHOLE_COLUMN).rpartition(".")
                found[name] = SnmpTable(base, value=text(column)).where(*self._asked())
        return found

    def values(self, row: Row | None, columns: Mapping[str, list[Row]]) -> dict[str, str]:
        """The first of each part's objects that is filled in."""
        values: dict[str, str] = {}
        for name, _ in self._named:
            cells = columns.get(name)
            found = (
                next((cell.value for cell in cells if cell.value), None)
                if cells is not None
                else getattr(row, name, None)
            )
            _merge(values, {name.partition("_")[0]: found})
        return values

    @cached_property
    def _named(self) -> list[tuple[str, str]]:
        return [
            (f"{part}_{number}", oid)
            for part, oids in self.objects.items()
            for number, oid in enumerate(oids)
        ]

    def _asked(self) -> list[str]:
        numbers = (*self.enterprises, *(_NET_SNMP if self.lent else ()))
        return [f"{_ENTERPRISES}{number}" for number in dict.fromkeys(numbers)]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)


@cache
def vendors() -> dict[str, Vendor]:
    """Vendors by key. Raises ValueError for a broken file, naming it."""
    found = {}
    for path in sorted(files("soc.collect").joinpath("data/vendors").iterdir(), key=lambda path: path.name):
        if path.name.endswith(".yaml"):
            try:
                for vendor in _vendors(path.name, yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)):
                    found[vendor.key] = vendor
            except (KeyError, TypeError, re.error) as error:
                raise ValueError(f"{path.name}: {error!r}") from error
    return found


@lru_cache(maxsize=4096)
def enterprise_name(number: int) -> str:
    """The organisation that IANA gave an enterprise number, "" where there is none.

    Makers of devices go by today's short name, all others by the one they registered.
    """
    return _short_names().get(number) or _registered_name(number)


@cache
def _short_names() -> dict[int, str]:
    lines = files("soc.collect").joinpath("data/enterprises.tsv").read_text("utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {int(number): name for number, name in pairs}


def _registered_name(number: int) -> str:
    """Searched in the packed table: few numbers are asked for, and 62,000 names are not kept in memory."""
    packed = files("soc.collect").joinpath("data/iana-enterprise-numbers.tsv.gz").read_bytes()
    found = re.search(rb"^%d\t(.*)$" % number, gzip.decompress(packed), re.MULTILINE)
    return found[1].decode() if found else ""


def enterprise(object_id: str) -> int | None:
    """The enterprise number in a sysObjectID, None outside the enterprises' subtree."""
    if not object_id.startswith(_ENTERPRISES):
        return None
    return int(object_id.removeprefix(_ENTERPRISES).partition(".")[0])


def identify(
    object_id: str, description: str, sources: Iterable[tuple[str, Mapping[str, Any]]]
) -> dict[str, str]:
    """The PARTS that are known.

    `sources` are (vendor key or "", values by part), best first; of vendors' own objects only those of the
    vendor that sysObjectID names count, or of one that net-snmp's agent was lent to. sysDescr stands
    between those and the others.
    """
    ordered = list(sources)
    description = description[:_MAXIMUM_DESCRIPTION]
    number = enterprise(object_id)
    vendor = _vendor_of(number, ordered)
    found: dict[str, str] = {}
    if vendor is not None:
        for key, values in ordered:
            if key == vendor.key:
                _merge(found, values)
        _merge(found, _described(vendor, object_id, description))
        _merge(found, {"vendor": vendor.name})
    if number is not None and number not in _NET_SNMP:
        _merge(found, {"vendor": enterprise_name(number)})
    for key, values in ordered:
        if not key:
            _merge(found, values)
    _merge(found, told_in_words(description, found.get("vendor", "")))
    for part, replacements in (vendor.rewrite if vendor else {}).items():
        for pattern, replacement in replacements if part in found else ():
            found[part] = pattern.sub(replacement, found[part])
    return found


def _vendor_of(number: int | None, sources: list[tuple[str, Mapping[str, Any]]]) -> Vendor | None:
    known = vendors()
    if number in _NET_SNMP or number is None:
        for key, values in sources:
            if key in known and known[key].lent and values:
                return known[key]
    return next((item for item in known.values() if number in item.enterprises), None)


def _merge(found: dict[str, str], values: Mapping[str, Any]) -> None:
    for part, value in values.items():
        cleaned = " ".join(str(value or "").split())
        if part not in found and cleaned.lower() not in _NO_VALUE:
            found[part] = cleaned


def _described(vendor: Vendor, object_id: str, description: str) -> dict[str, str]:
    for system in vendor.systems:
        if system.object_id and not f"{object_id}.".startswith(f"{system.object_id}."):
            continue
        matched = system.searched(description) if system.match else None
        if system.match and not matched:
            continue
        parts = {name: value or "" for name, value in matched.groupdict().items()} if matched else {}
        return {"os": system.os, "kind": system.kind, **parts}
    return {}


def _vendors(file: str, document: dict[str, Any] | list[dict[str, Any]]) -> list[Vendor]:
    key = file.removesuffix(".yaml").replace("-", "_")
    if isinstance(document, dict):
        return [_vendor(key, document)]
    return [_vendor(f"{key}_{_tuple(item['enterprise'])[0]}", item) for item in document]


def _vendor(key: str, document: dict[str, Any]) -> Vendor:
    systems = [
        System(item["os"], item.get("kind", ""), item.get("match", ""), item.get("object_id", ""))
        for item in document.get("systems", [])
    ]
    objects = {part: _tuple(oids) for part, oids in document.get("objects", {}).items()}
    rewrite = {
        part: tuple((re.compile(pattern), new) for pattern, new in _pairs(value))
        for part, value in document.get("rewrite", {}).items()
    }
    numbers, lent = _tuple(document["enterprise"]), bool(document.get("lent", False))
    return Vendor(key, numbers, document["vendor"], tuple(systems), objects, lent, rewrite)


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def _pairs(value: list[Any]) -> list[list[str]]:
    return value if isinstance(value[0], list) else [value]
