"""Lines of authorized_keys (sshd(8), AUTHORIZED_KEYS FILE FORMAT; RFC 4253 section 6.6)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator

from soc.model import Fact

# Lines that may hold a key, for grep -E.
KEY_LINE = "(^|[^a-z0-9-])(sk-)?(ssh|ecdsa)-[a-z0-9@.-]+[[:blank:]]+AAAA"
_CUT_CHARACTERS = 3_500  # hosts are asked for 4,096 of each line, the file's name among them
_KEY = re.compile(
    r"(?P<options>\S(?:[^\s\"]|\"(?:\\.|[^\"\\])*\")*)??\s*(?<!\S)"
    r"(?P<type>(?:sk-)?(?:ssh|ecdsa)-[\w@.-]+)[ \t]+(?P<blob>[A-Za-z0-9+/]+=*)(?:\s+(?P<comment>.*))?"
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


def found_keys(lines: Iterable[tuple[str, str]]) -> Iterator[Fact]:
    """The keys in lines of files, each with its file's path; a line cut off before its key is told, too."""
    found: dict[str, Fact] = {}
    for file, line in lines:
        if fact := key_fact(file, line):
            found.setdefault(fact.instance, fact)
        elif len(line) > _CUT_CHARACTERS and not line.startswith("#"):
            name = f"{file} (a line of more than {_CUT_CHARACTERS} characters)"
            found.setdefault(name, Fact("authorized_key", "not read", name))
    yield from found.values()
