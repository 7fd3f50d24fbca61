"""What a sysDescr (SNMPv2-MIB, RFC 3418) says of a device in a form that nobody declared."""

from __future__ import annotations

import re

# Labelled parts, whoever wrote them: SN 123, Model: X-1, firmware v2.7, <<SW_REV: 1.0; MODEL: Y>>
_WORDS = {
    "serial": re.compile(r"(?i)\b(?:s/n|sn|serial(?: number| no\.?)?)\s*[:=#]?\s*([A-Z0-9][\w/-]{4,})"),
    "model": re.compile(r"(?i)\b(?:model|product|prod)(?: name)?\s*[:=]\s*([^,;>()]{2,60})"),
    "version": re.compile(
        r"(?i)\b(?:sw|software|firmware|fw|app|release|rel|version|ver|rev)(?:_rev| version| ver| rev)?"
        r"[:=. ]{1,3}v?((?:[A-Z]{1,4}[-.]?)?\d[\w.()+~-]*)"
    ),
}
_VERSION = re.compile(r"(?:^|[\s(_])v?(\d+(?:\.\w+){2,}[\w()+-]*|(?<=v)\d+\.\d[\w.]*)")
# A model stands at the start, after the vendor's name and series if those are there; it has a digit in it.
_END_OF_MODEL = re.compile(
    r"(?i)[,;:(|\r\n]|\s-\s|\s(?:v?\d+\.\d|v\d|version|ver|rev|revision|release|firmware|fw|hw|sw|software"
    r"|hardware|build|with|snmp|agent|kernel|linux)"
)
_LEGAL_FORM = re.compile(
    r"(?i)[,\s]+(?:inc|incorporated|corp|corporation|ltd|limited|gmbh|ag|co|llc|networks|systems)\b\.?"
)
_LONGEST_MODEL = 40
# What looks like one and is not: "24-Port", "10G", "3.16.0"
_NO_MODEL = re.compile(r"(?i)\d+[- ]?(?:ports?|p|g|ge|gb|gigabit|x)?\b|[\d.]+$|v?\d+\.\d")


def told_in_words(description: str, vendor: str) -> dict[str, str]:
    """What a sysDescr of no known form says: labelled parts, else the model in front, any version."""
    found = {part: match[1] for part, pattern in _WORDS.items() if (match := pattern.search(description))}
    if "version" not in found and (match := _VERSION.search(description)):
        found["version"] = match[1]
    if found.get("version", "").count(")") > found.get("version", "").count("("):
        found["version"] = found["version"].rstrip(")")
    if "model" not in found and (model := _model_in_front(description, vendor)):
        found["model"] = model
    return found


def _model_in_front(description: str, vendor: str) -> str:
    rest = description.strip().strip("\"'\\")
    name = _LEGAL_FORM.sub("", vendor).strip()
    named = False
    for prefix in (name, name.partition(" ")[0]):
        if prefix and rest.lower().startswith(prefix.lower()):
            rest, named = _LEGAL_FORM.sub("", rest[len(prefix) :], count=1), True
            break
    rest = rest.lstrip(" ,.:-")
    end = _END_OF_MODEL.search(rest)
    model = rest[: end.start()] if end else rest
    if not any(character.isdigit() for character in model) or model[:1].islower() or _NO_MODEL.match(model):
        return ""
    words = model.split()
    if named and len(model) <= _LONGEST_MODEL and len(words) <= 4:
        return model.strip()
    return words[0] if any(character.isdigit() for character in words[0]) and len(words[0]) > 2 else ""
