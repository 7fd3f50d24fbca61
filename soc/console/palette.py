"""Colours by meaning, for terminals with all, sixteen, or none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

Span = tuple[str, str]  # text, name of a style below
Line = Sequence[Span]
Colours = Literal["full", "ansi", "none"]

# Okabe and Ito's palette, which the colour-blind can tell apart (Color Universal Design, 2008).
_FULL: Mapping[str, str] = {
    "text": "#d5dbe3",
    "dim": "#7d8896",
    "strong": "bold #ffffff",
    "critical": "bold #d55e00",
    "high": "#e69f00",
    "medium": "#f0e442",
    "low": "#56b4e9",
    "ok": "#009e73",
    "stale": "reverse",
    "blind": "bold #000000 on #d55e00",
    "title": "bold #56b4e9",
    "rule": "#3a4655",
    "chip": "#d5dbe3 on #2b3a4d",
    "new": "bold #000000 on #56b4e9",
    "error": "bold #000000 on #e69f00",
    "tab": "bold #0b0f14 on #56b4e9",
    "key": "bold #f0e442",
    "spark": "#56b4e9",
}
_ANSI: Mapping[str, str] = {
    "text": "",
    "dim": "bright_black",
    "strong": "bold",
    "critical": "bold red",
    "high": "yellow",
    "medium": "bright_yellow",
    "low": "bright_cyan",
    "ok": "green",
    "stale": "reverse",
    "blind": "bold white on red",
    "title": "bold cyan",
    "rule": "bright_black",
    "chip": "reverse",
    "new": "bold black on cyan",
    "error": "bold black on yellow",
    "tab": "bold black on cyan",
    "key": "bold yellow",
    "spark": "cyan",
}
_NONE: Mapping[str, str] = {
    "strong": "bold",
    "critical": "bold",
    "stale": "reverse",
    "blind": "bold reverse",
    "title": "bold",
    "chip": "reverse",
    "new": "bold reverse",
    "error": "bold reverse",
    "tab": "bold reverse",
    "key": "bold",
}
# A row's own background lies under the styles of its text.
ROWS: Mapping[Colours, Mapping[str, str]] = {
    "full": {
        "": "on #0d1117",
        "panel": "on #1a2430",
        "cursor": "on #26384f",
        "resting": "on #1a2430",
        "bar": "on #141b24",
    },
    "ansi": {"": "", "panel": "", "cursor": "reverse", "resting": "underline", "bar": ""},
    "none": {"": "", "panel": "", "cursor": "reverse", "resting": "underline", "bar": ""},
}
STYLES: Mapping[Colours, Mapping[str, str]] = {"full": _FULL, "ansi": _ANSI, "none": _NONE}
