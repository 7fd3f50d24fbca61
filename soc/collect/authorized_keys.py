"""Lines of authorized_keys (sshd(8), AUTHORIZED_KEYS FILE FORMAT; RFC 4253 section 6.6)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from soc.model import Fact

_KEY = re.compile(
    r"(?P<options>\S(?:[^\s\"]|\"(?:\\.|[^\"\\])*\")*)??\s*(?<!\S)"
    r"(?P<type>(?:sk-)?(?:ssh|ecdsa)-[\w@.-]+) (?P<blob>[A-Za-z0-9+/]+=*)(?:\s+(?P<comment>.*))?"
)


def key_fact(file: str, line: str) -> Fact | None:
    """The fingerprint of a line's key and its file, its type, comment and options; None = no key."""
    if line.startswith("#") or not (key := _KEY.fullmatch(line.strip())):
        return None
    try:
        blob = base64.b64decode(key["blob"], validate=True)
    except binascii.Error:
        return None
    fingerprint = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    said = [key["type"], key["comment"] or "", f"[{key['options']}]" if key["options"] else ""]
    return Fact("authorized_key", " ".join(filter(None, said)), f"{file} SHA256:{fingerprint}")
