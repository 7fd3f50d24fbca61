"""Commands that print several things, each behind a line of its own that names it."""

from __future__ import annotations

import json
import re

from soc.collect.declare import CommandOutput, NotApplicableError
from soc.collect.item import Item

_NAME = re.compile(r"== ([a-z]+)")


def with_sections(**parts: str) -> str:
    """One command that runs all parts, whatever becomes of each (`== name` before what it prints).

    The account's shell may be zsh: no patterns for file names outside quotes.
    """
    return (
        "; ".join(f'echo "== {name}"; {{ {part}; }} 2>/dev/null' for name, part in parts.items()) + "; exit 0"
    )


def section(output: CommandOutput, name: str) -> list[str]:
    """The lines of a part.

    Raises NotApplicableError where it printed nothing, ValueError where it is missing.
    """
    found: list[str] | None = None
    for line in output.lines:
        if match := _NAME.fullmatch(line):
            if found is not None:
                break
            found = [] if match[1] == name else None
        elif found is not None:
            found.append(line)
    if found is None:
        raise ValueError(f"section {name!r} is missing")
    if not found:
        raise NotApplicableError(f"{name}: nothing there, or not for this account")
    return found


def document(output: CommandOutput, name: str) -> Item:
    """The JSON object that a part printed. Raises as `section`, and ValueError where it is not whole."""
    text = "\n".join(section(output, name))
    try:
        return Item(json.loads(text[text.find("{") :]))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the JSON document is cut off or broken ({error})") from None
