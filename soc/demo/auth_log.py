"""The authentication log of a simulated Linux host: lines as sshd, sudo and cron write them.

Which lines everyday life leaves is a pure function of (seed, host, time): minute by minute, forwards and
back. An attack's depend on when it begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from soc.demo.formulas import dice
from soc.demo.scenario import BruteForce

_POLLER = "10.20.1.5"
_ADMINISTRATORS = ("mia", "jonas", "priya", "tomas")
_COMMANDS = (
    "/usr/bin/systemctl reload nginx",
    "/usr/bin/apt-get update",
    "/usr/bin/journalctl -u postgresql",
    "/usr/bin/df -h",
)
_MINUTE = 60_000_000  # microseconds
_KEY = "ED25519 SHA256:cKHqSxq1t0FhLm9s8o0xq0rC1mK3o7a1v9oRm2n4pQ8"
_MISTYPED_SHARE = 0.15  # people mistype passwords: far below what guessing looks like
_GUESSED = ("admin", "oracle", "test", "ubuntu")


@dataclass(frozen=True, slots=True, order=True)
class AuthLine:
    """One log line. `microseconds` (UTC since the epoch) are unique within a host."""

    microseconds: int
    program: str
    process_id: int
    message: str


def _line(time: float, program: str, process_id: int, message: str) -> AuthLine:
    return AuthLine(round(time * 1e6), program, process_id, message)


class AuthLog:
    """One host's authentication log."""

    def __init__(self, host: str, seed: int) -> None:
        self._host = host
        self._seed = seed
        self._minute = lru_cache(maxsize=256)(self._lines_of)

    def between(self, after: int, until: int) -> list[AuthLine]:
        """Lines with after < time <= until, in order; both are microseconds like theirs."""
        minutes = range(after // _MINUTE, until // _MINUTE + 1)
        lines = (line for minute in minutes for line in self._minute(minute))
        return [line for line in lines if after < line.microseconds <= until]

    def _lines_of(self, minute: int) -> tuple[AuthLine, ...]:
        generator = dice(self._seed, self._host, "auth", str(minute))
        begins = minute * 60.0
        process_id = generator.randint(900, 32_000)
        lines = self._session(begins + generator.uniform(1, 8), process_id, "soc", _POLLER)
        if generator.random() < 0.08:
            lines += self._administration(
                begins + generator.uniform(10, 30), process_id + 7, generator.random()
            )
        if minute % 60 == 17:
            lines += self._cron(begins + 1.2, process_id + 3)
        return tuple(sorted(lines))

    @staticmethod
    def _session(time: float, process_id: int, user: str, source: str) -> list[AuthLine]:
        accepted = f"Accepted publickey for {user} from {source} port {_port(process_id)} ssh2: {_KEY}"
        return [
            _line(time, "sshd", process_id, accepted),
            _line(time + 0.02, "sshd", process_id, _opened("sshd", f"{user}(uid=1001)")),
            _line(time + 1.9, "sshd", process_id, _closed("sshd", user)),
        ]

    def _administration(self, time: float, process_id: int, chance: float) -> list[AuthLine]:
        user = _ADMINISTRATORS[int(chance * 1000) % len(_ADMINISTRATORS)]
        command = _COMMANDS[int(chance * 7000) % len(_COMMANDS)]
        source = f"10.20.1.{20 + int(chance * 900) % 40}"
        lines = self._session(time, process_id, user, source)
        if chance < _MISTYPED_SHARE:
            failed = f"Failed password for {user} from {source} port {_port(process_id)} ssh2"
            lines.append(_line(time - 4, "sshd", process_id, failed))
        called = f"{user:>8} : TTY=pts/0 ; PWD=/home/{user} ; USER=root ; COMMAND={command}"
        return [
            *lines,
            _line(time + 0.6, "sudo", process_id + 9, called),
            _line(time + 0.61, "sudo", process_id + 9, _opened("sudo", "root(uid=0)", f"{user}(uid=1002)")),
            _line(time + 0.9, "sudo", process_id + 9, _closed("sudo", "root")),
        ]

    @staticmethod
    def _cron(time: float, process_id: int) -> list[AuthLine]:
        return [
            _line(time, "CRON", process_id, _opened("cron", "root(uid=0)")),
            _line(time + 0.1, "CRON", process_id, _closed("cron", "root")),
        ]


def _port(process_id: int) -> int:
    return 40_000 + process_id % 20_000


def _opened(service: str, user: str, by: str = "(uid=0)") -> str:
    return f"pam_unix({service}:session): session opened for user {user} by {by}"


def _closed(service: str, user: str) -> str:
    return f"pam_unix({service}:session): session closed for user {user}"


def attack_lines(attack: BruteForce, begins: float) -> list[AuthLine]:
    """What the attacked host logs of an attack that begins at `begins` (UTC seconds)."""
    lines = []
    for number in range(attack.attempts):
        time = begins + number * attack.seconds_between
        process_id, port = 20_000 + number, 50_000 + number
        where = f"from {attack.source_ip} port {port}"
        if number < len(_GUESSED):
            lines.append(_line(time - 0.03, "sshd", process_id, f"Invalid user {_GUESSED[number]} {where}"))
            user = f"invalid user {_GUESSED[number]}"
        else:
            user = attack.user
        lines.append(_line(time, "sshd", process_id, f"Failed password for {user} {where} ssh2"))
    login = begins + attack.seconds
    process_id, where = 20_000 + attack.attempts, f"from {attack.source_ip} port {50_000 + attack.attempts}"
    opened = _opened("sshd", f"{attack.user}(uid=1005)")
    lines += [
        _line(login, "sshd", process_id, f"Accepted password for {attack.user} {where} ssh2"),
        _line(login + 0.02, "sshd", process_id, opened),
    ]
    return lines
