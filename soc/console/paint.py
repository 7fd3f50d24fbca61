"""Lines of styled text, made into what the terminal gets.

Everything shown passes `Painter.strip`, and there through `clean`: no control or format character that a
device, a log or a user sent reaches the terminal, and nothing is ever read as markup.
"""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from soc.console.palette import ROWS, STYLES, Colours, Line
from soc.model.text import clean

_ASCII = {
    ord(character): replacement
    for characters, replacement in (
        ("▁", "_"), ("▂", "."), ("▃", ","), ("▄", "-"), ("▅", "="), ("▆", "+"), ("▇", "*"), ("█", "#"),
        ("●", "*"), ("↑", "^"), ("↓", "v"), ("→⏎", ">"), ("…", "."), ("—–─", "-"), ("│", "|"), ("×", "x"),
        ("·", "."), ("≥", ">"), ("≤", "<"),
    )
    for character in characters
}  # fmt: skip


class Painter:
    """Styles for one terminal: its colours, and whether it has more than ASCII."""

    def __init__(self, colours: Colours = "full", *, ascii_only: bool = False) -> None:
        self.colours = colours
        self.ascii_only = ascii_only
        self.style = lru_cache(maxsize=None)(self._style)

    def text(self, text: str) -> str:
        """`text` as this terminal can show it, on one line."""
        safe = clean(text)
        if self.ascii_only and not safe.isascii():
            safe = safe.translate(_ASCII).encode("ascii", "replace").decode("ascii")
        return safe

    def fit(self, text: str, width: int, *, right: bool = False) -> str:
        """`text` in exactly `width` cells; what is too long ends in an ellipsis."""
        # More characters than this cannot be seen; combining ones have no width and no end.
        safe = self.text(text[: 4 * width + 4])
        length = cell_len(safe)
        if length > width:
            return set_cell_size(safe, max(0, width - 1)) + ("." if self.ascii_only else "…") * min(1, width)
        return " " * (width - length) + safe if right else safe + " " * (width - length)

    def strip(self, line: Line, width: int, row: str = "") -> Strip:
        """A line of exactly `width` cells. `row` names its background (palette.ROWS).

        What looks the same is one segment: the terminal is sent each segment's colours anew.
        """
        segments: list[Segment] = []
        left = width
        for text, token in line:
            safe = self.text(text[: 4 * left + 4])
            length = cell_len(safe)
            if length > left:
                safe, length = set_cell_size(safe, left), left
            if safe:
                _append(segments, safe, self.style(token, row))
            left -= length
            if left <= 0:
                break
        if left > 0:
            _append(segments, " " * left, self.style("text", row))
        return Strip(segments, width)

    def _style(self, token: str, row: str) -> Style:
        return Style.parse(ROWS[self.colours][row]) + Style.parse(STYLES[self.colours].get(token, ""))


def _append(segments: list[Segment], text: str, style: Style) -> None:
    if segments:
        before, its_style, _ = segments[-1]
        if its_style is not None and (style == its_style or (text.isspace() and _alike(style, its_style))):
            segments[-1] = Segment(before + text, its_style)
            return
    segments.append(Segment(text, style))


@lru_cache(maxsize=1024)
def _alike(one: Style, other: Style) -> bool:
    """Whether blanks look the same in both."""
    seen = one.reverse or other.reverse or one.underline or other.underline
    return not seen and one.bgcolor == other.bgcolor
