"""The console on a terminal: first paint, key to paint, idle cost, memory; figures as JSON.

    python benches/console.py [--alerts 100000] [--keys 200]

A hub of tables in a process of its own serves the alerts and pushes `--changes` changed alerts a second; the
console runs on a pseudo-terminal of 120x40. A key's time ends when the row it selects has been written: each
key is followed until the output rests for 8 ms.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import platform
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOC = [sys.executable, "-c", "import sys; from soc.cli import main; sys.exit(main())"]
REST_SECONDS = 0.008
SCREEN_BYTES = 3000  # a whole screen is more


class Terminal:
    """A program on a pseudo-terminal."""

    def __init__(self, command: list[str], columns: int = 120, rows: int = 40) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            cwd=ROOT,
            start_new_session=True,
        )
        os.close(slave)

    def read(self, timeout_seconds: float) -> bytes:
        ready = select.select([self.master], [], [], timeout_seconds)[0]
        return os.read(self.master, 1 << 20) if ready else b""

    def until(self, text: bytes, seconds: float = 60.0) -> float:
        """Seconds since the start at which the text was written."""
        seen = b""
        while text not in seen:
            part = self.read(seconds)
            if not part:
                raise SystemExit(f"{text!r} was not painted within {seconds} s")
            seen += part
        return time.perf_counter() - self.began

    def rest(self, seconds: float) -> int:
        """Bytes written in so long."""
        end = time.perf_counter() + seconds
        size = 0
        while (left := end - time.perf_counter()) > 0:
            size += len(self.read(left))
        return size

    def press(self, key: bytes) -> float:
        """Seconds from the key to the last byte of what it painted."""
        began = time.perf_counter()
        os.write(self.master, key)
        last = began
        while self.read(1.0 if last == began else REST_SECONDS):
            last = time.perf_counter()
        return last - began

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self) -> int:
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf(
            "SC_PAGE_SIZE"
        )


def import_seconds(statement: str) -> float:
    """The fastest of five fresh interpreters, less that of an empty one."""

    def run(code: str) -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
        return time.perf_counter() - began

    return min(run(statement) for _ in range(5)) - min(run("pass") for _ in range(5))


def milliseconds(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "p50": round(1000 * statistics.median(ordered), 1),
        "p95": round(1000 * ordered[int(len(ordered) * 0.95)], 1),
        "max": round(1000 * ordered[-1], 1),
    }


def measure(socket: Path, keys: int, idle_seconds: float) -> dict[str, object]:
    terminal = Terminal([*SOC, "console", "--socket", str(socket), "--screen", "alerts"])
    try:
        chrome = terminal.until(b"live")
        chrome_cpu = terminal.cpu_seconds()
        rows = terminal.until(b"A-48")
        terminal.rest(2.0)
        started = terminal.cpu_seconds()
        moves = [terminal.press(b"j") for _ in range(keys)]
        cpu_per_key = (terminal.cpu_seconds() - started) / keys
        pages = [terminal.press(b"\x04") for _ in range(keys // 4)]
        began = time.perf_counter()
        os.write(terminal.master, b"G")
        terminal.until(b"INFO")
        end = time.perf_counter() - began
        terminal.rest(1.0)
        os.write(terminal.master, b"3")
        terminal.rest(2.0)
        screens = [terminal.press(key) for key in (b"2", b"3") * 10]
        for _ in range(20):  # a busy machine is still painting screens
            if terminal.rest(1.0) <= SCREEN_BYTES:
                break
        before, at = terminal.cpu_seconds(), time.perf_counter()
        written = terminal.rest(idle_seconds)
        seconds = time.perf_counter() - at
        return {
            "first_paint_ms": round(1000 * chrome),
            "first_paint_cpu_ms": round(1000 * chrome_cpu),
            "first_rows_ms": round(1000 * rows),
            "key_to_paint_ms": milliseconds(moves),
            "cpu_ms_per_key": round(1000 * cpu_per_key, 1),
            "page_to_paint_ms": milliseconds(pages),
            "visited_screen_to_paint_ms": milliseconds(screens),
            "jump_to_the_end_seconds": round(end, 2),
            "idle_cpu_percent": round(100 * (terminal.cpu_seconds() - before) / seconds, 2),
            "idle_output_bytes_per_second": round(written / seconds),
            "resident_bytes": terminal.resident_bytes(),
        }
    finally:
        terminal.process.kill()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--alerts", type=int, default=100_000)
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--changes", type=int, default=0, help="changed alerts a second")
    parser.add_argument("--idle", type=float, default=15.0, help="seconds of idling to measure")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        socket = Path(directory) / "hub.sock"
        hub = [
            sys.executable, "-m", "tests.support.fake_hub", str(socket), "--alerts", str(args.alerts),
            "--changes", str(args.changes),
        ]  # fmt: skip
        with subprocess.Popen(hub, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            assert process.stdout is not None
            process.stdout.readline()
            figures = measure(socket, args.keys, args.idle)
            process.terminate()
    print(
        json.dumps(
            {
                "alerts": args.alerts,
                "changes_per_second": args.changes,
                "import_ms": round(1000 * import_seconds("import soc.console.app")),
                "import_textual_ms": round(1000 * import_seconds("import textual.app, textual.widgets")),
                **figures,
                "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}, "
                f"Textual {version('textual')}, load {os.getloadavg()[0]:.1f}",
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
