"""A simulated Linux host: what the commands of the shipped SSH collectors print at a given time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from soc.collect.declare import CommandOutput
from soc.collect.ssh.platform import DETECT
from soc.demo.auth_log import AuthLine, AuthLog
from soc.demo.formulas import dice, wave
from soc.demo.linux_posture import posture
from soc.demo.machine import NOT_FOUND, Answers
from soc.demo.scenario import HISTORY_SECONDS, Scenario
from soc.model import Device

_KIB_PER_GIB = 1 << 20
_TICKS_PER_SECOND = 100  # sysconf(_SC_CLK_TCK)
_LOG_BEGINS_SECONDS = HISTORY_SECONDS + 600  # before the start: when the log was last rotated
_PRIORITY = 10 * 8 + 6  # authpriv.info


@dataclass(frozen=True, slots=True)
class _Release:
    name: str
    version: str
    kernel: str
    timestamps: str  # how its syslog daemon writes them: "rfc3339" or "rfc3164"


_RELEASES = (
    _Release("Debian GNU/Linux", "12", "6.1.0-18-amd64", "rfc3339"),
    _Release("Rocky Linux", "9.4", "5.14.0-427.13.1.el9_4.x86_64", "rfc3164"),
)
_HARDWARE = (("Dell Inc.", "PowerEdge R650"), ("HPE", "ProLiant DL360 Gen10"), ("VMware, Inc.", "VMware20,1"))


class LinuxHost:
    """One host's state, as its commands show it."""

    platform = "linux"

    def __init__(self, device: Device, scenario: Scenario) -> None:
        generator = dice(scenario.seed, device.name, "linux")
        self._name = device.name
        self._scenario = scenario
        self._auth_log = AuthLog(device.name, scenario.seed)
        self._forwards = device.name in scenario.forwarding
        self._release = generator.choice(_RELEASES)
        self._vendor, self._model = generator.choice(_HARDWARE)
        self._serial = "".join(generator.choices("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", k=10))
        self._booted = scenario.start - generator.uniform(3, 200) * 86_400
        self._processors = generator.choice((2, 4, 8))
        self._memory_kib = generator.choice((8, 16, 32, 64)) * _KIB_PER_GIB
        phase = generator.uniform(0, 6)
        self._busy = wave(0.03, generator.uniform(0.15, 0.5), generator.uniform(900, 5400), phase)
        self._memory = wave(0.3, generator.uniform(0.4, 0.72), 7200, phase)
        self._disks = {
            "/": (40 * _KIB_PER_GIB, generator.uniform(0.2, 0.6)),
            "/var/lib": (200 * _KIB_PER_GIB, generator.uniform(0.3, 0.66)),
        }
        self._log_file = f"{generator.randint(100_000, 900_000)}:{generator.randint(1 << 20, (1 << 32) - 1)}"
        self._answers: Answers = {
            DETECT.id: lambda _: "Linux\n",
            "linux-cpu": self._cpu,
            "linux-filesystems": self._df,
            "linux-identity": self._identity,
            "linux-load": self._load,
            "linux-memory": self._meminfo,
            "linux-services": lambda _: "",
            **posture(
                device.name,
                generator,
                debian=self._release.timestamps == "rfc3339",
                booted=self._booted,
                start=scenario.start,
            ),
            "linux-uptime": lambda time: f"{time - self._booted:.2f} {(time - self._booted) * 1.7:.2f}\n",
        }

    def output(self, command_id: str, line: str, time: float) -> CommandOutput:
        if command_id == "linux-auth-log":
            return CommandOutput(self._auth_lines(line, time), "", 0)
        answer = self._answers.get(command_id)
        return CommandOutput(answer(time), "", 0) if answer else NOT_FOUND

    def _cpu(self, time: float) -> str:
        lines = []
        for moment in (time, time + 1):
            for number in range(self._processors):
                # Ticks are whole: the busy ones of the last second are added to the same base.
                base = int((time - self._booted) * _TICKS_PER_SECOND)
                busy = round(self._busy(time + 37 * number) * _TICKS_PER_SECOND) if moment > time else 0
                idle = _TICKS_PER_SECOND - busy if moment > time else 0
                lines.append(f"cpu{number} {base // 5 + busy} 0 {base // 50} {base + idle} 120 0 0 0 0 0\n")
        return "".join(lines)

    def _df(self, time: float) -> str:
        lines = ["Filesystem     Type     1024-blocks      Used Available Capacity Mounted on\n"]
        incident = self._scenario.disk
        for number, (mount, (size, share)) in enumerate(self._disks.items(), start=1):
            fills = (self._name, mount) == (incident.device, incident.filesystem)
            used = int(size * (incident.used(time) if fills else share))
            percent = round(100 * used / size)
            lines.append(f"/dev/sda{number} ext4 {size} {used} {size - used} {percent}% {mount}\n")
        lines.append(f"tmpfs tmpfs {self._memory_kib // 2} 0 {self._memory_kib // 2} 0% /dev/shm\n")
        return "".join(lines)

    def _identity(self, _: float) -> str:
        release = self._release
        return (
            f'NAME="{release.name}"\nVERSION_ID="{release.version}"\n\n'
            f"uname=Linux {release.kernel} x86_64\nnodename={self._name}\n"
            f"sys_vendor={self._vendor}\nproduct_name={self._model}\nproduct_serial={self._serial}\n"
        )

    def _load(self, time: float) -> str:
        load = self._busy(time) * self._processors
        return f"{load:.2f} {load * 0.95:.2f} {load * 0.9:.2f} 2/214 {10_000 + int(time) % 20_000}\n"

    def _meminfo(self, time: float) -> str:
        total = self._memory_kib
        available = int(total * (1 - self._memory(time)))
        swap = total // 4
        values = {
            "MemTotal": total, "MemFree": available // 2, "MemAvailable": available, "Buffers": total // 40,
            "Cached": available // 3, "SwapTotal": swap, "SwapFree": swap - swap // 64,
        }  # fmt: skip
        return "".join(f"{name + ':':<16}{value:>8} kB\n" for name, value in values.items())

    def _auth_lines(self, cursor: str, time: float) -> str:
        """Lines behind the cursor, each with its own; a place in the file is its microsecond.

        A host that forwards its log keeps no file of it.
        """
        if self._forwards:
            return ""
        begins = round((self._scenario.start - _LOG_BEGINS_SECONDS) * 1e6)
        file, _, offset = cursor.rpartition(":")
        after = begins + (int(offset) if file == self._log_file and offset.isdigit() else 0)
        return "".join(
            f"{self._log_file}:{line.microseconds - begins} {self._written(line)}\n"
            for line in self._auth_log.between(after, round(time * 1e6))
        )

    def forwarded(self, after: int, until: int) -> list[bytes]:
        """The log's lines with after < time <= until (microseconds), as syslog messages."""
        return [self.message(line) for line in self._auth_log.between(after, until)]

    def message(self, line: AuthLine) -> bytes:
        """A log line as the host's syslog daemon sends it: in its default format, RFC 5424 or RFC 3164."""
        if self._release.timestamps == "rfc3164":
            return f"<{_PRIORITY}>{self._written(line)}".encode()
        moment = datetime.fromtimestamp(line.microseconds / 1e6, UTC)
        stamp = moment.isoformat(timespec="microseconds")
        where = f"{stamp} {self._name} {line.program} {line.process_id} - -"
        return f"<{_PRIORITY}>1 {where} {line.message}".encode()

    def _written(self, line: AuthLine) -> str:
        moment = datetime.fromtimestamp(line.microseconds / 1e6, UTC)
        if self._release.timestamps == "rfc3339":
            stamp = moment.isoformat(timespec="microseconds")
        else:
            stamp = f"{moment:%b} {moment.day:2d} {moment:%H:%M:%S}"
        return f"{stamp} {self._name} {line.program}[{line.process_id}]: {line.message}"
