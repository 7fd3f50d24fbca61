"""Hosts that forward their authentication log: syslog over UDP, each from its own address."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable

from soc.demo.auth_log import attack_lines
from soc.demo.estate import Estate
from soc.demo.serve import Endpoint


class SyslogSender:
    """Sends each line of the forwarding hosts when its time has come. Raises OSError when it cannot bind."""

    def __init__(self, estate: Estate, receiver: Endpoint, begun: float) -> None:
        """`receiver` is where the messages go; `begun` (UTC seconds) is when the hosts begin to send."""
        self._estate = estate
        self._receiver = receiver
        self._sent_until = round(begun * 1e6)
        self._attack: list[tuple[int, bytes]] = []
        self._sockets: dict[str, socket.socket] = {}
        for name in sorted(estate.scenario.forwarding):
            udp = self._sockets[name] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            udp.bind((estate.devices[name].addresses[0], 0))

    def attack(self, time: float) -> None:
        """Have the scenario's attack begin."""
        attack = self._estate.scenario.attack
        host = self._estate.host(attack.device)
        lines = sorted(attack_lines(attack, time))
        self._attack = [(line.microseconds, host.message(line)) for line in lines]

    def send(self, time: float) -> None:
        """Send what the hosts have logged up to `time` (UTC seconds) and not yet sent."""
        after, until = self._sent_until, round(time * 1e6)
        scenario = self._estate.scenario
        for name in self._sockets:
            if not scenario.silent(name, time):
                self._send(name, self._estate.host(name).forwarded(after, until))
        due = [message for moment, message in self._attack if moment <= until]
        self._attack = self._attack[len(due) :]
        self._send(scenario.attack.device, due)
        self._sent_until = max(after, until)

    def _send(self, name: str, messages: Iterable[bytes]) -> None:
        for message in messages:
            with contextlib.suppress(OSError):  # nobody there, or no room: senders of syslog do not mind
                self._sockets[name].sendto(message, self._receiver)

    def close(self) -> None:
        for udp in self._sockets.values():
            udp.close()
