"""The system group (SNMPv2-MIB, RFC 3418) and the chassis of ENTITY-MIB (RFC 6933)."""

from __future__ import annotations

from soc.demo import ber
from soc.demo.profiles.subject import Subject, row, scalar, text
from soc.demo.tree import Variable

_ENTITY = (1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1)
_CHASSIS = 3  # PhysicalClass
_WITH_ENTITIES = frozenset({"router", "switch", "firewall", "wireless-controller", "access-point", "gateway"})


def system(subject: Subject) -> list[Variable]:
    booted = subject.booted
    device = subject.device
    found = [
        scalar("1.3.6.1.2.1.1.1.0", *text(subject.model.text)),
        scalar("1.3.6.1.2.1.1.2.0", ber.OBJECT_IDENTIFIER, subject.model.object_id),
        scalar("1.3.6.1.2.1.1.3.0", ber.TIME_TICKS, lambda time: int((time - booted) * 100)),
        scalar("1.3.6.1.2.1.1.4.0", *text(f"noc@{device.supplier or 'estate'}.example")),
        scalar("1.3.6.1.2.1.1.5.0", *text(device.name)),
        scalar("1.3.6.1.2.1.1.6.0", *text(device.site)),
        scalar("1.3.6.1.2.1.1.7.0", ber.INTEGER, 72),
    ]
    if device.kind in _WITH_ENTITIES:
        model = subject.model
        found += row(_ENTITY, (1,), {
            2: text(model.name), 4: (ber.INTEGER, 0), 5: (ber.INTEGER, _CHASSIS), 7: text("Chassis"),
            10: text(model.version), 11: text(subject.serial), 12: text(model.vendor), 13: text(model.name),
        })  # fmt: skip
    return found
