"""Where the directories that ship with soc lie: `collectors`, `rules` and the example inventory."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def shipped(name: str) -> Path:
    """The shipped file or directory `name`: inside the package in an installed wheel, beside it in a checkout."""
    packaged = _PACKAGE / "_data" / name
    return packaged if packaged.exists() else _PACKAGE.parent / name
