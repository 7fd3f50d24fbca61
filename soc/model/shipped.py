"""Where the directories that ship with soc lie: `collectors`, `rules` and the example inventory."""

from __future__ import annotations

from pathlib import Path

from soc.model.errors import Problem

_PACKAGE = Path(__file__).resolve().parent.parent


def shipped(name: str) -> Path:
    """The shipped file or directory `name`: in an installed wheel inside soc/, in a checkout beside it."""
    packaged = _PACKAGE / "_data" / name
    return packaged if packaged.exists() else _PACKAGE.parent / name


def check_not_writable_by_others(directory: Path) -> Problem | None:
    """A site's own directory is trusted like code: refuse one that group or others may write to."""
    for path in (directory, *directory.rglob("*")):
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:  # a link to nowhere, such as editors lock files with: nothing to load
            continue
        except OSError as error:
            return Problem(str(path), 0, f"{error.strerror}, so not trusted")
        if mode & 0o022:
            return Problem(str(path), 0, "group- or world-writable, so not trusted (chmod go-w)")
    return None
