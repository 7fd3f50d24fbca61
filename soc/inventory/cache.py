"""Checked devices on disk, so that an unchanged fleet loads in a fraction of a second.

Only devices are kept: settings and credentials are read from the inventory every time, so that no
secret, and no reference to one, can get into the cache. A line of JSON says what the cache belongs to;
another holds the distinct combinations of all a device has besides its name and addresses; then come
lines of [combination, name, addresses]. Anything unexpected makes it no cache at all.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from soc import __version__
from soc.inventory.yaml_nodes import Span
from soc.model import Device, Problem
from soc.model.cachefile import read_cache_file, write_cache_file
from soc.model.ids import digest

_FORMAT = 1
_FIELDS = [field.name for field in dataclasses.fields(Device)]
_SHAPE_FIELDS = [name for name in _FIELDS if name not in ("name", "addresses")]
_ROWS_PER_LINE = 1000


class StoredDevices(Mapping[str, Device]):
    """Devices by name, each built when it is first asked for."""

    def __init__(self, shapes: list[dict[str, Any]], rows: Iterable[tuple[int, str, list[str]]]) -> None:
        self._shapes = shapes
        self._devices: dict[str, tuple[int, list[str]] | Device] = {
            name: (shape, addresses) for shape, name, addresses in rows
        }

    def __getitem__(self, name: str) -> Device:
        stored = self._devices[name]
        if isinstance(stored, Device):
            return stored
        shape, addresses = stored
        device = self._devices[name] = Device(name=name, addresses=tuple(addresses), **self._shapes[shape])
        return device

    def __iter__(self) -> Iterator[str]:
        return iter(self._devices)

    def __len__(self) -> int:
        return len(self._devices)

    def __repr__(self) -> str:
        return f"<{len(self)} devices>"


@dataclasses.dataclass(frozen=True, slots=True)
class Cache:
    """What is known of an inventory's last valid state."""

    content_hash: str
    spans: Mapping[str, Span]  # content hash of a YAML file -> where its devices lie
    problems: tuple[Problem, ...]  # warnings about devices
    body: bytes

    def devices(self) -> StoredDevices:
        lines = self.body.splitlines()
        shapes = [
            {
                key: tuple(value) if isinstance(value, list) else value
                for key, value in zip(_SHAPE_FIELDS, shape, strict=True)
            }
            for shape in json.loads(lines[0])
        ]
        return StoredDevices(shapes, (row for line in lines[1:] for row in json.loads(line)))


def cache_path(directory: Path, inventory: Path) -> Path:
    return directory / f"inventory-{digest(str(inventory.absolute()))}.json"


def read_cache(directory: Path, inventory: Path) -> Cache | None:
    """The cache of this inventory, or None if there is none that can be trusted."""
    content = read_cache_file(cache_path(directory, inventory)) or b""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        head, _, body = content.partition(b"\n")
        header = json.loads(head)
        if any(header[key] != value for key, value in _identity().items()):
            return None
        spans = {key: (int(start), int(end)) for key, (start, end) in header["spans"].items()}
        problems = tuple(Problem(**problem) for problem in header["problems"])
        return Cache(str(header["content_hash"]), spans, problems, body)
    return None


def write_cache(
    directory: Path,
    inventory: Path,
    content_hash: str,
    spans: Mapping[str, Span],
    problems: Iterable[Problem],
    devices: Mapping[str, Device],
) -> None:
    """Replace the cache. A cache that cannot be written is no error: the next load is slower."""
    body = _body(devices.values())
    header = {
        **_identity(),
        "content_hash": content_hash,
        "spans": spans,
        "problems": [dataclasses.asdict(problem) for problem in problems],
    }
    content = json.dumps(header).encode() + b"\n" + body
    write_cache_file(cache_path(directory, inventory), content)


def _identity() -> dict[str, Any]:
    """What the program that reads must share with the one that wrote."""
    return {"format": _FORMAT, "program": __version__, "fields": _FIELDS}


def _body(devices: Iterable[Device]) -> bytes:
    shapes: dict[str, int] = {}
    lines: list[str] = []
    rows: list[tuple[int, str, tuple[str, ...]]] = []
    for device in devices:
        shape = json.dumps([getattr(device, name) for name in _SHAPE_FIELDS])
        rows.append((shapes.setdefault(shape, len(shapes)), device.name, device.addresses))
        if len(rows) == _ROWS_PER_LINE:
            lines.append(json.dumps(rows))
            rows = []
    lines.append(json.dumps(rows))
    return "\n".join([f"[{','.join(shapes)}]", *lines, ""]).encode()
