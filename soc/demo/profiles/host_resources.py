"""Processors, memory and storage (HOST-RESOURCES-MIB, RFC 2790)."""

from __future__ import annotations

from soc.demo import ber
from soc.demo.formulas import wave, whole
from soc.demo.profiles.subject import Subject, row, scalar, text
from soc.demo.tree import Formula, Value, Variable

_STORAGE_ENTRY = (1, 3, 6, 1, 2, 1, 25, 2, 3, 1)
_STORAGE_TYPES = (1, 3, 6, 1, 2, 1, 25, 2, 1)
_RAM, _VIRTUAL_MEMORY, _FIXED_DISK = 2, 3, 4  # hrStorageTypes
_DEVICE_ENTRY = (1, 3, 6, 1, 2, 1, 25, 3, 2, 1)
_PROCESSOR_TYPE = (1, 3, 6, 1, 2, 1, 25, 3, 1, 3)
_PROCESSOR_ENTRY = (1, 3, 6, 1, 2, 1, 25, 3, 3, 1)
_FIRST_PROCESSOR = 196608
_UNIT_BYTES = 4096
_GIB = 1 << 30

# Processors, memory (GiB), disks (name, GiB) by kind.
_SHAPES: dict[str, tuple[int, int, tuple[tuple[str, int], ...]]] = {
    "hypervisor": (8, 512, (("/vmfs/volumes/datastore1", 4096), ("/vmfs/volumes/datastore2", 8192))),
    "storage": (4, 32, (("/", 8), ("/volume1", 28_000))),
    "desktop": (6, 16, (("C:\\ Label:System  Serial Number 5e1f0a22", 476),)),
    "laptop": (8, 32, (("/", 952),)),
    "load-balancer": (4, 32, (("/", 64), ("/var/log", 32))),
    "vpn-gateway": (4, 16, (("/", 32), ("/var/log", 100))),
    "badge-controller": (1, 1, (("/", 8),)),
    "modem": (1, 1, (("/", 1),)),
    "voice-gateway": (2, 4, (("/", 16),)),
    "time-server": (1, 2, (("/", 4),)),
}


def host_resources(subject: Subject) -> list[Variable]:
    """Nothing for a kind of device that has no such group."""
    shape = _SHAPES.get(subject.device.kind)
    if shape is None:
        return []
    processors, memory_gib, disks = shape
    generator = subject.dice("host")
    booted = subject.booted
    busy = wave(0.04, generator.uniform(0.2, 0.55), generator.uniform(900, 5400), generator.uniform(0, 6))
    memory = wave(0.35, generator.uniform(0.45, 0.7), 7200, generator.uniform(0, 6))
    found = [
        scalar("1.3.6.1.2.1.25.1.1.0", ber.TIME_TICKS, lambda time: int((time - booted) * 100)),
        scalar("1.3.6.1.2.1.25.1.5.0", ber.GAUGE32, generator.randint(0, 3)),
        scalar("1.3.6.1.2.1.25.1.6.0", ber.GAUGE32, generator.randint(60, 320)),
        scalar("1.3.6.1.2.1.25.2.2.0", ber.INTEGER, memory_gib * 1024 * 1024),
    ]
    units = memory_gib * _GIB // _UNIT_BYTES
    found += _storage(1, _RAM, "Physical memory", units, _UNIT_BYTES, whole(memory, units))
    found += _storage(3, _VIRTUAL_MEMORY, "Swap space", units // 4, _UNIT_BYTES, units // 200)
    for index, (name, size_gib) in enumerate(disks, start=31):
        unit = _UNIT_BYTES if size_gib < 4096 else 1 << 16
        size = size_gib * _GIB // unit
        used = int(size * generator.uniform(0.2, 0.66))
        found += _storage(index, _FIXED_DISK, name, size, unit, used)
    for number in range(processors):
        index = _FIRST_PROCESSOR + number
        found += row(_DEVICE_ENTRY, (index,), {
            1: (ber.INTEGER, index), 2: (ber.OBJECT_IDENTIFIER, _PROCESSOR_TYPE), 3: text("CPU"),
            4: (ber.OBJECT_IDENTIFIER, (0, 0)), 5: (ber.INTEGER, 2),
        })  # fmt: skip
        found += row(_PROCESSOR_ENTRY, (index,), {
            1: (ber.OBJECT_IDENTIFIER, (0, 0)), 2: (ber.INTEGER, whole(busy, 100)),
        })  # fmt: skip
    return found


def _storage(index: int, kind: int, name: str, size: int, unit: int, used: Value | Formula) -> list[Variable]:
    return row(_STORAGE_ENTRY, (index,), {
        1: (ber.INTEGER, index), 2: (ber.OBJECT_IDENTIFIER, (*_STORAGE_TYPES, kind)), 3: text(name),
        4: (ber.INTEGER, unit), 5: (ber.INTEGER, size), 6: (ber.INTEGER, used),
    })  # fmt: skip
