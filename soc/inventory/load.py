"""Find, read and check an inventory: every problem at once, or the whole inventory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from soc.inventory.accepted import read_accepted
from soc.inventory.cache import Cache, read_cache, write_cache
from soc.inventory.credentials import Credential, credential
from soc.inventory.devices import device, device_values, tower_defaults
from soc.inventory.inventory import Inventory
from soc.inventory.nodes import MappingNode, Node, ScalarNode, SequenceNode, is_null
from soc.inventory.organisation import ROLES, Role, Site, Supplier, role, site, supplier
from soc.inventory.references import DeviceNames, check_known
from soc.inventory.report import Findings, Report, hint, quoted
from soc.inventory.rows import csv_rows, json_rows
from soc.inventory.schema import Reader, described, named, one_of
from soc.inventory.settings import Settings, settings
from soc.inventory.sources import Source, SourceText, content_hash, gather, regather, texts
from soc.inventory.values import name
from soc.inventory.yaml_nodes import Span
from soc.model import TOWERS, ConfigurationError, Device, Problem

SYSTEM_INVENTORY = Path("/etc/soc/inventory.yaml")
FORMAT_VERSION = "1"
Gather = Callable[[Findings, Mapping[str, Span]], list[Source]]
_MAIN_ONLY = ("settings", "roles", "defaults")
_KEYS = ("version", *_MAIN_ONLY, "suppliers", "sites", "credentials", "devices", "include")


def find_inventory(argument: str | None) -> Path:
    """The inventory's path: the argument, else ./inventory.yaml, else /etc/soc/inventory.yaml.

    Raises ConfigurationError saying where it looked. Whether a given path is readable, loading tells.
    """
    if argument:
        return Path(argument)
    places = (Path("inventory.yaml"), SYSTEM_INVENTORY)
    for place in places:
        if place.is_file():
            return place
    looked = " or ".join(str(place.absolute()) for place in places)
    raise ConfigurationError(
        f"no inventory: none given by --inventory or SOC_INVENTORY, and none at {looked}"
    )


def load_inventory(path: Path, cache_directory: Path | None = None, *, keep_texts: bool = False) -> Inventory:
    """The inventory; with `keep_texts` what it was read from, too (soc/inventory/accepted.py).

    Raises ConfigurationError with every error in it.
    """
    return _valid(*_check(path, partial(gather, path), cache_directory, keep_texts))


def load_accepted(file: Path, cache_directory: Path | None = None) -> Inventory:
    """The inventory as it was when `file` was written, whatever became of its own files.

    Raises ConfigurationError.
    """
    kept = read_accepted(file)
    return _valid(*_check(Path(kept[0].path), partial(regather, kept), cache_directory))


def check_inventory(
    path: Path, cache_directory: Path | None = None
) -> tuple[Inventory | None, list[Problem]]:
    """The inventory, None if it has any error, and every error and warning with file and line.

    With `cache_directory` (made with mode 0700) the devices of an inventory whose files did not
    change come from there.
    """
    return _check(path, partial(gather, path), cache_directory)


def _valid(inventory: Inventory | None, problems: list[Problem]) -> Inventory:
    if inventory is None:
        raise ConfigurationError(problem for problem in problems if problem.severity == "error")
    return inventory


def _check(
    path: Path, gather: Gather, cache_directory: Path | None, keep_texts: bool = False
) -> tuple[Inventory | None, list[Problem]]:
    cache = read_cache(cache_directory, path) if cache_directory else None
    if cache is not None:
        inventory, findings = _unchanged(path, gather, cache, keep_texts)
        if inventory is not None:
            return inventory, findings.in_order()
    findings = Findings()
    sources = gather(findings, {})
    head = _read_head(sources)
    problems_of_head = len(findings.problems)
    devices = _read_devices(sources, head, findings)
    if findings.error_count:
        return None, findings.in_order()
    whole = content_hash(sources)
    if cache_directory:
        spans = {source.content_hash: source.span for source in sources if source.span}
        write_cache(cache_directory, path, whole, spans, findings.problems[problems_of_head:], devices)
    inventory = head.inventory(path, whole, devices, texts(sources) if keep_texts else ())
    return inventory, findings.in_order()


def _unchanged(
    path: Path, gather: Gather, cache: Cache, keep_texts: bool
) -> tuple[Inventory | None, Findings]:
    """The inventory with the cache's devices, or None where they are not what the files say now."""
    findings = Findings()
    sources = gather(findings, cache.spans)
    if content_hash(sources) != cache.content_hash:
        return None, findings
    head = _read_head(sources)
    if findings.error_count:
        return None, findings
    for problem in cache.problems:
        findings.add(problem)
    kept = texts(sources) if keep_texts else ()
    return head.inventory(path, cache.content_hash, cache.devices(), kept), findings


@dataclass(slots=True)
class _Head:
    """All but the devices; `sections` holds suppliers, sites and credentials by name."""

    settings: Settings = field(default_factory=Settings)
    roles: Mapping[str, Role] = field(default_factory=dict)
    defaults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sections: dict[str, dict[str, Any]] = field(default_factory=lambda: {key: {} for key in _SECTIONS})

    def inventory(
        self, path: Path, whole: str, devices: Mapping[str, Device], kept: tuple[SourceText, ...]
    ) -> Inventory:
        suppliers: dict[str, Supplier] = self.sections["suppliers"]
        sites: dict[str, Site] = self.sections["sites"]
        credentials: dict[str, Credential] = self.sections["credentials"]
        return Inventory(path, whole, self.settings, credentials, suppliers, sites, self.roles, devices, kept)

    def declared(self) -> dict[str, Mapping[str, Any]]:
        """What a device's keys may refer to."""
        sections = self.sections
        return {
            "site": sections["sites"],
            "supplier": sections["suppliers"],
            "credentials": sections["credentials"],
        }


_SECTIONS: Mapping[str, Reader] = {
    "suppliers": named(name, supplier),
    "sites": named(name, site),
    "credentials": named(name, credential),
}
_ROLES = named(one_of(ROLES), role)
_DEFAULTS = named(one_of(TOWERS), tower_defaults)


def _read_head(sources: list[Source]) -> _Head:
    head = _Head()
    places: dict[tuple[str, str], str] = {}
    for source in sources:
        if source.root is None:
            continue
        _check_keys(source, source.root)
        for key, reader in _SECTIONS.items():
            table = source.root.entries.get(key)
            for entry, value in _read_section(source, key, reader).items():
                line = table.line_of(entry) if isinstance(table, MappingNode) else 0
                first = places.setdefault((key, entry), f"{source.report.file}:{line}")
                if entry in head.sections[key]:
                    message = f"{key}: {quoted(entry)} is declared before, at {first}"
                    source.report.error(line, message, "duplicate-name")
                head.sections[key][entry] = value
        if source.is_main:
            head.settings = _read_section(source, "settings", settings) or head.settings
            head.roles = _read_section(source, "roles", _ROLES)
            head.defaults = _read_section(source, "defaults", _DEFAULTS)
    for source in sources:
        defaults = source.root.entries.get("defaults") if source.root and source.is_main else None
        if isinstance(defaults, MappingNode):
            for tower, node in defaults.entries.items():
                if isinstance(node, MappingNode):
                    check_known(source.report, node, head.defaults.get(tower, {}), head.declared())
    return head


def _read_section(source: Source, key: str, reader: Reader) -> Any:
    node = source.root.entries.get(key) if source.root else None
    if node is None or is_null(node):
        return {}
    source.report.key = key
    try:
        return reader(source.report, node)
    except ValueError as error:
        source.report.error(node.line, f"{key}: {error}")
        return {}


def _check_keys(source: Source, root: MappingNode) -> None:
    report = source.report
    for key in root.entries:
        if key not in _KEYS:
            report.error(root.line_of(key), f"unknown key {quoted(key)}{hint(key, _KEYS)}", "unknown-key")
        elif key in _MAIN_ONLY and not source.is_main:
            report.error(
                root.line_of(key), f"{key}: expected in the inventory file itself, not in one it includes"
            )
    version = root.entries.get("version")
    if isinstance(version, ScalarNode) and not version.null:
        if version.text != FORMAT_VERSION:
            expected = f"expected {FORMAT_VERSION}, the only version so far, found {quoted(version.text)}"
            report.error(version.line, f"version: {expected}")
    elif version is not None or source.is_main:
        report.error(
            root.line_of("version"),
            f"expected the key 'version' with the value {FORMAT_VERSION}",
            "missing-key",
        )


def _read_devices(sources: list[Source], head: _Head, findings: Findings) -> dict[str, Device]:
    devices: dict[str, Device] = {}
    names, declared = DeviceNames(findings), head.declared()
    for source in sources:
        for node in _device_nodes(source):
            values = device_values(source.report, node, head.defaults)
            check_known(source.report, node, values, declared)
            if "name" in values and "tower" in values:
                entry = device(values)
                if names.add(entry, source.report.file, node):
                    devices[entry.name] = entry
    names.check(devices)
    return devices


def _device_nodes(source: Source) -> Iterator[MappingNode]:
    rows: Mapping[str, Callable[[str, Report], Iterator[MappingNode]]] = {"csv": csv_rows, "jsonl": json_rows}
    if source.format in rows:
        yield from rows[source.format](source.text, source.report)
        return
    listed: Node | None = source.root.entries.get("devices") if source.root else None
    if listed is None or is_null(listed):
        return
    if not isinstance(listed, SequenceNode):
        source.report.error(listed.line, f"devices: expected a list of devices, found {described(listed)}")
        return
    for item in listed.items:
        if isinstance(item, MappingNode):
            yield item
        else:
            source.report.error(
                item.line,
                f"devices: expected a device such as {{name: sw-1, tower: network}}, found {described(item)}",
            )
