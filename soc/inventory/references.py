"""Names that refer to other parts of the inventory: unknown ones, double ones, circles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from soc.inventory.nodes import MappingNode, ScalarNode, SequenceNode
from soc.inventory.report import Findings, Report, hint, quoted
from soc.model import Device, Problem

_SHOWN_IN_CIRCLE = 10
MAXIMUM_JUMPS = 4
Place = tuple[str, int]  # file, line


def check_known(
    report: Report, node: MappingNode, values: Mapping[str, Any], declared: Mapping[str, Mapping[str, Any]]
) -> None:
    """Report sites, suppliers and credentials that `declared` (key of a device -> names) does not hold."""
    for key, names in declared.items():
        child = node.entries.get(key)
        if child is None or key not in values:
            continue
        nodes = child.items if isinstance(child, SequenceNode) else [child]
        for item in nodes:
            if isinstance(item, ScalarNode) and not item.null and item.text not in names:
                report.error(
                    item.line,
                    f"{key}: unknown name {quoted(item.text)}{hint(item.text, names)}",
                    "unknown-name",
                )


class DeviceNames:
    """What the devices read so far call themselves and each other, checked when all are read."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._places: dict[str, Place] = {}
        self._log_names: dict[str, tuple[str, Place]] = {}
        self._contacts: dict[tuple[object, ...], tuple[str, Place]] = {}
        self._references: list[tuple[Place, str, str]] = []  # where, key, name
        self._renamed: list[tuple[Place, str]] = []

    def add(self, device: Device, file: str, node: MappingNode) -> bool:
        """Note a device; False (and a problem) if its name is taken."""
        place = (file, node.line_of("name"))
        first = self._places.setdefault(device.name, place)
        if first is not place:
            self._error(
                place,
                f"device {quoted(device.name)} is declared before, at {_shown(first)}",
                "duplicate-name",
            )
            return False
        if device.depends_on:
            line = node.line_of("depends_on")
            self._references += [((file, line), "depends_on", name) for name in device.depends_on]
        jump = _option(device, "ssh", "jump")
        if jump:
            self._references.append(((file, node.line_of("ssh")), "ssh: jump", str(jump)))
        if device.renamed_from:
            self._renamed.append(((file, node.line_of("renamed_from")), device.renamed_from))
        if device.log_names:
            self._add_log_names(device, (file, node.line_of("log_names")))
        if device.state != "retired":
            self._add_contacts(device, (file, node.line))
        return True

    def _add_log_names(self, device: Device, place: Place) -> None:
        for name in device.log_names:
            owner, first = self._log_names.setdefault(name, (device.name, place))
            if owner != device.name:
                message = f"log name {quoted(name)} belongs to device {quoted(owner)}, at {_shown(first)}"
                self._error(place, message, "duplicate-name")

    def _add_contacts(self, device: Device, place: Place) -> None:
        """The same address with the same ports is most likely one device twice, but may be meant."""
        contact: tuple[object, ...] = (161, "", 22, "")
        if device.options:
            contact = (
                _option(device, "snmp", "port") or 161,
                _option(device, "snmp", "context") or "",
                _option(device, "ssh", "port") or 22,
                _option(device, "ssh", "jump") or "",
            )
        for address in device.addresses:
            owner, first = self._contacts.setdefault((address, *contact), (device.name, place))
            if owner != device.name:
                other = f"device {quoted(owner)}, at {_shown(first)}"
                message = f"address {address} with the same ports is also {other}"
                self._findings.add(Problem(*place, message, "warning", "duplicate-address"))

    def check(self, devices: Mapping[str, Device]) -> None:
        """Report references to no device, renames from a device still there, and circles."""
        for place, key, name in self._references:
            if name not in devices:
                self._error(
                    place, f"{key}: unknown device {quoted(name)}{hint(name, devices)}", "unknown-name"
                )
        for place, name in self._renamed:
            if name in devices:
                self._error(place, f"renamed_from: device {quoted(name)} is still declared", "duplicate-name")
        dependencies = {name: device.depends_on for name, device in devices.items() if device.depends_on}
        jumps = {
            name: (str(jump),) for name, device in devices.items() if (jump := _option(device, "ssh", "jump"))
        }
        for name in jumps:
            way = [name]
            while (following := jumps.get(way[-1])) and following[0] not in way:
                way.append(following[0])
            if len(way) > MAXIMUM_JUMPS + 1:
                message = f"ssh: jump: more than {MAXIMUM_JUMPS} jump hosts on the way"
                self._error(self._places[name], message, "jumps")
        for key, edges in (("depends_on", dependencies), ("ssh: jump", jumps)):
            for circle in _circles(edges):
                names = [
                    *circle[:_SHOWN_IN_CIRCLE],
                    *(["…"] if len(circle) > _SHOWN_IN_CIRCLE else []),
                    circle[0],
                ]
                path = " → ".join(quoted(name) for name in names)
                self._error(self._places[circle[0]], f"{key} goes round in a circle: {path}", "circle")

    def _error(self, place: Place, message: str, code: str) -> None:
        self._findings.add(Problem(*place, message, "error", code))


def _shown(place: Place) -> str:
    return f"{place[0]}:{place[1]}"


def _option(device: Device, section: str, key: str) -> object:
    values = device.options.get(section)
    return values.get(key) if isinstance(values, Mapping) else None


def _circles(edges: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """One circle for each edge that closes one, depth first, without recursion: chains may be long."""
    finished: set[str] = set()
    for root in edges:
        if root in finished:
            continue
        path, position, pending = [root], {root: 0}, [iter(edges[root])]
        while path:
            for following in pending[-1]:
                if following in position:
                    yield path[position[following] :]
                elif following in edges and following not in finished:
                    position[following] = len(path)
                    path.append(following)
                    pending.append(iter(edges[following]))
                    break
            else:
                pending.pop()
                done = path.pop()
                del position[done]
                finished.add(done)
