"""What goes wrong in the simulated estate, when, and what must be seen of it.

Everything is decided by the seed and the inventory; times are relative to `start`, the moment the
demo goes live (UTC seconds). History and live answers come from the same formulas.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from soc.demo.formulas import dice, ramp
from soc.model import Device

HISTORY_SECONDS = 1800.0
ATTACKER_NETWORK = "203.0.113"  # TEST-NET-3 (RFC 5737)
PLATFORM_LABEL = "platform"  # of hosts over SSH that do not run Linux


@dataclass(frozen=True, slots=True)
class Outage:
    """A site's uplink router dies; nothing behind it is reached any more."""

    device: str
    parent: str  # the router at the other end of the uplink
    begins: float
    behind: frozenset[str]


@dataclass(frozen=True, slots=True)
class OnBattery:
    """A UPS loses its mains."""

    device: str
    begins: float


@dataclass(frozen=True, slots=True)
class TonerOut:
    """A printer's black toner runs out."""

    device: str
    begins: float
    empty: float

    def level(self, time: float) -> float:
        """What remains, 0..1."""
        return ramp(0.03, 0.0, self.begins, self.empty)(time)


@dataclass(frozen=True, slots=True)
class DiskFull:
    """A file system fills."""

    device: str
    filesystem: str
    begins: float
    full: float

    def used(self, time: float) -> float:
        """The used share, 0..1."""
        return ramp(0.62, 0.985, self.begins, self.full)(time)


@dataclass(frozen=True, slots=True)
class BruteForce:
    """Passwords are guessed over SSH until one is right: the one incident that is still to come."""

    device: str
    source_ip: str
    user: str
    attempts: int
    seconds_between: float

    @property
    def seconds(self) -> float:
        """From the first guess to the login."""
        return self.attempts * self.seconds_between


class Scenario:
    """The incidents of one run. Raises ValueError when the inventory lacks a candidate for one.

    `forwarding` are the hosts that send their authentication log by syslog; those of the others are pulled.
    """

    def __init__(self, devices: Mapping[str, Device], seed: int, start: float) -> None:
        self.seed = seed
        self.start = start
        generator = dice(seed, "scenario")

        def pick(what: str, candidates: list[str]) -> str:
            if not candidates:
                raise ValueError(f"the estate has no {what} for the scenario")
            return generator.choice(sorted(candidates))

        children: dict[str, list[str]] = {}
        for device in devices.values():
            for parent in device.depends_on:
                children.setdefault(parent, []).append(device.name)
        branches = [
            name
            for name, device in devices.items()
            if device.kind == "router" and len(device.depends_on) == 1 and name in children
        ]
        killed = pick("branch router", branches)
        [parent] = devices[killed].depends_on
        self.outage = Outage(killed, parent, start - 1320, _behind(killed, devices, children))
        lost = self.outage.behind | {killed}

        def alive(kind: str, tower: str = "") -> list[str]:
            return [
                name
                for name, device in devices.items()
                if device.kind == kind and name not in lost and tower in ("", device.tower)
            ]

        def linux_servers(tower: str) -> list[str]:
            return [name for name in alive("server", tower) if PLATFORM_LABEL not in devices[name].labels]

        self.battery = OnBattery(pick("UPS", alive("ups")), start - 1080)
        self.toner = TonerOut(pick("printer", alive("printer")), start - 1800, start - 1440)
        disk = pick("hosting server", linux_servers("hosting"))
        self.disk = DiskFull(disk, "/var/lib", start - 1740, start - 1500)
        target = pick("service host", linux_servers("service"))
        source = f"{ATTACKER_NETWORK}.{generator.randint(2, 254)}"
        self.attack = BruteForce(target, source, "deploy", 40, 0.15)
        self.forwarding = frozenset(
            name
            for name, device in devices.items()
            if device.kind == "server"
            and device.tower == devices[target].tower
            and PLATFORM_LABEL not in device.labels
        )

    def silent(self, device: str, time: float) -> bool:
        """Whether nothing that is sent to the device at `time` is answered."""
        outage = self.outage
        return time >= outage.begins and (device == outage.device or device in outage.behind)

    def link_down(self, device: str, time: float) -> bool:
        """Whether the link from a device's parent to it is without carrier."""
        return device == self.outage.device and time >= self.outage.begins

    def expected_down(self) -> set[str]:
        """The devices that the scenario kills."""
        return {self.outage.device}

    def expected_unreachable(self) -> set[str]:
        """The devices that only hang behind a dead one."""
        return set(self.outage.behind)

    def expected_alerts(self) -> set[tuple[str, str]]:
        """(rule, device) of every alert that the shipped rules must have open once live."""
        return {
            ("DeviceDown", self.outage.device),
            ("InterfaceDown", self.outage.parent),
            ("UpsOnBattery", self.battery.device),
            ("PrinterSupplyLow", self.toner.device),
            ("FilesystemFull", self.disk.device),
            ("SSH brute force", self.attack.device),
            ("SSH login after brute force", self.attack.device),
        }


def _behind(killed: str, devices: Mapping[str, Device], children: Mapping[str, list[str]]) -> frozenset[str]:
    """Devices all of whose ways lead through `killed`."""
    lost = {killed}
    waiting = list(children.get(killed, ()))
    while waiting:
        name = waiting.pop()
        if name not in lost and all(parent in lost for parent in devices[name].depends_on):
            lost.add(name)
            waiting.extend(children.get(name, ()))
    return frozenset(lost - {killed})
