"""Devices: the keys one may have, and how a tower's defaults fill them in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from soc.inventory.credentials import snmp_version
from soc.inventory.nodes import MappingNode, Node, ScalarNode
from soc.inventory.report import Report
from soc.inventory.schema import Reader, boolean, choice, integer, listing, named, record, scalar, text
from soc.inventory.settings import interval_overrides
from soc.inventory.values import address, duration, fingerprint, label_name, moment, name, timezone
from soc.model import TOWERS, Device

SNMP_ENGINES = ("gufo", "pysnmp")
_NOTHING: Mapping[str, Any] = {}  # shared: a fleet has many devices without labels

_names = listing(scalar(name))
_WINDOW = record(
    {"from": scalar(moment), "until": scalar(moment), "reason": text(256)},
    "maintenance window", required=("from", "until"),
)  # fmt: skip


def _window(report: Report, node: Node) -> dict[str, Any]:
    values: dict[str, Any] = _WINDOW(report, node)
    if values.get("from", 0) >= values.get("until", float("inf")):
        raise ValueError("expected 'until' after 'from'")
    return values


def _legacy(report: Report, node: Node) -> bool:
    allowed = bool(boolean(report, node))
    if allowed and isinstance(node, ScalarNode):
        report.warning(
            node.line, "legacy: SSH with CBC ciphers, 3DES, and MACs with MD5 or SHA-1 is allowed", "legacy"
        )
    return allowed


def _as_list(items: Reader) -> Reader:
    """Inside options lists stay lists, as JSON gives them back."""
    return lambda report, node: list(items(report, node))


# Keys of which a tower may have defaults.
SHARED_FIELDS: dict[str, Reader] = {
    "kind": scalar(name),
    "site": scalar(name),
    "supplier": scalar(name),
    "credentials": _names,
    "depends_on": _names,
    "labels": named(label_name, text(256)),
    "state": choice(("staged", "active", "retired")),
    "availability": choice(("expected", "best-effort")),
    "every": interval_overrides,
    "timezone": scalar(timezone),
    "snmp": record(
        {
            "port": integer(1, 65535),
            "engine": choice(SNMP_ENGINES),
            "context": text(255),
            "version": snmp_version,
        },
        "snmp",
    ),
    "ssh": record(
        {
            "port": integer(1, 65535),
            "legacy": _legacy,
            "jump": scalar(name),
            "fingerprint": scalar(fingerprint),
            "restricted": boolean,
        },
        "ssh",
    ),
    "logs": record({"expect": scalar(duration)}, "logs"),
    "plugins": _as_list(listing(text())),
    "maintenance": _as_list(listing(_window)),
}
DEVICE_FIELDS: dict[str, Reader] = {
    "name": scalar(name),
    "address": scalar(address),
    "addresses": listing(scalar(address)),
    "tower": choice(TOWERS),
    "log_names": _names,
    "renamed_from": scalar(name),
    **SHARED_FIELDS,
}
_MERGED = ("labels", "every", "snmp", "ssh", "logs")
_OPTIONS = ("snmp", "ssh", "logs", "plugins", "maintenance")

tower_defaults = record(SHARED_FIELDS, "defaults")
_device_values = record(DEVICE_FIELDS, "device", required=("name", "tower"))


def device_values(
    report: Report, node: MappingNode, defaults: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The readable keys of one device, the defaults of its tower behind them.

    A device's own value replaces the default; `labels`, `every`, `snmp`, `ssh` and `logs` are
    merged key by key.
    """
    values: dict[str, Any] = _device_values(report, node)
    default = defaults.get(values.get("tower", ""))
    if default:
        default = _without_itself(default, values.get("name", ""))
        for key in _MERGED:
            if key in values and key in default:
                values[key] = {**default[key], **values[key]}
        values = {**default, **values}
    return values


def _without_itself(default: Mapping[str, Any], own_name: str) -> Mapping[str, Any]:
    """A tower's default upstream or jump host is in that tower itself: its default does not apply to it."""
    if own_name in default.get("depends_on", ()):
        others = tuple(name for name in default["depends_on"] if name != own_name)
        default = {**default, "depends_on": others}
    if own_name and default.get("ssh", {}).get("jump") == own_name:
        direct = {key: value for key, value in default["ssh"].items() if key != "jump"}
        default = {**default, "ssh": direct}
    return default


def device(values: Mapping[str, Any]) -> Device:
    """The Device that the values of `device_values` (with name and tower among them) describe."""
    get = values.get
    first = get("address")
    addresses: tuple[str, ...] = get("addresses", ())
    if first is not None:
        addresses = (first, *(item for item in addresses if item != first))
    return Device(
        name=values["name"],
        tower=values["tower"],
        addresses=addresses,
        kind=get("kind", ""),
        site=get("site", ""),
        supplier=get("supplier", ""),
        state=get("state", "active"),
        availability=get("availability", "expected"),
        credentials=get("credentials", ()),
        depends_on=get("depends_on", ()),
        log_names=get("log_names", ()),
        labels=get("labels", _NOTHING),
        renamed_from=get("renamed_from", ""),
        timezone=get("timezone", ""),
        every=get("every", _NOTHING),
        options={key: values[key] for key in _OPTIONS if key in values} or _NOTHING,
    )
