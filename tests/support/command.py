"""Run `soc` as users do: in a process of its own."""

from __future__ import annotations

import subprocess
import sys

SOC = (sys.executable, "-c", "import sys; from soc.cli import main; sys.exit(main())")


def soc(*arguments: str, check: bool = False, **options: object) -> subprocess.CompletedProcess[str]:
    """The finished process, its output as text; `check` fails with what it said on stderr."""
    done = subprocess.run([*SOC, *arguments], capture_output=True, text=True, **options)  # type: ignore[call-overload]
    if check and done.returncode:
        raise AssertionError(f"soc {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    return done  # type: ignore[no-any-return]
