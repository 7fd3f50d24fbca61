"""The simulated estate: every device's variables, for the agents and for the history alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from soc.demo.linux import LinuxHost
from soc.demo.machine import Machine
from soc.demo.macos import MacHost
from soc.demo.profiles.host_resources import host_resources
from soc.demo.profiles.interfaces import interfaces
from soc.demo.profiles.printer import printer
from soc.demo.profiles.subject import Subject, subject
from soc.demo.profiles.system import system
from soc.demo.profiles.ups import ups
from soc.demo.scenario import PLATFORM_LABEL, Scenario
from soc.demo.tree import Variable, VariableTree
from soc.demo.windows import WindowsHost
from soc.model import Device

_MACHINES: dict[str, Callable[[Device, Scenario], Machine]] = {"windows": WindowsHost, "macos": MacHost}
_BY_KIND: dict[str, Callable[[Subject], list[Variable]]] = {"printer": printer, "ups": ups}


class Estate:
    """The devices of an inventory as they would be at any time, given a scenario."""

    def __init__(self, devices: Mapping[str, Device], seed: int, start: float) -> None:
        self.devices = devices
        self.scenario = Scenario(devices, seed, start)
        self._machines: dict[str, Machine] = {}
        self._hosts: dict[str, LinuxHost] = {}
        self._children: dict[str, list[str]] = {}
        for device in devices.values():
            for parent in device.depends_on:
                self._children.setdefault(parent, []).append(device.name)

    def machine(self, name: str) -> Machine:
        """What answers commands on the device."""
        device = self.devices[name]
        if not (make := _MACHINES.get(device.labels.get(PLATFORM_LABEL, ""))):
            return self.host(name)
        if name not in self._machines:
            self._machines[name] = make(device, self.scenario)
        return self._machines[name]

    def host(self, name: str) -> LinuxHost:
        """A device that runs Linux, which keeps an authentication log as well."""
        if name not in self._hosts:
            self._hosts[name] = LinuxHost(self.devices[name], self.scenario)
        return self._hosts[name]

    def tree(self, name: str) -> VariableTree:
        """What the device's SNMP agent answers from."""
        device = self.devices[name]
        about = subject(device, self._children.get(name, ()), self.scenario)
        own = _BY_KIND.get(device.kind)
        return VariableTree(
            [
                *system(about),
                *interfaces(about),
                *host_resources(about),
                *(own(about) if own else ()),
            ]
        )
