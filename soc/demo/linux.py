"""A simulated Linux host: what the commands of the SSH collectors print, from its state at a time."""

from __future__ import annotations

from soc.collect.declare import CommandOutput
from soc.demo.auth_log import AuthLog
from soc.demo.scenario import Scenario
from soc.model import Device


class LinuxHost:
    """Answers constant commands; one it does not know is not found there."""

    def __init__(self, device: Device, scenario: Scenario) -> None:
        self._device = device
        self._scenario = scenario
        self._auth_log = AuthLog(device.name, scenario)

    def run(self, command: str, line: str, time: float) -> CommandOutput:
        """`line` is what stands on standard input, without its newline."""
        if command.startswith("uname"):
            return CommandOutput("Linux\n", "", 0)
        return CommandOutput("", "sh: 1: not found\n", 127)
