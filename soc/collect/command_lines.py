"""Command lines as they may be shown: what people put into them and nobody should read is blotted out."""

from __future__ import annotations

import re

_SECRET = re.compile(
    r"(?i)((?:pass(?:word|wd|phrase)?|secret|token|api[-_]?key|bearer)(?:[=: ]+|\s+))\S+"
    r"|(//[^/\s:@]{1,100}:)[^@\s]{1,200}(?=@)"
)


def without_secrets(command: str) -> str:
    """Blanks made one, and `***` in place of passwords, tokens and keys."""
    return _SECRET.sub(lambda found: f"{found[1] or found[2]}***", " ".join(command.split()))
