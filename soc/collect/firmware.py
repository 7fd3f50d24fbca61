"""What a board's maker wrote into its firmware (DMTF DSP0134, SMBIOS), or did not."""

from __future__ import annotations

import re

_NOT_FILLED_IN = re.compile(
    r"(to be filled|default string|not specified|system (serial|product|manufacturer)|none$|0*$)",
    re.IGNORECASE,
)


def filled_in(text: str) -> str:
    """The text, "" where it is only what stands there when nobody filled it in."""
    text = text.strip()
    return "" if _NOT_FILLED_IN.match(text) else text
