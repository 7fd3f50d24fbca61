"""What Windows PowerShell writes to standard error when that is no console: CLIXML ([MS-PSRP] 2.2.5)."""

from __future__ import annotations

import html
import re

_MARK = "#< CLIXML"
_ERROR = re.compile(r'<S S="Error">([^<]*)</S>')
_CHARACTER = re.compile(r"_x([0-9A-F]{4})_")


def readable(stderr: str) -> str:
    """The text of the errors in it, on one line; what is no CLIXML stays as it is."""
    if _MARK not in stderr:
        return stderr
    before, _, document = stderr.partition(_MARK)
    errors = "".join(html.unescape(text) for text in _ERROR.findall(document))
    text = _CHARACTER.sub(lambda match: chr(int(match[1], 16)), errors)
    return " ".join(f"{before} {text}".split())
